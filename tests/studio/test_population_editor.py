"""The population editor: margins by key, the cells beside them, what is refused, and back to the new cohort."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fake_engine import LONG, FakeEngine
from studio_people import complaint, fill, log_in, seen, shows, studio, until
from textual.pilot import Pilot

from medsynth_engine.kernel.errors import BadInput
from medsynth_tui.app import MedSynth
from medsynth_tui.screens.cohort_new import NewCohort
from medsynth_tui.screens.population import PopulationEditor
from medsynth_tui.widgets.choice import Choice, Picks
from medsynth_tui.widgets.field import Field
from medsynth_tui.widgets.sliders import Sliders


async def new_cohort(pilot: Pilot[Any], app: MedSynth) -> None:
    await log_in(pilot, "somebody", "some words")
    app.open("cohort_new", dataset=LONG)
    await shows(pilot, f"rows of {LONG}"[:30])


async def editor(pilot: Pilot[Any], app: MedSynth) -> Sliders:
    """Log in, fill in the new cohort, and press F3."""
    await new_cohort(pilot, app)
    await fill(pilot, name="c1")
    await pilot.press("f3")
    await shows(pilot, "as in the training")
    await until(pilot, lambda: app.screen.query_one(Sliders).margins)
    return app.screen.query_one(Sliders)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
async def test_a_share_is_moved_by_key_and_the_cells_follow(tmp_path: Path, size: tuple[int, int]) -> None:
    engine = FakeEngine()
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=size) as pilot:
        sliders = await editor(pilot, app)
        assert engine.asked[-1]["population"] is None
        before = sliders.margins[0].points[0]
        await pilot.press("space", "down", "right", "right", "shift+right", "left")
        await shows(pilot, "2 too small: refused")
        assert sliders.margins[0].points[0] == before + 6

        def share() -> float | None:
            population = engine.asked[-1]["population"]
            return population["axis"]["sex"]["values"]["F"] if population else None

        await until(pilot, lambda: share() == (before + 6) / 100, why="the plan of what was moved")
        assert engine.asked[-1]["dataset"] == LONG
        assert "too small" in seen(app) and "Assumed" in seen(app)
        await pilot.press("0")
        assert sliders.margins[0].points[0] == before
        await pilot.press("e")
        assert sliders.margins[0].points == (50, 50)


async def test_what_is_too_small_is_explained_and_not_used_before_it_is_broadened(tmp_path: Path) -> None:
    engine = FakeEngine()
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await editor(pilot, app)
        await pilot.press("space")
        await shows(pilot, "too small: refused")
        await pilot.press("tab", "down", "up")
        await shows(pilot, "11-19 images in the training data")
        await pilot.press("f6")
        assert isinstance(app.screen, PopulationEditor) and "fewer than 20" in complaint(app)
        await pilot.press("b")
        await until(pilot, lambda: engine.asked[-1]["small_cells"] == "broaden", why="the broadened plan")


async def test_the_new_cohort_is_drawn_with_the_margins_and_restrictions_of_the_editor(tmp_path: Path) -> None:
    ordered: list[dict[str, Any]] = []

    class Drawing(FakeEngine):
        async def cohorts_plan(self, n: int, **asked: Any) -> dict[str, Any]:
            return {**await super().cohorts_plan(n, **asked), "small": 0, "refused": None}

        async def generate(self, **order: Any) -> dict[str, Any]:
            ordered.append(order)
            raise BadInput("stop_here", "Far enough.")

    app = studio(tmp_path, engine=Drawing())
    async with app.run_test(size=(80, 24)) as pilot:
        await editor(pilot, app)
        await pilot.press("space", "o")
        await shows(pilot, "Only records like this")
        await fill(pilot, text="finding=effusion")
        await pilot.press("enter")
        await shows(pilot, "Only finding=effusion")
        await pilot.press("f6")
        await until(pilot, lambda: isinstance(app.screen, NewCohort))
        await shows(pilot, "(by hand)")
        await shows(pilot, "sex: F 3")
        app.screen.query_one("#draw").focus()
        await pilot.press("enter")
        await until(pilot, lambda: ordered, why="the order")
    assert ordered[0]["population"]["axis"].keys() == {"sex"} and ordered[0]["balance"] == []
    assert ordered[0]["given"] == {"finding": "effusion"} and ordered[0]["rows"] == "trees"


async def test_private_rows_ask_for_their_epsilon_and_declarations(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await new_cohort(pilot, app)
        assert not app.screen.query_one("#epsilon").display
        app.screen.query_one("#rows", Choice).focus()
        await pilot.press("d")
        await shows(pilot, "Differentially private")
        assert app.screen.query_one("#epsilon").display
        assert app.screen.query_one("#declare", Field).value.endswith("pressure=low..high")


async def test_margins_that_cannot_be_drawn_stay_and_say_why(tmp_path: Path) -> None:
    class Refusing(FakeEngine):
        async def cohorts_plan(self, n: int, **asked: Any) -> dict[str, Any]:
            if asked["population"]:
                raise BadInput("nothing_asked", "No cell of the request is left.", "Restrict fewer attributes.")
            return await super().cohorts_plan(n, **asked)

    app = studio(tmp_path, engine=Refusing())
    async with app.run_test(size=(80, 24)) as pilot:
        sliders = await editor(pilot, app)
        await pilot.press("space")
        await shows(pilot, "No cell of the request is left")
        assert sliders.margins[0].asked
        await pilot.press("f6")
        assert isinstance(app.screen, PopulationEditor)
        await pilot.press("space")
        await shows(pilot, "as in the training")


async def test_a_file_that_cannot_be_read_leaves_the_margins(tmp_path: Path) -> None:
    class Unread(FakeEngine):
        async def population_read(self, path: str) -> dict[str, Any]:
            raise BadInput("bad_population", "The population file cannot be used: it has no [axis.NAME].", "See docs.")

    app = studio(tmp_path, engine=Unread())
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.push_screen(PopulationEditor({"dataset": LONG}, 100, {"path": "/srv/town.toml"}))
        await shows(pilot, "cannot be used")
        assert [margin.asked for margin in app.screen.query_one(Sliders).margins] == [False] * 6


async def test_the_margins_begin_with_the_balance_that_was_picked_and_take_it_away_for_good(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await new_cohort(pilot, app)
        balance = app.screen.query_one("#balance", Picks)
        await until(pilot, lambda: "sex" in balance.options, why="the attributes")
        balance.picked = frozenset({"sex"})
        for target, even in (("as in training", {"sex"}), ("uniform", {"sex", "age_band", "ethnicity"})):
            choice = app.screen.query_one("#target", Choice)
            choice.chosen = choice.options.index(target)
            await pilot.press("f3")
            await until(pilot, lambda: isinstance(app.screen, PopulationEditor) and app.screen.plan, why="the plan")
            asked = [margin for margin in app.screen.query_one(Sliders).margins if margin.asked]
            assert {margin.name for margin in asked} == even
            assert all(max(margin.points) - min(margin.points) <= 1 for margin in asked)
            if target == "uniform":
                await pilot.press("t", "f6")
            else:
                await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, NewCohort), why="the form again")
            assert balance.value == ([] if target == "uniform" else ["sex"])


async def test_a_balance_is_planned_as_it_is_drawn_and_stays_a_balance_until_a_share_is_moved(tmp_path: Path) -> None:
    class Drawing(FakeEngine):
        async def cohorts_plan(self, n: int, **asked: Any) -> dict[str, Any]:
            return {**await super().cohorts_plan(n, **asked), "small": 0, "refused": None}

    engine = Drawing()
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await new_cohort(pilot, app)
        balance, target = app.screen.query_one("#balance", Picks), app.screen.query_one("#target", Choice)
        await until(pilot, lambda: "sex" in balance.options, why="the attributes")
        balance.picked = frozenset({"sex", "ethnicity"})
        await pilot.press("f3")
        await until(pilot, lambda: isinstance(app.screen, PopulationEditor) and app.screen.plan, why="the plan")
        assert set(engine.asked[-1]["balance"]) == {"sex", "ethnicity"} and engine.asked[-1]["population"] is None
        await pilot.press("f6")
        await until(pilot, lambda: isinstance(app.screen, NewCohort), why="the form again")
        assert target.value == "as in training" and set(balance.value) == {"sex", "ethnicity"}
        target.chosen = target.options.index("uniform")
        await pilot.press("f3")
        await until(pilot, lambda: isinstance(app.screen, PopulationEditor) and app.screen.plan, why="the plan")
        assert engine.asked[-1]["population"] == "uniform"
        await pilot.press("f6")
        await until(pilot, lambda: isinstance(app.screen, NewCohort), why="the form again")
        assert target.value == "uniform"
        await pilot.press("f3")
        await until(pilot, lambda: isinstance(app.screen, PopulationEditor) and app.screen.plan, why="the plan")
        await pilot.press("down", "right")
        await until(pilot, lambda: isinstance(engine.asked[-1]["population"], dict), why="the plan of what was moved")
        assert not engine.asked[-1].get("balance")
        await pilot.press("f6")
        await until(pilot, lambda: isinstance(app.screen, NewCohort), why="the form again")
        assert target.value == "by hand"


async def test_a_widened_cell_shows_the_values_that_were_merged_in_a_narrow_window(tmp_path: Path) -> None:
    class Widened(FakeEngine):
        async def cohorts_plan(self, n: int, **asked: Any) -> dict[str, Any]:
            plan = await super().cohorts_plan(n, **asked)
            cell = {"cell": {"sex": "F", "age_band": "0-17 or 18-39"}, "n": 94, "small": False, "merged": ["age_band"]}
            return {**plan, "cells": [cell] if plan["cells"] else [], "small": 0, "refused": None}

    app = studio(tmp_path, engine=Widened())
    async with app.run_test(size=(80, 24)) as pilot:
        await editor(pilot, app)
        await pilot.press("space")
        await shows(pilot, "F, 0-17 or 18-…")  # and in full under the cursor
