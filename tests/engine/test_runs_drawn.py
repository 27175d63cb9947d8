"""What a run tells of itself is enough to draw and compare it, and only its owner is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from review_store import World, run

from medsynth_engine.kernel.atomic import write_json
from medsynth_engine.kernel.errors import Denied
from medsynth_engine.kernel.folders import RunFolder
from medsynth_engine.kernel.home import Home
from medsynth_engine.simulated import TICKS, simulate


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Ann and Ben have pictures, and no job of theirs begins by itself."""
    monkeypatch.setattr("medsynth_engine.operations.runs.launch", lambda call, job: None)
    monkeypatch.setattr("medsynth_engine.jobs.watch.launch", lambda home, job: None)
    world = World(tmp_path / "home", ("ann", "ben"))
    for name in ("ann", "ben"):
        summary = {"schema": {"image": {"channels": 1}}, "patients": 2_000}
        world.dataset(f"chest-{name}", name, {}, summary=summary)
    return world


def test_a_runs_story_is_told_to_its_owner_with_its_batch_and_to_nobody_else(world: World) -> None:
    ann, ben = world.of("ann"), world.of("ben")
    run(ann.train("chest-ann", name="first", simulated=True))
    run(ben.train("chest-ben", name="second", simulated=True))
    folder = RunFolder(Home(world.home).runs / "first")
    assert run(ann.runs_watch("first"))["images_per_step"] is None, "there is no plan yet"
    write_json(folder.path / "plan.json", {"batch": 32})
    left = iter([True] * 9 + [False])
    assert simulate(folder.path, lambda: next(left), seconds=0.1) == "interrupted"
    assert simulate(folder.path, seconds=0.1) == "finished"
    told = run(ann.runs_watch("first"))
    assert told["images_per_step"] == 32
    ticks = [each["kimg"] for each in told["records"] if each["kind"] == "tick"]
    assert len(ticks) == TICKS and ticks == sorted(ticks)
    events = [each["what"] for each in told["records"] if each["kind"] == "event"]
    assert {"checkpoint", "resume", "best", "finish"} <= set(events)
    assert told["best"] == run(ann.runs_show("first"))["best"], "the one that is kept"
    with pytest.raises(Denied) as refused:
        run(ben.runs_watch("first"))
    assert refused.value.code == "not_yours", "as the comparison of runs expects it"
    assert [each["run"] for each in run(ben.runs_list())] == ["second"]


def test_last_is_what_was_measured_last_and_best_is_what_is_kept(world: World) -> None:
    ann = world.of("ann")
    run(ann.train("chest-ann", name="first", simulated=True))
    folder = RunFolder(Home(world.home).runs / "first")
    assert run(ann.runs_watch("first"))["best"] is None
    for kimg, ratio in ((0.0, 5.8), (0.032, 15.8), (0.064, 21.0)):
        folder.append(kind="evaluation", kimg=kimg, seconds=kimg, fd_ratio_validation=ratio, copying=not kimg)
    folder.append(kind="event", what="finish", kimg=0.064, seconds=1.0, best_kimg=0.032, fd_ratio_validation=15.8)
    kept = {"kimg": 0.032, "fd_ratio_validation": 15.8}
    folder.set_state("finished", kept={"generator": "best", **kept, "why": "The best."})
    shown = run(ann.runs_show("first"))
    assert shown["best"] == kept == run(ann.runs_watch("first"))["best"], "the least ratio looked like copies"
    assert shown["metrics"]["fd_ratio_validation"] == 21.0
    assert "best_kimg" not in shown["metrics"], "an event measures nothing"
