"""Work: what goes on, how far it is, why it failed, and that it can be cancelled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fake_engine import NOW, FakeEngine
from studio_people import log_in, seen, shows, studio, until

JOBS = [
    {"job": "j1", "kind": "evaluate", "subject": "cohort:c1", "state": "running", "created": NOW},
    {"job": "j2", "kind": "report", "subject": "cohort:c1", "state": "failed", "created": NOW},
    {"job": "j3", "kind": "check_text", "subject": "dataset:us", "state": "queued", "created": NOW},
]


def working(cancelled: list[str]) -> FakeEngine:
    """An engine with an evaluation that goes on, one measure further at every look, and a report that failed."""
    engine, looks = FakeEngine("researcher"), []

    async def jobs_list() -> list[dict[str, Any]]:
        return [{**each, "state": "stopped"} if each["job"] in cancelled else dict(each) for each in JOBS]

    async def jobs_show(job: str) -> dict[str, Any]:
        looks.extend(["look"] if job == "j1" else [])
        found = next(each for each in JOBS if each["job"] == job)
        if job == "j2":
            return {**found, "progress": {}, "error": {"message": "The disk is full.", "hint": "Free some space."}}
        if job == "j3":
            told = {"done": 4, "total": 9, "unit": "pictures", "say": "about 36 minutes left"}
            return {**found, "state": "stopped" if job in cancelled else "queued", "progress": told}
        return {**found, "progress": {"done": len(looks), "total": 14, "unit": "measures", "say": "rows: fidelity"}}

    async def jobs_cancel(job: str) -> dict[str, Any]:
        cancelled.append(job)
        return {"job": job, "state": "running"}

    engine.jobs_list, engine.jobs_show = jobs_list, jobs_show  # type: ignore[method-assign]
    engine.jobs_cancel = jobs_cancel  # type: ignore[attr-defined]
    return engine


async def test_what_goes_on_is_looked_at_again_by_itself_and_can_be_cancelled(tmp_path: Path) -> None:
    cancelled: list[str] = []
    app = studio(tmp_path, engine=working(cancelled))
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("jobs")
        await shows(pilot, "1 of 14 measures")
        await shows(pilot, "2 of 14 measures")
        assert "Cancel job" in seen(app).splitlines()[-1]
        await pilot.press("X")
        await shows(pilot, "so far is cleared away")
        await pilot.press("enter")
        await shows(pilot, "asked for")
        assert not cancelled, "the careful answer has the focus"
        await pilot.press("X")
        await shows(pilot, "so far is cleared away")
        await pilot.press("right", "enter")
        await until(pilot, lambda: cancelled == ["j1"], why="the cancelling")
        await shows(pilot, "stopped")
        assert "Cancel job" not in seen(app).splitlines()[-1]


async def test_cancelling_a_text_check_says_what_is_kept_and_afterwards_how_it_goes_on(tmp_path: Path) -> None:
    cancelled: list[str] = []
    app = studio(tmp_path, engine=working(cancelled))
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("jobs")
        await shows(pilot, "text check")
        await pilot.press("down", "down", "enter")
        await shows(pilot, "about 36 minutes left")
        await pilot.press("escape")
        await pilot.press("X")
        await shows(pilot, "Cancel this work: text check: us")
        assert "What was read so far is kept" in seen(app) and "cleared away" not in seen(app)
        await pilot.press("right", "enter")
        await until(pilot, lambda: cancelled == ["j3"], why="the cancelling")
        await shows(pilot, "stopped")
        await pilot.press("enter")
        await shows(pilot, "e on the dataset's page asks for it again.")
        assert "minutes left" not in seen(app) and "4 of 9 pictures" in seen(app)


async def test_what_failed_says_why(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=working([]))
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("jobs")
        await shows(pilot, "failed")
        await pilot.press("down", "enter")
        await shows(pilot, "The disk is full.")
        await shows(pilot, "Free some space.")


async def test_who_asked_for_nothing_is_told_so(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine("auditor", empty=True))
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("jobs")
        await shows(pilot, "nothing long yet")


async def test_home_keeps_what_went_wrong_apart_from_what_goes_on_in_the_words_of_work(tmp_path: Path) -> None:
    engine = FakeEngine("researcher")
    told = [
        {"job": "j1", "kind": "import_run", "subject": "run:back", "state": "failed"},
        {"job": "j2", "kind": "generate", "subject": "cohort:c1", "state": "running"},
    ]
    usual = engine.home

    async def home() -> dict[str, Any]:
        return {**await usual(), "jobs": told, "warnings": [], "reviews": [], "arrivals": 0, "assessments": []}

    engine.home = home  # type: ignore[method-assign]
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(120, 40)) as pilot:
        await log_in(pilot, "somebody", "some words")
        await shows(pilot, "Work that did not end well")
        words = seen(app)
        assert "import_run" not in words
        places = [words.index(each) for each in ("did not end well", "run back", "Work going on", "draw ")]
        assert places == sorted(places)
