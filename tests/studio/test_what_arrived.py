"""What arrived and what waits is said where one looks for it, and leads to the form or to the queue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fake_engine import LONG, FakeEngine
from hospital import build
from studio_people import fill, log_in, shows, studio, until
from studio_reviews import Reviewed

from medsynth_engine.kernel.errors import Denied
from medsynth_tui.screens.review import ReviewQueue
from medsynth_tui.widgets.choice import Choice
from medsynth_tui.widgets.field import Field


async def test_home_says_what_waits_and_leads_there(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=Reviewed())
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        await shows(pilot, "17 pictures wait for your review")
        await shows(pilot, "1 picture waits for a colleague's review")
        await shows(pilot, "2 arrivals in the drop box")
        await pilot.press("5")
        await until(pilot, lambda: isinstance(app.screen, ReviewQueue), why="the queue")


async def test_a_dataset_says_what_was_reviewed_and_leads_there(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=Reviewed())
    async with app.run_test(size=(120, 40)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("dataset", name=LONG)
        await shows(pilot, "Quarantined 20, undecided 17")
        await shows(pilot, "Reviewed: 3 accepted, 1 masked, 2 rejected")
        await pilot.press("v")
        await until(pilot, lambda: isinstance(app.screen, ReviewQueue), why="the queue")
        assert app.screen.dataset == LONG  # type: ignore[attr-defined]


async def test_the_drop_box_is_offered_and_what_is_chosen_travels(tmp_path: Path) -> None:
    asked: list[dict[str, Any]] = []

    class Scanning(FakeEngine):
        async def datasets_scan(self, **arguments: Any) -> dict[str, Any]:
            asked.append(arguments)
            raise Denied("not_now", "Not now.", "")

    app = studio(tmp_path, engine=Scanning())
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("upload")
        await shows(pilot, "Drop box")
        app.screen.query_one("#arrival", Choice).focus()
        await pilot.press("right")
        await until(pilot, lambda: app.screen.query_one("#path", Field).value.startswith("/srv/inbox/night-0"))
        assert app.screen.query_one("#name", Field).value.startswith("night-0")
        await fill(pilot, slices="middle:0")
        await pilot.press("f3")
        await shows(pilot, "all, first, middle")
        assert asked == []
        await fill(pilot, slices="middle:3")
        for place, key in (("burned_in", "m"), ("faces", "k"), ("dates", "s"), ("axis", "c")):
            app.screen.query_one(f"#{place}", Choice).focus()
            await pilot.press(key)
        await pilot.press("f3")
        await until(pilot, lambda: asked, why="the scan")
        wanted = {"slices": "middle:3", "burned_in": "mask", "faces": "keep", "dates": "shift", "axis": "coronal"}
        assert {key: asked[0][key] for key in wanted} == wanted
        await fill(pilot, path="/srv/people.csv")
        assert not app.screen.query_one("#slices").display and not app.screen.query_one("#axis").display


async def test_a_taken_name_asks_whether_this_is_more_of_it(store: Path, tmp_path: Path) -> None:
    hospital = build(tmp_path / "files", 30)
    app = studio(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "alice")
        for again in (False, True):
            app.go("upload")
            await shows(pilot, "Only rows where")
            await fill(pilot, path=str(hospital / "images"), metadata=str(hospital / "table.csv"), name="chest")
            await pilot.press("f3")
            await shows(pilot, "Nothing is stored yet", 60)
            await pilot.press("f6")
            if again:
                await shows(pilot, "There is a dataset chest already")
                await pilot.press("tab", "enter")
                await shows(pilot, "There is nothing new in it", 60)
            else:
                await shows(pilot, "Brought in", 60)
