"""Terminals of every kind: what they cannot do is not sent, and what others wrote into the window is painted over."""

from __future__ import annotations

import random
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from terminal import Terminal

from medsynth_tui.glyphs import says_no_utf8

STUDIO = "import sys; from pathlib import Path; from medsynth_tui.app import run; sys.exit(run(Path({home!r})))"
PAINTED = "judged before it leaves"
INKS = {
    24: re.compile(rb"\x1b\[(?:\d+;)*[34]8;2;"),
    8: re.compile(rb"\x1b\[(?:\d+;)*[34]8;5;"),
    4: re.compile(rb"\x1b\[(?:\d+;)*(?:3[0-7]|4[0-7]|9[0-7]|10[0-7])(?:;\d+)*m"),
}
"""What colours are named in, by the bits of one."""
ERASE_CHARACTERS = re.compile(rb"\x1b\[\d*X")
SYNCHRONISED = b"\x1b[?2026"

Start = Callable[..., Terminal]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    opened: list[Terminal] = []

    def begin(columns: int = 80, lines: int = 24, shows: str = "Press F3 to make one", **environment: str) -> Terminal:
        command = [sys.executable, "-c", STUDIO.replace("{home!r}", repr(str(tmp_path)))]
        opened.append(Terminal(command, columns, lines, environment))
        opened[-1].wait_for(shows, 60)
        return opened[-1]

    yield begin
    for terminal in opened:
        terminal.close()


def depth(output: bytes) -> int:
    return next((bits for bits, inks in INKS.items() if inks.search(output)), 0)


@pytest.mark.parametrize(
    ("environment", "bits", "erases", "ascii"),
    [
        ({"TERM": "xterm-256color"}, 24, True, False),
        ({"TERM": "xterm-256color", "COLORTERM": ""}, 8, True, False),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, 0, True, False),
        ({"TERM": "xterm", "COLORTERM": ""}, 4, True, False),
        ({"TERM": "tmux-256color", "COLORTERM": ""}, 8, True, False),
        ({"TERM": "screen", "COLORTERM": ""}, 4, True, False),
        ({"TERM": "screen-256color", "COLORTERM": ""}, 8, True, False),
        ({"TERM": "linux", "COLORTERM": ""}, 4, True, True),
        ({"TERM": "vt100"}, 0, False, True),
        ({"TERM": "xterm-256color", "LANG": "C"}, 24, True, True),
        ({"TERM": "xterm-256color", "LANG": "de_DE.ISO-8859-1"}, 24, True, True),
        ({"TERM": "xterm", "COLORTERM": "", "LC_ALL": "POSIX"}, 4, True, True),
        ({"TERM": "xterm", "COLORTERM": "", "PYTHONIOENCODING": "latin-1"}, 4, True, True),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"}, 8, True, False),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else None,
)
def test_a_terminal_gets_what_it_can_show(
    start: Start, environment: dict[str, str], bits: int, erases: bool, ascii: bool
) -> None:
    output = bytes(start(**environment).output)
    assert depth(output) == bits
    assert bool(ERASE_CHARACTERS.search(output)) <= erases
    assert output.isascii() is ascii
    if environment.get("TERM_PROGRAM") == "Apple_Terminal":
        assert SYNCHRONISED not in output, "it would print a p for the question"


def test_a_terminal_that_never_says_where_its_cursor_is_gets_the_whole_screen_too(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STUDIO.replace("{home!r}", repr(str(tmp_path)))]
    terminal = Terminal(command, says_where=False)
    try:
        terminal.wait_for("Press F3 to make one", 120)
        terminal.press("\x1bOR")
        terminal.wait_for("What is it for?", 120)
    finally:
        terminal.close()


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, False),
        ({"LANG": "C.UTF-8"}, False),
        ({"LC_CTYPE": "UTF-8"}, False),
        ({"LANG": "en_GB.utf8"}, False),
        ({"LANG": "de_DE"}, False),
        ({"LC_CTYPE": "C.UTF-8"}, False),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "C"}, True),
        ({"LANG": "en_GB.UTF-8", "LC_CTYPE": "fr_FR.ISO-8859-15@euro"}, True),
        ({"LANG": "POSIX"}, True),
    ],
)
def test_what_the_locale_says_of_characters_is_heard(environment: dict[str, str], said: bool) -> None:
    assert says_no_utf8(environment) is said


def test_a_small_window_says_what_it_needs_and_a_larger_one_is_used(start: Start) -> None:
    terminal = start(60, 15, "window 60x15, needs 80x24")
    assert PAINTED not in terminal.screen()
    terminal.output.clear()
    terminal.resize(80, 24)
    terminal.wait_for(PAINTED, 60)
    assert "needs 80x24" not in terminal.screen()


def test_after_a_storm_of_resizes_the_window_shows_what_belongs_there(start: Start) -> None:
    terminal = start()
    sizes = random.Random(8)
    for _ in range(60):
        terminal.resize(sizes.randint(20, 220), sizes.randint(5, 70))
        terminal.read(0.01)
    terminal.output.clear()
    terminal.resize(101, 31)
    for words in (PAINTED, "Press F3 to make one", "F1 Help"):
        terminal.wait_for(words, 60)
    quiet(terminal)
    shown = terminal.screen()
    terminal.output.clear()
    terminal.press("\x0c")
    end = time.monotonic() + 60
    while terminal.screen() != shown:
        assert time.monotonic() < end, f"{shown}\n\nwas not what belongs there:\n\n{terminal.screen()}"
        terminal.read()


def quiet(terminal: Terminal) -> None:
    """Wait until it has written nothing for two seconds."""
    end, seen = time.monotonic() + 60, -1
    while seen != len(terminal.output) and time.monotonic() < end:
        seen = len(terminal.output)
        terminal.read(2)


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
