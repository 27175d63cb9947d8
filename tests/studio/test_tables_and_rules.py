"""Tables before training and beside a cohort's, rules, and learners side by side: by key, for every role."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fake_engine import LONG, FakeEngine, document
from studio_people import complaint, log_in, seen, shows, studio, until
from textual.pilot import Pilot

from medsynth_engine.kernel.errors import BadInput, Denied
from medsynth_tui.app import MedSynth
from medsynth_tui.columns import bin_labels, counts, real_rows, shape
from medsynth_tui.screens.cohort_new import NewCohort
from medsynth_tui.screens.learners import compared_rows, explained
from medsynth_tui.widgets.choice import Choice
from medsynth_tui.widgets.window_table import WindowTable

RULES = document("rules")["rules"]


async def at(pilot: Pilot[Any], app: MedSynth, place: str, **arguments: Any) -> None:
    await log_in(pilot, "somebody", "some words")
    app.open(place, **arguments)


async def test_the_column_under_the_cursor_is_shown_with_what_rows_learn_of_it(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await at(pilot, app, "table", name=LONG)
        await shows(pilot, "NOT KEPT")
        await shows(pilot, "Learned in bins of at least")
        assert "hidden" in seen(app) and "Ages lie between" in seen(app)
        await pilot.press("down", "down")
        await shows(pilot, "fewer than 11 patients have")
        assert "<11" in seen(app)
        await pilot.press("G")
        await shows(pilot, "It holds sentences")
        assert "in no row, real or" in seen(app)
        await pilot.press("k")
        await shows(pilot, "It names a patient")


async def test_a_table_that_nobody_counted_is_counted_at_once_where_one_may(tmp_path: Path) -> None:
    class Counting(FakeEngine):
        async def datasets_describe(self, name: str) -> dict[str, Any]:
            return {"job": "j", "dataset": name}

        async def finish(self, job: str) -> dict[str, Any]:
            self.empty = False
            return {}

    app = studio(tmp_path, engine=Counting(empty=True))
    async with app.run_test(size=(80, 24)) as pilot:
        await at(pilot, app, "table", name=LONG)
        await shows(pilot, "Learned in bins of at least")


async def test_an_auditor_is_told_that_nobody_counted_it(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine("auditor", empty=True))
    async with app.run_test(size=(80, 24)) as pilot:
        await at(pilot, app, "table", name=LONG)
        await shows(pilot, "Nobody who may draw")
        assert "Count again" not in seen(app)


@pytest.mark.parametrize("role", ["researcher", "auditor"])
async def test_a_cohorts_columns_stand_beside_the_real_ones_and_its_rows_are_the_researchers(
    tmp_path: Path, role: str
) -> None:
    app = studio(tmp_path, engine=FakeEngine(role))
    async with app.run_test(size=(80, 24)) as pilot:
        await at(pilot, app, "cohort", name=LONG)
        await shows(pilot, "b Table")
        await pilot.press("b")
        await shows(pilot, "300 drawn records beside")
        await shows(pilot, "marks the real table")
        assert "would" in seen(app) and ("Other page" in seen(app)) == (role == "researcher")
        if role == "auditor":
            assert app.glyphs.left not in seen(app), "arrows beside a page that cannot be turned"
            return
        await pilot.press("right")
        await shows(pilot, "Synthetic rows 1 to 50 of 300")
        assert "S0000" in seen(app)
        await pilot.press("right_square_bracket")
        await shows(pilot, "columns 9 to 9 of 9")
        await pilot.press("n")
        await shows(pilot, "Synthetic rows 51 to 100")
        await pilot.press("p", "left")
        await shows(pilot, "marks the real table")


async def test_rules_are_confirmed_and_dropped_by_key(tmp_path: Path) -> None:
    decided: list[tuple[str, list[str]]] = []

    class Deciding(FakeEngine):
        async def rules_confirm(self, dataset: str, rules: list[str]) -> dict[str, Any]:
            decided.append(("confirm", rules))
            kept = [{**rule, "state": "confirmed"} if rule["id"] in rules else rule for rule in RULES]
            return {"dataset": dataset, "rules": kept}

        async def rules_drop(self, dataset: str, rules: list[str]) -> dict[str, Any]:
            decided.append(("drop", rules))
            return {"dataset": dataset, "rules": [rule for rule in RULES if rule["id"] not in rules]}

    app = studio(tmp_path, engine=Deciding())
    async with app.run_test(size=(80, 24)) as pilot:
        await at(pilot, app, "rules", dataset=LONG)
        await shows(pilot, f"0 bind, {len(RULES)} proposed")
        await pilot.press("c")
        await shows(pilot, "binds every row")
        assert f"1 bind, {len(RULES) - 1} proposed" in seen(app)
        await pilot.press("down", "enter")
        await shows(pilot, "It speaks about")
        await pilot.press("escape", "d")
        await shows(pilot, "Dropped.")
    assert decided == [("confirm", [RULES[0]["id"]]), ("drop", [RULES[1]["id"]])]


async def test_a_rule_of_somebody_elses_dataset_is_not_decided(tmp_path: Path) -> None:
    class Others(FakeEngine):
        async def rules_confirm(self, dataset: str, rules: list[str]) -> dict[str, Any]:
            raise Denied("not_yours", "This dataset belongs to somebody else.", "Only its owner can do that.")

    app = studio(tmp_path, engine=Others())
    async with app.run_test(size=(80, 24)) as pilot:
        await at(pilot, app, "rules", dataset=LONG)
        await shows(pilot, "proposed")
        await pilot.press("c")
        await until(pilot, lambda: "somebody else" in complaint(app), why="the refusal")


async def test_no_rules_yet_says_how_to_look_for_some(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine(empty=True))
    async with app.run_test(size=(80, 24)) as pilot:
        await at(pilot, app, "rules", dataset=LONG)
        await shows(pilot, "n looks for some")
        assert "c Confirm" not in seen(app)


async def test_the_last_comparison_is_shown_and_its_learner_draws(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await at(pilot, app, "learners", dataset=LONG)
        await shows(pilot, "Taught on 360 rows")
        assert "refused" in seen(app) and "real rows" in seen(app)
        app.screen.query_one("#compared", WindowTable).focus()
        await pilot.press("enter")
        await shows(pilot, "Rows by trees")
        await pilot.press("escape", "c")
        await until(pilot, lambda: isinstance(app.screen, NewCohort))
        assert app.screen.query_one("#rows", Choice).value == "trees"


async def test_a_comparison_tells_what_the_private_learner_needs_only_where_it_is_asked(tmp_path: Path) -> None:
    asked: list[dict[str, Any]] = []

    class Comparing(FakeEngine):
        async def rows_compare(self, dataset: str, **order: Any) -> dict[str, Any]:
            asked.append(order)
            raise BadInput("undeclared", "Differential privacy needs bounds.", "Fill in.")

    app = studio(tmp_path, engine=Comparing(empty=True))
    async with app.run_test(size=(80, 24)) as pilot:
        await at(pilot, app, "learners", dataset=LONG)
        await shows(pilot, "pressure=l")
        await pilot.press("f6")
        await until(pilot, lambda: len(asked) == 1)
        await pilot.press("right", "space", "f6")
        await until(pilot, lambda: len(asked) == 2)
        assert "needs bounds" in complaint(app)
    assert asked[0] == {"learners": None}
    assert asked[1]["learners"] == ["dp"] and asked[1]["declare"]["pressure"] == "low..high"


def test_bins_have_names_that_fit() -> None:
    assert bin_labels([20, 30, 40]) == ["< 20", "20-30", "30-40", "40 +"]
    assert bin_labels([-0.5, 0.5]) == ["< -0.5", "-0.5 to 0.5", "0.5 +"]
    assert bin_labels([]) == ["all"]


def test_a_shape_hides_what_is_hidden() -> None:
    assert shape([0, 10, "<11", 20], False) == "▁▅.█"
    assert shape([0, 10, "hidden", 20], True) == "_=.#"
    assert shape(["<11", "hidden"], False) == ".." and shape([], False) == ""
    assert len(shape(list(range(17)), False)) <= 8


def test_a_broken_rule_marks_its_columns() -> None:
    rule = {"columns": ["age"], "broken": None, "sentence": "s", "id": "i"}
    rows = real_rows(document("table"), [rule], False)
    assert rows[0][1][0][0] == "!age" and not rows[1][1][0][0].startswith("!")


def test_every_column_of_a_real_document_has_counts() -> None:
    for column in document("table")["columns"]:
        assert counts(column)


def test_a_refused_learner_says_why() -> None:
    found = document("learners_compared")
    assert [key for key, _ in compared_rows(found)] == ["trees", "gan", "-real"]
    assert "5,000 rows" in explained(found["learners"]["gan"])[0]
