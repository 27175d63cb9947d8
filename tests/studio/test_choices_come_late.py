"""A form whose choices are still being read says so, keeps what is pressed ahead, and begins when they are there."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from fake_engine import FakeEngine
from studio_people import complaint, fill, log_in, seen, shows, studio, until

from medsynth_engine.kernel.errors import BadInput
from medsynth_tui.app import MedSynth
from medsynth_tui.screens.cohort_new import NewCohort
from medsynth_tui.screens.run_new import NewRun
from medsynth_tui.widgets.field import Go


class Slow(FakeEngine):
    """Answers which datasets there are when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on, self.fails = asyncio.Event(), False
        self.orders: list[dict[str, Any]] = []

    async def datasets_list(self) -> list[dict[str, Any]]:
        await self.go_on.wait()
        if self.fails:
            raise BadInput("not_now", "The store does not answer.", "Another time.")
        return await super().datasets_list()

    async def train(self, **order: Any) -> dict[str, Any]:
        self.orders.append(order)
        return {"run": "r", "job": "j"}

    async def generate(self, **order: Any) -> dict[str, Any]:
        self.orders.append(order)
        raise BadInput("not_now", "It was asked.", "That is enough.")


def button(app: MedSynth, name: str) -> None:
    app.screen.query_one(f"#{name}", Go).focus()


@pytest.mark.parametrize(("ahead", "chosen"), [((), 0), (("right", "right"), 2), (("s",), 1)])
async def test_a_training_begins_when_its_dataset_is_there_with_the_one_that_was_chosen_ahead(
    tmp_path: Path, ahead: tuple[str, ...], chosen: int
) -> None:
    engine = Slow()
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.open("run_new")
        await shows(pilot, "still being read")
        assert isinstance(app.screen, NewRun)
        await pilot.press(*ahead)
        button(app, "begin")
        await pilot.press("enter")
        await shows(pilot, "Still reading what there is to choose (dataset)")
        assert engine.orders == []
        engine.go_on.set()
        await until(pilot, lambda: engine.orders, why="it begins by itself")
    names = [each["dataset"] for each in await engine.datasets_list()]
    assert [order["dataset"] for order in engine.orders] == [names[chosen]]


async def test_what_goes_wrong_meanwhile_is_said_and_nothing_begins_later(tmp_path: Path) -> None:
    engine = Slow()
    engine.fails = True
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.open("run_new")
        await shows(pilot, "still being read")
        button(app, "begin")
        await pilot.press("enter")
        await shows(pilot, "It begins when that is there")
        engine.go_on.set()
        await until(pilot, lambda: "does not answer" in complaint(app), why="the error")
        engine.fails = False
        await pilot.press("f5")
        await until(pilot, lambda: "still being read" not in seen(app), why="the datasets")
        await pilot.pause()
        assert engine.orders == []


async def test_a_cohort_is_drawn_when_it_is_known_what_can_draw(tmp_path: Path) -> None:
    engine = Slow()
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.open("cohort_new")
        await shows(pilot, "still being read")
        assert isinstance(app.screen, NewCohort)
        await fill(pilot, name="c9")
        button(app, "draw")
        await pilot.press("enter")
        await shows(pilot, "Still reading what there is to choose (drawn by)")
        engine.go_on.set()
        await until(pilot, lambda: engine.orders, why="it begins by itself")
    assert engine.orders[0]["cohort"] == "c9" and engine.orders[0].get("run", engine.orders[0].get("weights"))


async def test_a_training_form_says_beforehand_that_a_dataset_waits_to_be_read_for_text(tmp_path: Path) -> None:
    class Unread(FakeEngine):
        async def datasets_list(self) -> list[dict[str, Any]]:
            first, second, *_ = await super().datasets_list()
            return [{**first, "text_waits": False}, {**second, "text_waits": True}]

    app = studio(tmp_path, engine=Unread())
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.open("run_new")
        await shows(pilot, "What the generator learns from.")
        await until(pilot, lambda: "still being read" not in seen(app), why="the datasets")
        await pilot.press("right")
        await shows(pilot, "Not yet read for text: what learned from text stays here.")
        await pilot.press("left")
        await shows(pilot, "What the generator learns from.")
