"""docs/keys.md is what the commands say, and whatever the studio does the command line does too, or it says why not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from medsynth_tui.cli.main import build
from medsynth_tui.command import REGISTRY
from medsynth_tui.counterparts import LINE, ONLY_HERE, ONLY_THERE
from medsynth_tui.keymap import together
from medsynth_tui.keys_page import page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "keys.md"


def words(command: Any, before: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command of the command line, as one types it, without `medsynth`."""
    under = getattr(command, "commands", {})
    for name, each in under.items():
        yield from words(each, (*before, name))
    if not under:
        yield " ".join(before), command


COMMAND_LINE = dict(words(get_command(build())))


def test_the_page_of_keys_is_what_the_commands_say() -> None:
    assert PAGE.read_text() == page(), "it is out of date: make keys"


def test_every_command_of_the_studio_has_its_words_on_the_command_line_or_a_reason() -> None:
    together()  # declares the commands of every screen
    told = {*LINE, *ONLY_HERE}  # a reason may be of all commands that begin alike: `list.*`
    assert [name for name in REGISTRY if not told & {name, f"{name.partition('.')[0]}.*"}] == []
    assert set(LINE) <= set(REGISTRY)
    assert {name for name in ONLY_HERE if not name.endswith(".*")} <= set(REGISTRY)


def test_those_words_are_there() -> None:
    for name, line in LINE.items():
        command, _, option = line.partition(" --")
        assert command in COMMAND_LINE, name
        if option:
            assert any(f"--{option}" in parameter.opts for parameter in COMMAND_LINE[command].params), name


def test_every_word_of_the_command_line_is_in_the_studio_or_has_a_reason() -> None:
    reached = {line.partition(" --")[0] for line in LINE.values()}
    assert [name for name in COMMAND_LINE if name not in reached and name not in ONLY_THERE] == []
    assert set(ONLY_THERE) <= set(COMMAND_LINE)
    assert not set(ONLY_THERE) & reached
