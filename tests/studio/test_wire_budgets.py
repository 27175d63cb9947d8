"""What screens and actions cost on a slow line, in bytes, against what they may: the table of benchmarks/wire.py."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_engine import FakeEngine
from studio_people import log_in, until
from studio_places import PLACES
from textual.events import CursorPosition
from wire_line import Line

from medsynth_tui.app import MedSynth
from medsynth_tui.terminal.pace import PROBE
from medsynth_tui.view import View

STUDIO = Path(__file__).resolve().parents[2] / "benchmarks" / "wire_studio.py"
LOGIN, SCREEN, MODAL, PALETTE = 4_000, 6_000, 4_000, 6_500
LIVE_BYTES_PER_SECOND = 450


class Counted(MedSynth):
    """Counts what it would write; its terminal answers at once."""

    CSS_PATH = Path(sys.modules[MedSynth.__module__].__file__ or "").parent / "base.tcss"
    is_headless = False  # type: ignore[assignment]
    sent = 0

    def listen(self) -> None:
        assert self._driver is not None
        self._driver.write = self.wrote  # type: ignore[method-assign]
        self.pace.flown()
        self.forget_screen()
        self.screen.refresh()

    def wrote(self, data: str) -> None:
        self.sent += len(data.encode())
        if PROBE in data:
            self.post_message(CursorPosition(0, 0))


async def settled(pilot: Any, app: Counted) -> None:
    await until(pilot, lambda: isinstance(app.screen, View) and not app.screen._asked, why="answers")
    seen = -1
    while seen != app.sent or app._held:
        seen = app.sent
        await pilot.pause(0.05)


ONLY_ADMINS = {place: arguments for place, arguments in PLACES["admin"].items() if place not in PLACES["researcher"]}


@pytest.mark.parametrize(("role", "places"), [("researcher", PLACES["researcher"]), ("admin", ONLY_ADMINS)])
async def test_every_screen_keeps_to_its_bytes_on_a_slow_line(
    tmp_path: Path, role: str, places: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    app = Counted(tmp_path, engine=FakeEngine(role), link="slow")
    async with app.run_test(size=(80, 24)) as pilot:
        app.listen()
        await log_in(pilot, "somebody", "some words")
        over = {}
        for place, arguments in places.items():
            app.go("home")
            await settled(pilot, app)
            before = app.sent
            app.go(place, **arguments)
            await settled(pilot, app)
            if app.sent - before > SCREEN:
                over[place] = app.sent - before
            assert not app._held, f"{place} is not all there"
            assert place == "home" or app.sent > before + 200, place
        assert not over
        assert app.plain_output == ""


@pytest.fixture
def line() -> Iterator[Any]:
    opened: list[Line] = []

    def begin(*words: str) -> Line:
        opened.append(Line([sys.executable, str(STUDIO), "--link", "slow", *words]))
        return opened[-1]

    yield begin
    for each in opened:
        each.close()


def test_the_login_is_painted_in_four_kilobytes_and_then_nothing_is_sent(line: Any) -> None:
    login = line("--place", "login")
    assert login.run(60, login.shows("auditor123"))
    login.quiet(0.5)
    assert login.written <= LOGIN
    before = login.written
    login.run(3)
    assert login.written == before


def test_a_live_run_keeps_to_its_bytes(line: Any) -> None:
    run = line("--place", "run", "--look", "1")
    assert run.run(60, run.shows("└┴─"))
    run.run(2)
    assert run.written <= SCREEN
    before = run.written
    run.run(6)
    assert 0 < (run.written - before) / 6 <= LIVE_BYTES_PER_SECOND
    run.press("4")
    assert run.run(60, run.shows("Accuracy"))
    run.run(2)
    before = run.written
    run.run(6)
    assert (run.written - before) / 6 <= LIVE_BYTES_PER_SECOND, "four charts as one"


def test_a_question_and_the_palette_keep_to_their_bytes(line: Any) -> None:
    run = line("--place", "run", "--look", "1000")
    assert run.run(60, run.shows("└┴─"))
    run.quiet(0.5)
    for key, words, budget in (
        ("s", "Stop chest-first", MODAL),
        ("\x1b", "└┴─", MODAL),
        ("\x10", "What do you", PALETTE),
    ):
        before = run.written
        run.press(key)
        assert run.run(30, run.shows(words)), key
        run.quiet(0.5)
        assert run.written - before <= budget, key


def test_the_next_chart_says_its_values_before_its_curve(line: Any) -> None:
    run = line("--place", "run", "--look", "1000")
    assert run.run(60, run.shows("└┴─"))
    run.quiet(0.5)
    before = len(run.arrived)
    run.press("v")
    assert run.run(60, run.shows("Accuracy  ●"))
    run.quiet(0.5)
    sent = bytes(run.arrived[before:]).decode(errors="replace")
    curve = next(place for place, character in enumerate(sent) if "\u2800" <= character <= "\u28ff")
    assert -1 < sent.find("●") < curve


def test_a_terminal_that_stalled_gets_the_newest_state_and_no_backlog(line: Any) -> None:
    run = line("--place", "run", "--look", "0.1")
    assert run.run(60, run.shows("└┴─"))
    run.run(1)
    before = run.written
    time.sleep(5)  # nobody reads, nobody answers, forty updates come
    run.run(0.05)
    assert run.written - before < 1_500
    assert run.run(20, lambda: run.written - before > 1_500), "and it goes on"


def test_leaving_leaves_no_answer_of_the_terminal_to_the_shell() -> None:
    studio = f"{sys.executable} {STUDIO} --place runs --link fast"
    shell = f"{studio}; read -r -s -t 2 -n 3 left; printf 'left over: %q\\n' \"$left\""
    line = Line(["bash", "-c", shell], round_trip=0.5)
    try:
        assert line.run(60, line.shows("New run"))
        line.press("j")
        line.run(0.3)
        line.press("\x11")
        assert line.run(30, line.shows("left over: ''")), "\n".join(line.window.display)
    finally:
        line.close()
