"""Commands are said once: each has help, a handler where it is offered, and no key of another."""

from __future__ import annotations

from collections import Counter
from importlib import import_module

import pytest

from medsynth_engine.access.roles import Permission
from medsynth_tui.app import MedSynth
from medsynth_tui.command import REGISTRY, key_word
from medsynth_tui.commands import EVERYWHERE, PLACES
from medsynth_tui.places import SCREENS
from medsynth_tui.view import View


def screen_class(name: str) -> type[View]:
    module, _, kind = SCREENS[name].partition(":")
    found = getattr(import_module(f"medsynth_tui.screens.{module}"), kind)
    assert issubclass(found, View)
    return found


CLASSES = {name: screen_class(name) for name in SCREENS}
"""All are imported here: a command is in the registry once its module is."""


@pytest.mark.parametrize("name", SCREENS)
def test_every_command_of_a_screen_has_its_handler_and_its_own_keys(name: str) -> None:
    screen = CLASSES[name]
    commands = (*screen.HERE, *screen.ALWAYS)
    for command in commands:
        assert callable(getattr(screen, command.handler, None)), command.id
    keys = Counter(key for command in (*commands, *EVERYWHERE) for key in command.keys.split(",") if key)
    assert not [key for key, count in keys.items() if count > 1]


@pytest.mark.parametrize("name", REGISTRY)
def test_every_command_explains_itself(name: str) -> None:
    command = REGISTRY[name]
    assert command.help.endswith(".")
    assert 3 <= len(command.title) <= 20
    assert command.permission == "" or command.permission in set(Permission)


def test_what_the_app_does_it_can_do() -> None:
    for command in EVERYWHERE:
        assert callable(getattr(MedSynth, command.handler, None)), command.id
    for place in PLACES:
        assert place.id in SCREENS


def test_no_key_is_one_that_terminals_keep_for_themselves() -> None:
    forbidden = {"ctrl+a", "ctrl+b", "ctrl+s", "ctrl+h", "ctrl+m", "ctrl+i", "ctrl+z", "f11", "f12", "ctrl+space"}
    used = {key for command in REGISTRY.values() for key in command.keys.split(",")}
    assert not used & forbidden


def test_the_footer_of_a_screen_is_short() -> None:
    for name in SCREENS:
        screen = CLASSES[name]
        assert sum(command.footer for command in (*screen.HERE, *screen.ALWAYS)) <= 10, name


def test_keys_are_called_as_people_call_them() -> None:
    assert key_word("question_mark") == "?"
    assert key_word("ctrl+p") == "^p"
    assert key_word("f6") == "F6"
    assert key_word("x") == "x"
