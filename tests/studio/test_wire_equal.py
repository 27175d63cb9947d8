"""Random walks over the keyboard: after every frame the screen is the one that plain Textual would have written.

Both write at once: our frame goes to one terminal (pyte), what Textual makes of the same update to another. A space
has no ink: its ground is compared, not the colour that nobody sees.
"""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import Any

import pyte
import pytest
from fake_engine import FakeEngine
from pyte.graphics import FG_BG_256
from studio_people import log_in
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.events import CursorPosition

import medsynth_tui
from medsynth_tui.app import MedSynth
from medsynth_tui.terminal import wire
from medsynth_tui.terminal.inks import nearest
from medsynth_tui.terminal.pace import PROBE

KEYS = (
    *("tab", "shift+tab", "up", "down", "left", "right", "enter", "escape", "pageup", "pagedown", "home", "end"),
    *("j", "k", "g", "G", "v", "l", "question_mark", "ctrl+p", "f1", "left_square_bracket", "right_square_bracket"),
    *("1", "2", "3", "4", "5", "r", "x", "7", "backspace", "ctrl+l", "f5", "f6"),
)
PLACES = ("home", "datasets", "runs", "run", "compare_runs", "cohorts", "assessments", "review", "audit", "upload")
ARGUMENTS: dict[str, dict[str, Any]] = {"run": {"name": "first"}, "compare_runs": {"runs": ["first", "second"]}}


class Glass(pyte.Screen):
    """A terminal that fills what it erases, and tells how its cells look."""

    def __init__(self, columns: int, lines: int) -> None:
        super().__init__(columns, lines)
        self.stream = pyte.Stream(self)
        self.stream.feed("\x1b[?7l")

    def erase_in_display(self, how: int = 0, *args: object, **kwargs: object) -> None:
        for y in range(self.lines):
            for x in range(self.columns):
                self.buffer[y][x] = self.cursor.attrs

    def differences(self, other: Glass, few: bool) -> list[tuple[int, int, Any, Any]]:
        return [
            (x, y, mine, theirs)
            for y in range(self.lines)
            for x in range(self.columns)
            if (mine := look(self.buffer[y][x])) != (theirs := look(other.buffer[y][x], few))
        ]


def look(cell: pyte.screens.Char, few: bool = False) -> tuple[object, ...]:
    """How a cell looks; with `few` its colours are the nearest of the 256."""
    ink, ground = (nearest_of_256(colour) if few else colour for colour in (cell.fg, cell.bg))
    if cell.data == " " and not (cell.reverse or cell.underscore or cell.strikethrough):
        return " ", ground
    return cell.data, ink, ground, cell.bold, cell.italics, cell.underscore, cell.strikethrough, cell.reverse


@cache
def nearest_of_256(colour: str) -> str:
    return colour if colour == "default" else FG_BG_256[nearest(*bytes.fromhex(colour))]


class Twin(MedSynth):
    """Writes to two terminals. The answers to our frames come at once, or `late`, as on a slow line."""

    CSS_PATH = Path(medsynth_tui.__file__).parent / "base.tcss"
    is_headless = False  # type: ignore[assignment]

    def __init__(self, *args: Any, lateness: random.Random, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lateness = lateness
        self.ours = self.theirs = Glass(1, 1)
        self.compared = self.unanswered = 0
        self.listening = self.late = False

    def listen(self) -> None:
        """From now on, beginning with the whole screen."""
        assert self._driver is not None
        self._driver.write = self.wrote  # type: ignore[method-assign]
        self.pace.flown()
        self.pace.answered()  # the first question of all
        self.forget_screen()
        self.screen.refresh()
        self.ours, self.theirs = Glass(*self.size), Glass(*self.size)
        self.listening = True

    def _display(self, screen: Any, renderable: Any) -> None:
        written = isinstance(renderable, ChopsUpdate | LayoutUpdate) and not self._batch_count and self._running
        if self.listening and (self.ours.columns, self.ours.lines) != screen.outer_size:
            self.ours, self.theirs = Glass(*screen.outer_size), Glass(*screen.outer_size)
        if self.listening and written:
            self.theirs.stream.feed(renderable.render_segments(self.console))
        super()._display(screen, renderable)
        self.compare()

    def wrote(self, data: str) -> None:
        frame, asked, _ = data.partition(PROBE)
        self.ours.stream.feed(frame)
        if asked:
            self.unanswered += 1
        if not self.late:
            self.answer()

    def answer(self) -> None:
        """The terminal answers what it was asked."""
        while self.unanswered:
            self.unanswered -= 1
            self.post_message(CursorPosition(0, 0))

    def on_cursor_position(self, event: CursorPosition) -> None:
        super().on_cursor_position(event)
        self.compare()

    def compare(self) -> None:
        if self.listening and not self._held:
            assert not self.ours.differences(self.theirs, self.profile.slow)
            self.compared += 1


@pytest.fixture(autouse=True)
def truecolor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")


async def walk(pilot: Any, app: Twin, steps: int) -> None:
    chance, app.late = app.lateness, True
    for step in range(steps):
        if step % 12 == 0:
            place = chance.choice(PLACES)
            app.go(place, **ARGUMENTS.get(place, {}))
        await pilot.press(chance.choice(KEYS))
        if chance.random() < 0.7:
            app.answer()
        await pilot.pause()
    app.answer()
    await pilot.pause(0.1)
    app.answer()
    await pilot.pause(0.1)
    assert not app._held


@pytest.mark.parametrize(
    ("seed", "size", "link"), [(1, (80, 24), "fast"), (2, (120, 40), "fast"), (3, (80, 24), "slow")]
)
async def test_a_random_walk_shows_what_plain_textual_shows(
    tmp_path: Path, share: float, seed: int, size: tuple[int, int], link: str
) -> None:
    app = Twin(tmp_path, engine=FakeEngine("researcher"), link=link, lateness=random.Random(seed))
    async with app.run_test(size=size) as pilot:
        assert app.plain_output == ""
        app.listen()
        await log_in(pilot, "somebody", "some words")
        await walk(pilot, app, int(400 * share))
        assert app.compared > 30
        assert app.pace.waited > 0, "frames were held back, and the newest was shown"
        assert not app.plain_output
        assert not app.ours.differences(app.theirs, app.profile.slow)


async def test_a_window_that_is_dragged_about_shows_what_plain_textual_shows(tmp_path: Path) -> None:
    app = Twin(tmp_path, engine=FakeEngine("researcher"), link="slow", lateness=random.Random(5))
    async with app.run_test(size=(80, 24)) as pilot:
        app.listen()
        await log_in(pilot, "somebody", "some words")
        app.go("run", name="first")
        for size in ((100, 30), (60, 15), (81, 25), (120, 40), (80, 24)):
            await pilot.resize_terminal(*size)
            for _ in range(8):
                app.answer()
                await pilot.pause(0.05)
            assert not app._held
            assert not app.ours.differences(app.theirs, few=True)
            assert ("needs 80x24" in "".join(app.ours.display)) is (size == (60, 15))


async def test_where_our_output_fails_plain_textual_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("planted")

    app = Twin(tmp_path, engine=FakeEngine("researcher"), link="fast", lateness=random.Random(4))
    async with app.run_test(size=(80, 24)) as pilot:
        app.listen()
        await log_in(pilot, "somebody", "some words")
        monkeypatch.setattr(wire, "paint", fails)
        app.go("datasets")
        await pilot.pause(0.3)
        assert "RuntimeError" in app.plain_output
        app.go("runs")
        await pilot.pause(0.3)
        assert not app.ours.differences(app.theirs, few=False)
        assert "Runs" in app.ours.display[0]
