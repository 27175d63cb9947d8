"""Bringing in by keyboard: the form follows what is chosen, the scan asks in plain words, lists say what waits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fake_engine import LONG, FakeEngine
from studio_people import SIZES, fill, log_in, seen, shows, studio, until
from textual.pilot import Pilot

from medsynth_tui.intake_words import QUESTIONS, ROLES
from medsynth_tui.widgets.choice import Choice
from medsynth_tui.widgets.field import Field
from medsynth_tui.widgets.job_progress import JobProgress


class Waiting(FakeEngine):
    """One dataset whose pictures all wait for a person."""

    async def datasets_list(self) -> list[dict[str, Any]]:
        numbers = {"records": 0, "quarantined": 7, "patients": 0, "train": 0, "validation": 0, "holdout": 0}
        return [{"dataset": "us", "version": 1, "owner": "alice", "images": False, "created": "2025-01-01", **numbers}]


async def open_form(pilot: Pilot[Any]) -> None:
    await log_in(pilot, "somebody", "some words")
    pilot.app.go("upload")  # type: ignore[attr-defined]
    await shows(pilot, "Drop box")


def value(pilot: Pilot[Any], name: str) -> str:
    return pilot.app.screen.query_one(f"#{name}", Field).value


async def test_the_drop_box_takes_back_what_it_filled_in(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await open_form(pilot)
        choice = app.screen.query_one("#arrival", Choice)
        choice.focus()
        await pilot.press("right")
        await until(pilot, lambda: value(pilot, "path").startswith("/srv/inbox/night-0"), why="the path")
        assert value(pilot, "name").startswith("night-0")
        await pilot.press("left")
        await until(pilot, lambda: not value(pilot, "path"), why="nothing")
        assert value(pilot, "name") == ""


async def test_what_was_typed_is_not_taken_back(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await open_form(pilot)
        app.screen.query_one("#arrival", Choice).focus()
        await pilot.press("right")
        await fill(pilot, path="/data/chest")
        app.screen.query_one("#arrival", Choice).focus()
        await pilot.press("left")
        await pilot.pause()
        assert value(pilot, "path") == "/data/chest" and value(pilot, "name") == "chest"


async def test_a_guessed_name_follows_the_path_until_a_person_types_one(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await open_form(pilot)
        await fill(pilot, path="/data/chest")
        assert value(pilot, "name") == "chest"
        await fill(pilot, path="/data/brain/images")
        assert value(pilot, "name") == "brain"
        await fill(pilot, name="mine")
        await fill(pilot, path="/data/skin")
        assert value(pilot, "name") == "mine"


async def test_typing_takes_the_place_of_a_guessed_name_and_goes_on_behind_ones_own(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await open_form(pilot)
        await pilot.press("home", *"/srv/n2-data", "tab", "tab")
        await until(pilot, lambda: value(pilot, "name") == "n2-data", why="the guess")
        await pilot.press(*"Skin2")
        await until(pilot, lambda: value(pilot, "name") == "Skin2", why="what was typed alone")
        await pilot.press("tab", "shift+tab", "b")
        await until(pilot, lambda: value(pilot, "name") == "Skin2b", why="more of it")


@pytest.mark.parametrize("role", ROLES)
async def test_a_column_is_asked_for_in_plain_words(tmp_path: Path, role: str) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("scan", name=LONG, intake={"path": "p"}, document={"columns": {}, "submitted": 3})
        await shows(pilot, "Nothing is stored yet")
        await pilot.press(*["down"] * list(ROLES).index(role), "enter")
        await shows(pilot, QUESTIONS[role])
        assert "is the drop" not in seen(app) and "is the file" not in seen(app)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
async def test_the_list_says_what_is_quarantined(tmp_path: Path, size: tuple[int, int]) -> None:
    app = studio(tmp_path, engine=Waiting())
    async with app.run_test(size=size) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("datasets")
        await shows(pilot, "us")
        header = next(line for line in seen(app).splitlines() if "accepted" in line)
        row = next(line for line in seen(app).splitlines() if " us " in line)
        wide = ["training", "held", "out", "images"] if size[0] >= 110 else []
        assert header.split() == ["dataset", "accepted", "quarantined", "patients", *wide, "made"]
        assert row.split()[:4] == ["us", "0", "7", "0"] and ("yes" in row) == bool(wide)


async def test_a_dataset_shows_what_the_text_check_found_when_it_has_ended_and_its_report_scrolls(
    tmp_path: Path,
) -> None:
    engine, states = FakeEngine(), ["running"]
    whole = await engine.datasets_show("chest")
    unread = {"code": "text_check_failed", "count": 69, "sentence": "They were not read for text yet."}

    async def jobs() -> list[dict[str, Any]]:
        return [{"job": "j", "kind": "check_text", "subject": "dataset:chest", "state": states[0]}]

    async def show(name: str) -> dict[str, Any]:
        return {**whole, "dataset": name, "look_at": [unread] if states[0] == "running" else []}

    engine.jobs_list, engine.datasets_show = jobs, show  # type: ignore[method-assign]
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("dataset", name="chest")
        await shows(pilot, "They were not read")
        states[0] = "finished"
        await until(pilot, lambda: "They were not read" not in seen(app), why="the report without it")
        await pilot.press("pagedown")
        await until(pilot, lambda: app.screen.query_one("#report-side").scroll_y > 0, why="the rest of the report")


async def test_a_text_check_that_was_cancelled_is_asked_for_again_from_its_dataset(tmp_path: Path) -> None:
    engine, asked = FakeEngine(), list[str]()
    whole = await engine.datasets_show("chest")

    async def jobs() -> list[dict[str, Any]]:
        state = "running" if asked else "stopped"
        return [{"job": "j", "kind": "check_text", "subject": "dataset:chest", "state": state}]

    async def show(name: str) -> dict[str, Any]:
        return {**whole, "dataset": name, "text_waits": True}

    async def check(name: str, burned_in: str = "quarantine") -> dict[str, Any]:
        asked.append(name)
        return {"job": "j", "dataset": name}

    engine.jobs_list, engine.datasets_show, engine.datasets_check = jobs, show, check  # type: ignore
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("dataset", name="chest")
        await shows(pilot, "nothing reads them: e")
        await pilot.press("e")
        await until(pilot, lambda: asked == ["chest"], why="the check")
        await until(pilot, lambda: "nothing reads them" not in seen(app), why="the sentence to go")


async def test_a_job_behind_others_of_its_dataset_says_so_and_what_it_does_is_not_cut_off(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        line = app.screen.query_one(JobProgress)
        line.show("Adding to chest", {"state": "queued", "subject": "dataset:chest"})
        await shows(pilot, "Adding to chest  waits for other work on this dataset")
        line.show("Training", {"state": "queued", "subject": "run:first"})
        await shows(pilot, "waiting its turn")
        moved = {"done": 412, "total": 1024, "unit": "files", "say": "reading and writing"}
        line.show("Bringing in chest", {"state": "running", "progress": moved})
        await shows(pilot, "412 of 1,024 files  reading and writing")
