"""The list of what has left says for whom and who let it, and leads to what left and to its assessment."""

from __future__ import annotations

from pathlib import Path

from fake_engine import LONG, FakeEngine, document
from studio_people import log_in, shows, studio, until

from medsynth_tui.screens.assessment import AssessmentDetail
from medsynth_tui.screens.assessment_pages import heading
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
        await pilot.press("down", "a", "o", "enter")  # it had no assessment, and its name is another cohort's by now
        await shows(pilot, "ada, bo, against the gate")
        await shows(pilot, "not on record")
        await shows(pilot, "no more: removed, or another by that name")


async def test_the_assessment_says_where_it_is_not_the_one_that_the_release_left_under(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine("auditor"))
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("releases")
        await shows(pilot, "generator:second")
        await pilot.press("a")
        await shows(pilot, "left under an earlier assessment, e72f953b62d9")
    newest = {**document("assessment"), "id": "e72f953b62d9"}
    assert "left under" in heading(newest, "aea8563f122d").plain
    assert "left under" not in heading(newest, "e72f953b62d9").plain + heading(newest).plain


async def test_where_nothing_left_the_list_says_so_and_how_it_would(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine(empty=True))
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("releases")
        await shows(pilot, "Nothing of yours has left")
