"""A new cohort is drawn by what can draw, unless somebody asks for another."""

from __future__ import annotations

from pathlib import Path

from fake_engine import LONG, FakeEngine
from studio_people import log_in, studio, until

from medsynth_tui.widgets.choice import Choice


async def test_a_run_without_a_generator_is_offered_last(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.open("cohort_new")
        await until(pilot, lambda: any(each.options for each in app.screen.query("#source").results(Choice)))
        choice = app.screen.query_one("#source", Choice)
        assert choice.value == f"run {LONG}-stopped"
        assert choice.options[-2:] == [f"run {LONG}-running", f"run {LONG}-paused"]
        app.open("cohort_new", run=f"{LONG}-running")
        asked = f"run {LONG}-running"
        await until(pilot, lambda: any(each.value == asked for each in app.screen.query("#source").results(Choice)))
