"""Home with more news than the window shows: page keys turn them, and the menu keeps every other key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fake_engine import FakeEngine
from studio_people import log_in, seen, shows, studio, until


class Busy(FakeEngine):
    async def home(self) -> dict[str, Any]:
        done = [{"job": f"k{each}", "kind": "evaluate", "subject": f"cohort:c{each}", "at": None} for each in range(40)]
        return {**await super().home(), "done": done}


async def test_page_keys_turn_the_news_which_say_that_there_are_more(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=Busy())
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        await shows(pilot, "more: PgDn")
        assert "Newest cohorts" not in seen(app)
        for _ in range(4):
            await pilot.press("pagedown")
        await until(pilot, lambda: "Newest cohorts" in seen(app))
        await pilot.press(*["pageup"] * 4)
        await until(pilot, lambda: "Newest cohorts" not in seen(app))
        await pilot.press("1")
        await shows(pilot, "Datasets")


async def test_where_all_of_it_is_seen_nothing_is_said_of_more(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(120, 60)) as pilot:
        await log_in(pilot, "somebody", "some words")
        await shows(pilot, "Newest cohorts")
        assert "PgDn" not in seen(app)
