"""The list of what has left says for whom and who let it, and leads to what left and to its assessment."""

from __future__ import annotations

from pathlib import Path

from fake_engine import LONG, FakeEngine
from studio_people import log_in, shows, studio, until

from medsynth_tui.screens.assessment import AssessmentDetail
from medsynth_tui.screens.cohort import CohortDetail
from medsynth_tui.screens.releases import Releases


async def test_what_left_is_listed_told_in_detail_and_leads_to_its_cohort_and_its_assessment(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine("auditor"))
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        await pilot.press("6")
        await shows(pilot, "generator:second")
        await shows(pilot, "overridden")
        assert app.screen.copied() == "0123456789a0"  # type: ignore[attr-defined]
        await pilot.press("enter")
        await shows(pilot, "DEVELOPMENT, SIMULATED")
        await pilot.press("escape")
        for key, kind in (("o", CohortDetail), ("a", AssessmentDetail)):
            await pilot.press(key)
            await until(pilot, lambda kind=kind: isinstance(app.screen, kind), why=key)  # type: ignore[misc]
            assert LONG in app.screen.place()  # type: ignore[attr-defined]
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, Releases), why="the list again")
        await pilot.press("down", "o")  # a generator has no page of its own
        await pilot.press("down", "a", "enter")  # what left against the gate had no assessment
        await shows(pilot, "ada, bo, against the gate")
        await shows(pilot, "not on record")


async def test_where_nothing_left_the_list_says_so_and_how_it_would(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine(empty=True))
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("releases")
        await shows(pilot, "Nothing of yours has left")
