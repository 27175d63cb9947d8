"""The README's recording is of the real program on made-up patients; `make recording` makes it anew, in minutes."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
import svg
from recording import Frame, check, recorded
from studio_people import log_in, seen, shows, studio

from medsynth_engine import phantom
from medsynth_engine.engine import Engine

NAME = "studio.svg"
SAYS = ["Where to", "Loss", "Copy risk", "Who holds the data", "The gate is closed", "made-up patients"]


def test_the_committed_recording_is_small_loads_nothing_and_says_that_its_patients_are_made_up() -> None:
    picture = (svg.PICTURES / NAME).read_text()
    check(picture, SAYS)
    assert len(re.findall(r'<g id="f\d+">', picture)) >= 5


def test_each_frame_is_shown_in_its_turn_and_the_first_again_after_the_last() -> None:
    begin = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 80 32" font-size="13" shape-rendering="crispEdges">'
    frames = [Frame(f"{begin}\n<text>{n}</text>\n</svg>\n", f"words & {n}", n + 1) for n in range(3)]
    picture = recorded(frames)
    check(picture, ["words & 0", "words & 2"])
    assert "@keyframes k0{0.000%{visibility:visible}16.667%{visibility:hidden}}" in picture
    assert "@keyframes k1{0%{visibility:hidden}16.667%{visibility:visible}50.000%{visibility:hidden}}" in picture
    assert picture.count("6s step-end infinite") == 3 and 'viewBox="0 0 80 60"' in picture


@pytest.mark.skipif(not svg.UPDATE, reason="a training of a minute, for make recording alone")
async def test_the_way_from_home_to_the_gate_is_recorded(store: Path, tmp_path: Path) -> None:
    phantom.write(tmp_path / "phantom", n=400)
    engine, files, frames = Engine(store), tmp_path / "phantom", []
    await engine.login("alice", "password123")
    begun = await engine.datasets_add("chest", str(files / "images"), str(files / "metadata.csv"))
    await engine.finish(begun["job"])
    app = studio(store)

    def take(words: str, seconds: float) -> None:
        frames.append(Frame(svg.take(app), words, seconds))

    async with app.run_test(size=(100, 30)) as pilot:
        await log_in(pilot, "alice")
        await pilot.pause()
        take("1  Home, after a login. All of this is by keyboard; the 400 patients are made-up patients.", 3)
        begun = await engine.train("chest", name="first", preset="nano32", minutes=1)
        app.go("run", name="first")
        await shows(pilot, "drawn at", 600)
        job = asyncio.create_task(engine.finish(begun["job"]))
        while not job.done() and len(frames) < 6:
            take("2  A training while it goes on: a look every twelve seconds (32 pixels, two cores).", 1.2)
            await asyncio.wait([job], timeout=12)
        await job
        await shows(pilot, "finished", 600)
        await pilot.pause()
        take("2  After a minute of training: curves, samples, and the copy risk.", 3)
        begun = await engine.generate("c1", 300, run="first", balance=["sex"])
        await engine.finish(begun["job"])
        begun = await engine.evaluate("c1")
        await engine.finish(begun["job"])
        app.go("evidence", cohort="c1")
        await shows(pilot, "Fréchet ratio", 600)
        await pilot.pause()
        take("3  What the evidence says of 300 drawn records: every number with interval and control.", 3.5)
        await pilot.press("2")
        await shows(pilot, "Who holds the data", 120)
        await pilot.pause()
        take("3  How private: too few held-out patients here, so the gauge stays grey and says so.", 3.5)
        app.go("export", cohort="c1")
        await shows(pilot, "The gate is closed", 120)
        await pilot.pause()
        assert "closed" in seen(app)
        take("4  The gate: what keeps it from leaving, and what to do about each.", 5)
    engine.close()
    picture = recorded(frames)
    check(picture, SAYS)
    (svg.PICTURES / NAME).write_text(picture)
