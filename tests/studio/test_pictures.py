"""The README's pictures: two are drawn from an evaluation as the engine once wrote it down, the third is of a real
training, which takes minutes and is done by `make pictures` alone (`test_whole_way.py` compares with it)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import svg
from fake_engine import FakeEngine
from studio_people import log_in, shows, studio

from medsynth_engine import phantom
from medsynth_engine.engine import Engine


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


@pytest.mark.skipif(not svg.UPDATE, reason="a training of two minutes, for make pictures alone")
async def test_a_training_on_made_up_patients_is_drawn_for_the_readme(store: Path, tmp_path: Path) -> None:
    phantom.write(tmp_path / "phantom", n=400)
    engine = Engine(store)
    await engine.login("alice", "password123")
    files = tmp_path / "phantom"
    begun = await engine.datasets_add("chest", str(files / "images"), str(files / "metadata.csv"))
    await engine.finish(begun["job"])
    begun = await engine.train("chest", name="first", preset="nano32", minutes=2)
    await engine.finish(begun["job"])
    engine.close()
    app = studio(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await log_in(pilot, "alice")
        app.go("run", name="first")
        await shows(pilot, "drawn at", 120)
        await shows(pilot, "Copy risk", 120)
        await pilot.pause()
        svg.keep_or_compare("run.svg", app, ["MedSynth", "Loss", "Accuracy", "Fréchet", "Copy risk"], tmp_path)
