"""Terminals of every kind: what they cannot do is not sent, and what others wrote into the window is painted over."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from terminal import Terminal

STUDIO = "import sys; from pathlib import Path; from medsynth_tui.app import run; sys.exit(run(Path({home!r})))"
PAINTED = "judged before it leaves"
COLOUR = re.compile(rb"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9\d|10\d)(?:;\d+)*m")
ERASE_CHARACTERS = re.compile(rb"\x1b\[\d*X")

Start = Callable[..., Terminal]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    opened: list[Terminal] = []

    def begin(**environment: str) -> Terminal:
        opened.append(
            Terminal([sys.executable, "-c", STUDIO.replace("{home!r}", repr(str(tmp_path)))], environment=environment)
        )
        opened[-1].wait_for("Press F3 to make one")
        return opened[-1]

    yield begin
    for terminal in opened:
        terminal.close()


@pytest.mark.parametrize(
    ("environment", "colours", "erases", "ascii"),
    [
        ({"TERM": "xterm-256color"}, True, True, False),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, False, True, False),
        ({"TERM": "vt100"}, False, False, True),
        ({"TERM": "linux"}, True, True, True),
        ({"TERM": "screen", "COLORTERM": ""}, True, True, False),
        ({"TERM": "xterm", "PYTHONIOENCODING": "latin-1"}, True, True, True),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else None,
)
def test_a_terminal_gets_what_it_can_show(
    start: Start, environment: dict[str, str], colours: bool, erases: bool, ascii: bool
) -> None:
    output = bytes(start(**environment).output)
    assert bool(COLOUR.search(output)) is colours
    assert bool(ERASE_CHARACTERS.search(output)) <= erases
    assert output.isascii() is ascii


def test_without_colours_the_field_under_the_cursor_is_still_marked(start: Start) -> None:
    assert re.search(rb"\x1b\[(?:\d+;)*7(?:;\d+)*m", bytes(start(NO_COLOR="1").output))


def test_what_another_program_wrote_is_painted_over(start: Start) -> None:
    terminal = start()
    terminal.signal(signal.SIGTSTP)
    terminal.read(0.5)
    terminal.output.clear()
    terminal.signal(signal.SIGCONT)
    terminal.wait_for(PAINTED)
    terminal.output.clear()
    terminal.press("\x0c")
    terminal.wait_for(PAINTED)
    terminal.wait_for("F1 Help")


def test_the_environment_cannot_make_it_write_its_screen_or_type_keys(tmp_path: Path) -> None:
    asked = {"TEXTUAL_SCREENSHOT": "0", "TEXTUAL_SCREENSHOT_LOCATION": str(tmp_path), "TEXTUAL_PRESS": "ctrl+q"}
    asked |= {"TEXTUAL_LOG": str(tmp_path / "log")}
    terminal = Terminal([sys.executable, "-m", "medsynth_tui", "--home", str(tmp_path / "home")], environment=asked)
    try:
        terminal.wait_for("Press F3 to make one")
        terminal.read(1)
        assert terminal.status is None
        assert not list(tmp_path.glob("*.svg"))
        assert not (tmp_path / "log").exists()
    finally:
        terminal.close()
