"""The keys of this person: those of the commands, but for what their own `keys.toml` says."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from medsynth_engine.kernel.escape import plain
from medsynth_tui.command import REGISTRY, Command, key_word
from medsynth_tui.keys import Unusable, key_named, works_in_a_form

if TYPE_CHECKING:
    from textual.app import App
    from textual.screen import Screen

LARGEST = 65_536
"""Bytes of a file that says which keys somebody likes."""
Changed = dict[str, str]


@dataclass(frozen=True)
class Keymap:
    """Which keys do which command here.

    changed   Textual's names of the keys, comma separated, by the id of the command that has them in its own's place
    troubles  what is wrong with the file, a sentence each; what they are about keeps its own keys
    """

    changed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    troubles: tuple[str, ...] = ()

    def keys(self, command: Command) -> str:
        return self.changed.get(command.id, command.keys)

    def label(self, command: Command) -> str:
        """Its first key as people call it; nothing where it has none."""
        return key_word(self.keys(command).split(",")[0])

    def label_in_a_form(self, command: Command) -> str:
        """The first of its keys that works while somebody types; nothing where none does."""
        return next((key_word(key) for key in self.keys(command).split(",") if works_in_a_form(key)), "")

    def labels(self, command: Command) -> str:
        return " ".join(key_word(key) for key in self.keys(command).split(",") if key)

    def labels_in_a_form(self, command: Command) -> str:
        """Those of its keys that work while somebody types."""
        return " ".join(key_word(key) for key in self.keys(command).split(",") if works_in_a_form(key))


def default_path() -> Path:
    import platformdirs  # only where it is needed: the first paint is budgeted

    return platformdirs.user_config_path("medsynth", appauthor=False) / "keys.toml"


def read(path: Path) -> Keymap:
    """What the file at `path` says. No file, no change; one that cannot be read is one trouble."""
    try:
        with path.open("rb") as stream:
            text = stream.read(LARGEST + 1)
        if len(text) > LARGEST:
            return Keymap(troubles=("keys.toml is larger than 64 KB: it is left aside.",))
        return from_document(tomllib.loads(text.decode()))
    except (FileNotFoundError, NotADirectoryError):
        return Keymap()
    except OSError as error:
        return Keymap(troubles=(f"keys.toml cannot be read ({error.strerror}): it is left aside.",))
    except (ValueError, RecursionError) as error:  # also of what is nested too deep, or a number of 5,000 digits
        return Keymap(troubles=(f"keys.toml is not TOML ({plain(error, 80)}): it is left aside.",))


def from_document(document: Mapping[str, Any]) -> Keymap:
    """`{"dataset.add": "a", "run.stop": ["S", "F9"]}`, also nested as TOML's dotted keys nest."""
    changed: Changed = {}
    troubles: list[str] = []
    screens = together()  # imports every screen, and so declares every command
    for name, value in _flat(document):
        try:
            changed[_known(name).id] = _keys(_known(name), value)
        except Unusable as unusable:
            troubles.append(f"keys.toml: {unusable}")
    return Keymap(MappingProxyType(changed), (*troubles, *_take_back_clashes(changed, screens)))


def _flat(document: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in document.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield before + key, value


def _known(name: str) -> Command:
    if name in REGISTRY:
        return REGISTRY[name]
    near = difflib.get_close_matches(name, REGISTRY, 1)
    raise Unusable(f"no command is called {plain(name, 40)}{f'; is it {near[0]}?' if near else '.'}")


def _keys(command: Command, value: Any) -> str:
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        raise Unusable(f'{command.id} takes a key ("x") or a list of keys (["x", "F9"]).')
    own = [key for key in command.keys.split(",") if key]
    keys = list(dict.fromkeys(key_named(word, own, command.id) for word in words))
    if any(map(works_in_a_form, own)) and not any(map(works_in_a_form, keys)):
        raise Unusable(f"{command.id} is needed while one types, where letters are text: give it a function key too.")
    return ",".join(keys)


def _take_back_clashes(changed: Changed, screens: Mapping[str, tuple[Command, ...]]) -> Iterator[str]:
    """Where a key would do two things on one screen, what was changed keeps its own keys; a sentence for each."""
    while True:
        clash = _clash(changed, screens)
        if clash is None:
            return
        key, one, other = clash
        taken_back = [each for each in (one, other) if each.id in changed]
        for each in taken_back:
            del changed[each.id]
        keeping = " and ".join(f"{each.id} keeps {key_word(each.keys.split(',')[0]) or 'none'}" for each in taken_back)
        yield f"keys.toml: {key_word(key)} would do both {one.id} and {other.id}; {keeping}."


def _clash(changed: Changed, screens: Mapping[str, tuple[Command, ...]]) -> tuple[str, Command, Command] | None:
    """The first key that does two commands of one screen, one of them by the file."""
    for commands in screens.values():
        owners: dict[str, Command] = {}
        for each in commands:
            for key in filter(None, changed.get(each.id, each.keys).split(",")):
                other = owners.setdefault(key, each)
                if other is not each and (each.id in changed or other.id in changed):
                    return key, other, each
    return None


def together() -> dict[str, tuple[Command, ...]]:
    """By its name, each screen's commands with those that work everywhere: keys among them must differ."""
    from importlib import import_module

    from medsynth_tui.commands import EVERYWHERE, PLACES
    from medsynth_tui.places import SCREENS

    found = {}
    for name, where in SCREENS.items():
        module, _, kind = where.partition(":")
        screen = getattr(import_module(f"medsynth_tui.screens.{module}"), kind)
        found[name] = (*screen.HERE, *screen.ALWAYS, *EVERYWHERE, *PLACES)
    return found


def bind(node: App[Any] | Screen[Any], keymap: Keymap) -> None:
    """Give what `node` answers to the keys of this person.

    Textual's own `set_keymap` comes after a field has claimed its letters: a command on `x` could not be typed over.
    """
    if keymap.changed:
        node._bindings.apply_keymap(dict(keymap.changed))


def bind_keyless(app: App[Any], keymap: Keymap, commands: tuple[Command, ...]) -> None:
    """Keys for commands that have none of their own and are found in the palette."""
    for each in commands:
        if not each.keys and each.id in keymap.changed:
            app.bind(keymap.changed[each.id], f"command('{each.id}')", description=each.title, show=False)
