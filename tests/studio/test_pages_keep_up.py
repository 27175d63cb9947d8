"""Pages that say something new by themselves: on what a run trains, what a colleague shared, why nobody is found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fake_engine import LONG, FakeEngine
from studio_people import log_in, look_in_log, seen, shows, studio, until

from medsynth_engine.kernel.errors import NotFound
from medsynth_tui.widgets.window_table import WindowTable


class Beginning(FakeEngine):
    """A run whose device is known once it trains."""

    records: list[dict[str, Any]] = []  # noqa: RUF012 - of one test

    async def runs_show(self, run: str) -> dict[str, Any]:
        return {**await super().runs_show(run), "device": "cpu" if self.records else None}

    async def runs_watch(self, run: str, offset: int = 0) -> dict[str, Any]:
        return {**await super().runs_watch(run, offset), "records": self.records, "log": [], "samples": []}


async def test_a_run_says_on_what_it_trains_as_soon_as_that_is_known(tmp_path: Path) -> None:
    engine = Beginning()
    engine.records = []
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.open("run", name=LONG)
        await shows(pilot, "small64, from")
        engine.records = [{"kind": "tick", "kimg": 1.0, "seconds": 10.0, "loss_generator": 1.0}]
        await shows(pilot, "small64 on cpu, from")


class Standing(FakeEngine):
    """A run that goes on a while after it was asked to, or because a colleague asked."""

    state = "paused"

    async def runs_show(self, run: str) -> dict[str, Any]:
        return {**await super().runs_show(run), "state": self.state}

    async def runs_watch(self, run: str, offset: int = 0) -> dict[str, Any]:
        return {**await super().runs_watch(run, offset), "state": self.state, "samples": []}

    async def runs_resume(self, run: str) -> dict[str, Any]:
        return await self.runs_show(run)


@pytest.mark.parametrize("here", [True, False], ids=["by p", "by a colleague"])
async def test_a_paused_run_that_goes_on_is_shown_as_running_and_as_finished(tmp_path: Path, here: bool) -> None:
    engine = Standing()
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.open("run", name=LONG)
        await shows(pilot, "p Resume")
        if here:
            await pilot.press("p")
            await shows(pilot, "Asked.")
        for engine.state in ("running", "finished"):
            await shows(pilot, f" {engine.state}  ")


async def test_a_dataset_keeps_up_with_its_store_and_is_not_asked_for_again_once_it_is_gone(tmp_path: Path) -> None:
    engine = FakeEngine()
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.open("dataset", name=LONG)
        await shows(pilot, "undecided 17")
        asked: list[str] = []

        async def decided(dataset: str) -> dict[str, Any]:
            return {"dataset": dataset, "held": 20, "decided": 19, "accepted": 19}

        async def gone(name: str) -> dict[str, Any]:
            asked.append(name)
            raise NotFound("no_such_dataset", "There is no such dataset.", "Perhaps it was removed.")

        engine.review_counts = decided  # type: ignore[method-assign, assignment]
        await shows(pilot, "undecided 1 ")
        engine.datasets_show = gone  # type: ignore[method-assign]
        await shows(pilot, "There is no such dataset.")
        view: Any = app.screen
        view._keep_up()
        await until(pilot, lambda: not view._asked)
        assert asked == [LONG]


async def test_a_dataset_that_a_colleague_shares_comes_into_the_list_by_itself(tmp_path: Path) -> None:
    engine = FakeEngine(empty=True)
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("datasets")
        await shows(pilot, "No datasets yet")
        engine.empty = False
        await shows(pilot, "41 rows")
        assert app.focused is app.screen.query_one(WindowTable)


async def test_who_looks_for_somebody_who_was_never_here_is_told_so(store: Path) -> None:
    app = studio(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "auditor")
        await look_in_log(pilot, actor="nobody")
        await shows(pilot, "Nobody of that name has an account here or did anything.")
        await pilot.press("escape")
        await until(pilot, lambda: "Nobody of that name" not in seen(app))
