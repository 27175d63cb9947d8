"""Two of the README's pictures, drawn from an evaluation as the engine once wrote it down; the third is of a training
(`test_whole_way.py`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import svg
from fake_engine import FakeEngine
from studio_people import log_in, shows, studio


class Evaluated(FakeEngine):
    """With a name that people have."""

    async def whoami(self) -> dict[str, Any]:
        return {**await super().whoami(), "name": "alice"}


async def test_the_pages_of_an_evaluation_are_as_the_readme_shows_them(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=Evaluated())
    async with app.run_test(size=(120, 40)) as pilot:
        await log_in(pilot, "alice", "some words")
        app.go("evidence", cohort="c1")
        await shows(pilot, "Fréchet ratio", 60)
        await pilot.press("2")
        await shows(pilot, "Who holds the data", 60)
        await pilot.pause()
        svg.keep_or_compare("privacy.svg", app, ["Privacy", "Who holds the data", "interval", "reads as"], tmp_path)
        await pilot.press("6")
        await shows(pilot, "before", 60)
        await pilot.pause()
        svg.keep_or_compare("groups.svg", app, ["Before/after", "group", "before", "after", "goal", "White"], tmp_path)
