"""The real program in a real terminal: it leaves well, whatever ends it, and tells nothing when it falls."""

from __future__ import annotations

import signal
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from terminal import Terminal

STUDIO = "import sys; from pathlib import Path; from medsynth_tui.app import run; sys.exit(run(Path({home!r}){more}))"
PAINTED = "judged before it leaves"
RESTORED = (b"\x1b[?1049l", b"\x1b[?25h")

Start = Callable[..., Terminal]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    opened: list[Terminal] = []

    def begin(more: str = "", code: str = STUDIO, **environment: str) -> Terminal:
        script = code.replace("{home!r}", repr(str(tmp_path))).replace("{more}", more)
        opened.append(Terminal([sys.executable, "-c", script], environment=environment))
        return opened[-1]

    yield begin
    for terminal in opened:
        terminal.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_the_terminal_is_restored(start: Start, number: int) -> None:
    terminal = start()
    terminal.wait_for(PAINTED)
    terminal.signal(number)
    assert terminal.wait(30) == 128 + number
    assert all(code in terminal.output for code in RESTORED)


def test_a_signal_wakes_a_studio_that_waits_for_nothing(start: Start) -> None:
    terminal = start(code=f"from medsynth_tui import signals; signals.DEADLINE_SECONDS = 600; {STUDIO}")
    terminal.wait_for(PAINTED)
    terminal.read(1.5)  # no timer of the start is left that would wake it
    terminal.signal(signal.SIGTERM)
    assert terminal.wait(60) == 128 + signal.SIGTERM
    assert all(code in terminal.output for code in RESTORED)


def test_a_blocked_studio_still_gives_the_terminal_back(start: Start, tmp_path: Path) -> None:
    planted = """
import sys, time
from pathlib import Path
from medsynth_tui import app
def blocked():
    Path({home!r}, "blocked").touch()
    time.sleep(600)
app.MedSynth.on_mount = lambda self: (self.open("login"), self.set_timer(1, blocked))
sys.exit(app.run(Path({home!r})))
"""
    terminal = start(code=planted)
    terminal.wait_for(PAINTED)
    for _ in range(600):
        terminal.read()
        if (tmp_path / "blocked").exists():
            break
    assert not termios.tcgetattr(terminal.descriptor)[3] & termios.ECHO
    terminal.signal(signal.SIGTERM)
    assert terminal.wait(30) == 128 + signal.SIGTERM
    assert all(code in terminal.output for code in RESTORED)
    assert termios.tcgetattr(terminal.descriptor)[3] & termios.ECHO


def test_it_ends_when_the_line_drops(start: Start) -> None:
    terminal = start()
    terminal.wait_for(PAINTED)
    terminal.hang_up()
    assert terminal.wait(30) in (128 + signal.SIGHUP, -signal.SIGHUP)


def test_ctrl_q_leaves_with_nothing_to_complain_about(start: Start) -> None:
    terminal = start()
    terminal.wait_for(PAINTED)
    terminal.press("\x11")
    assert terminal.wait(30) == 0
    assert all(code in terminal.output for code in RESTORED)


def test_a_store_is_made_and_entered_by_keyboard_alone(start: Start, tmp_path: Path) -> None:
    terminal = start()
    terminal.wait_for("Press F3 to make one")
    terminal.press("\x1bOR")
    terminal.wait_for("What is it for?")
    terminal.press("\x1b[C\r\r")
    terminal.wait_for("A development store", 60)
    terminal.press("password123\r")
    terminal.wait_for("Where to", 60)
    terminal.wait_for("DEVELOPMENT")
    assert (tmp_path / "data" / "medsynth.sqlite3").exists()


def test_an_ascii_terminal_gets_no_other_byte(start: Start) -> None:
    terminal = start(", ascii=True")
    terminal.wait_for(PAINTED)
    assert bytes(terminal.output).isascii()


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_that_cannot_show_it_is_told_the_way_out(start: Start, term: str) -> None:
    terminal = start(TERM=term)
    assert terminal.wait(30) == 2
    assert b"medsynth --help" in terminal.output


def test_without_a_terminal_it_says_so() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STUDIO.replace("{home!r}", "'.'").replace("{more}", "")],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_fall_tells_no_patient_and_no_traceback(start: Start) -> None:
    planted = """
import sys
from pathlib import Path
from textual.widgets import Static
from medsynth_tui import app
def render(self):
    patient = "DOE^JANE MRN-0012345"
    raise RuntimeError("cannot draw " + patient)
Static.render = render
Path({home!r}, "data").mkdir()
sys.exit(app.run(Path({home!r})))
"""
    terminal = start(code=planted)
    assert terminal.wait(60) == 1
    words = bytes(terminal.output).decode(errors="replace")
    assert "MedSynth stopped after an internal error" in words
    assert "JANE" not in words
    assert "Traceback" not in words


def test_the_environment_cannot_make_it_import_a_driver(start: Start, tmp_path: Path) -> None:
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'w')\n")
    terminal = start(TEXTUAL_DRIVER="evil:Driver", PYTHONPATH=str(tmp_path))
    terminal.wait_for(PAINTED)
    assert not (tmp_path / "imported").exists()
