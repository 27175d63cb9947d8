"""What fails in a view is contained; what comes late is dropped, what is slow is not asked twice."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from fake_engine import LONG, FakeEngine
from studio_people import seen, shows, studio, until
from studio_places import enter, fake
from textual.pilot import Pilot

from medsynth_tui.app import MedSynth
from medsynth_tui.screens.failed import Failed
from medsynth_tui.screens.run import LiveRun


async def fails(pilot: Pilot[Any]) -> None:
    """Wait for the note that a view failed."""
    app = pilot.app
    assert isinstance(app, MedSynth)
    end = time.monotonic() + 90
    while not isinstance(app.screen, Failed):
        assert time.monotonic() < end, f"nothing was said:\n{seen(app)}"
        await pilot.pause(0.05)
    app.failures.clear()


async def test_a_view_that_fails_says_so_and_the_others_go_on(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    app = fake(tmp_path, broken=("datasets_show",))
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        await pilot.press("1")
        await shows(pilot, LONG[:10])
        await pilot.press("enter")
        await fails(pilot)
        words = seen(app)
        assert "This view failed" in words
        assert "JANE" not in words
        assert "Traceback" not in words
        (report,) = (tmp_path / "data" / "logs").glob("studio-*.txt")
        assert report.stem.removeprefix("studio-") in words
        assert "RuntimeError" in report.read_text()
        assert "JANE" not in report.read_text()
        await pilot.press("escape")
        await shows(pilot, "Datasets")
        await pilot.press("escape", "3")
        await shows(pilot, "drawn by")


async def test_a_widget_that_cannot_draw_excuses_itself(tmp_path: Path) -> None:
    app = fake(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("evidence", cohort=LONG, page="privacy")
        await shows(pilot, "Who holds the data")
        await pilot.press("enter")
        await shows(pilot, "somebody holds the cohort")
        from medsynth_tui.widgets.gauge import Gauge, Reading

        broken = Reading("data", "not a number", "low", "")  # type: ignore[arg-type]
        app.screen.query_one(Gauge).show([broken])
        await fails(pilot)
        await pilot.press("escape", "escape")
        await shows(pilot, "Who holds the data")


async def test_late_answers_are_dropped(tmp_path: Path) -> None:
    engine, answering = FakeEngine(), asyncio.Event()
    asked: list[str] = []
    gone: list[str] = []

    async def slow(name: str) -> dict[str, Any]:
        asked.append(name)
        try:
            await answering.wait()
        except asyncio.CancelledError:
            gone.append(name)
            raise
        return await FakeEngine().datasets_show(name)

    engine.datasets_show = slow  # type: ignore[method-assign]
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("dataset", name="one")
        await until(pilot, lambda: asked == ["one"])
        await pilot.press("escape")
        await until(pilot, lambda: gone == ["one"], why="nobody waits for it any more")
        answering.set()
        await shows(pilot, "Where to")
        assert not app.failures


async def test_a_slow_store_is_not_asked_again_before_it_has_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, answering, tick = FakeEngine(), asyncio.Event(), LiveRun._tick
    asked: list[int] = []
    ticks: list[int] = []

    async def slow(run: str, offset: int = 0) -> dict[str, Any]:
        asked.append(offset)
        await answering.wait()
        return await FakeEngine().runs_watch(run, offset)

    def counted(self: LiveRun) -> None:
        ticks.append(len(asked))
        tick(self)

    monkeypatch.setattr(LiveRun, "_tick", counted)
    engine.runs_watch = slow  # type: ignore[method-assign]
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("run", name="first")
        await until(pilot, lambda: len(ticks) == 3, why="three looks at a clock")
        assert asked == [0]
        answering.set()
        await shows(pilot, "● gen")
        await until(pilot, lambda: asked[:2] == [0, 1], why="the next question")
