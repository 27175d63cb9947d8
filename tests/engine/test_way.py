"""From a folder of images to a release, through the engine with real jobs; and the ways that must stay closed."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest

from db import migrate
from medsynth_engine.engine import Engine
from medsynth_engine.kernel.errors import BadInput, Denied, MedSynthError, NotFound, Refused
from medsynth_engine.phantom import write as write_phantom

pytestmark = pytest.mark.slow
SEARCH = """
import pathlib, sys
home, names = pathlib.Path(sys.argv[1]), [name.encode() for name in sys.argv[2:]]
for path in home.rglob("*"):
    content = path.read_bytes() if path.is_file() else b""
    if any(b"_" + name in content or name + b"_" in content for name in names):
        print(path.name)
"""
PASSWORD = "four words are quite long"
T = TypeVar("T")
ENOUGH = 120
"""Seconds that a training may take to begin: it takes some, and many times that on a busy machine."""


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


async def _done(engine: Engine, asked: dict[str, Any]) -> dict[str, Any]:
    return await engine.finish(asked["job"])


async def _learns(engine: Engine, name: str) -> bool:
    return any(each.get("kind") == "tick" for each in (await engine.runs_watch(name))["records"])


async def _runs(engine: Engine, name: str) -> bool:
    return bool((await engine.runs_show(name))["state"] == "running")


async def _until(there: Callable[[Engine, str], Coroutine[Any, Any, bool]], engine: Engine, name: str) -> None:
    """Wait until something is so of a run; where the run ends before, or it takes too long, the test says so."""
    deadline = time.monotonic() + ENOUGH
    while True:
        state = (await engine.runs_show(name))["state"]  # before the rest is asked: what ends meanwhile may be there
        if await there(engine, name):
            return
        assert state not in ("finished", "stopped", "failed"), f"{name} ended before: {state}"
        assert time.monotonic() < deadline, f"{name} is {state} after {ENOUGH} seconds"
        await asyncio.sleep(0.2)


class World:
    """A production store with two researchers, an admin and an auditor, and a cohort that is drawn and evaluated."""

    def __init__(self, home: Path, source: Path) -> None:
        self.home, self.source = home, source
        run(self._people())
        run(self._cohort())

    async def _people(self) -> None:
        made = await Engine(self.home).init(admin="root")
        (self.home / "data" / "pseudonym.key").write_bytes(bytes(range(32)))  # the same patients are held out each time
        await Engine(self.home).activate("root", made["activation"]["code"], PASSWORD)
        root = Engine(self.home)
        await root.login("root", PASSWORD)
        await root.settings_set("confirm_minutes", "60")  # a busy machine may take the module's tests long
        self.tokens = {"root": root.token}
        for name, role in (("ann", "researcher"), ("ben", "researcher"), ("eve", "auditor"), ("chief", "admin")):
            code = (await root.users_add(name, role))["code"]
            await Engine(self.home).activate(name, code, PASSWORD)
            engine = Engine(self.home)
            await engine.login(name, PASSWORD)
            self.tokens[name] = engine.token

    def of(self, name: str) -> Engine:
        return Engine(self.home, self.tokens[name])

    async def _cohort(self) -> None:
        ann = self.of("ann")
        images, table = str(self.source / "images"), str(self.source / "metadata.csv")
        self.intake = await _done(ann, await ann.datasets_add("chest", images, table))
        await _done(ann, await ann.train("chest", name="r1", preset="nano32", kimg=0.4))
        self.drawn = await _done(ann, await ann.generate("c1", 120, run="r1", balance=["sex"]))
        self.judged = await _done(ann, await ann.evaluate("c1"))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("way")
    return World(folder / "home", write_phantom(folder / "hospital", 360, seed=3, size=32))


def test_the_counts_add_up_and_no_name_is_in_any_byte_of_the_store(world: World) -> None:
    counts = world.intake
    assert counts["submitted"] == counts["accepted"] + counts["quarantined"] + counts["rejected"] == 360
    lines = (world.source / "metadata.csv").read_text().splitlines()[1:]
    names = {line.split(",")[0].split("_")[0].encode() for line in lines}
    planted = {name for name in names if len(name) > 5}
    assert planted
    # In a process of its own: opening and closing the ledger's file here would drop SQLite's locks on it.
    found = subprocess.run(
        [sys.executable, "-c", SEARCH, str(world.home), *sorted(name.decode() for name in planted)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout == ""


def test_what_was_asked_for_is_what_was_drawn(world: World) -> None:
    shown = run(world.of("ann").cohorts_show("c1"))
    assert shown["composition"]["sex"] == {"F": 60, "M": 60}
    assert shown["target"]["sex"] == {"F": 0.5, "M": 0.5}
    assert {"cohort", "n", "path", "seconds", "images_per_second"} <= set(world.drawn)


def test_an_unchanged_cohort_is_judged_once_and_then_shown_at_once(world: World) -> None:
    began = time.process_time()
    again = run(world.of("ann").evaluate("c1"))
    assert time.process_time() - began < 1
    assert (again["job"], again["cached"], world.judged["cached"]) == (None, True, False)
    assert {**again, "cached": False} == {**world.judged, "job": None}


def test_another_researcher_gets_nowhere(world: World) -> None:
    ben = world.of("ben")
    ways = (
        ben.datasets_show("chest"),
        ben.datasets_gallery("chest"),
        ben.datasets_remove("chest"),
        ben.train("chest"),
        ben.runs_show("r1"),
        ben.generate("mine", 5, run="r1"),
        ben.generate("mine", 5, weights="r1"),
        ben.cohorts_show("c1"),
        ben.cohorts_gallery("c1"),
        ben.evaluate("c1"),
        ben.evaluation_show("c1"),
        ben.pia_draft("c1"),
        ben.pia_draft("generator:r1"),
        ben.export("c1"),
        ben.report("c1"),
    )
    for way in ways:
        with pytest.raises((Denied, NotFound)) as refused:
            run(way)
        shared = "dataset" in refused.value.message
        assert refused.value.code != "not_yours" or ("share it with you" in refused.value.hint) == shared
    assert run(ben.datasets_list()) == run(ben.cohorts_list()) == run(ben.runs_list()) == []


def test_nothing_leaves_before_it_is_signed_by_somebody_else_and_then_exactly_that(world: World) -> None:
    ann, eve = world.of("ann"), world.of("eve")
    with pytest.raises(Refused) as refused:
        run(ann.export("c1"))
    assert {"code", "why", "what_to_do"} == set(refused.value.reasons[0])
    run(ann.pia_draft("c1"))
    run(ann.pia_submit("c1"))
    run(eve.pia_opinion("c1", True, "read it"))
    with pytest.raises(Denied, match="issued or reset"):
        run(world.of("root").pia_approve("c1"))  # root made ann's account
    assert run(world.of("chief").pia_approve("c1"))["state"] == "approved"
    released = run(_done(ann, run(ann.export("c1"))))
    assert Path(released["path"]).is_dir()
    assert run(eve.releases_list())[0]["release"] == released["release"]

    picture = next((Path(world.drawn["path"]) / "images").glob("*.png"))
    original = picture.read_bytes()
    picture.write_bytes(original + b"more")
    with pytest.raises(Refused) as refused:
        run(_done(ann, run(ann.export("c1"))))
    picture.write_bytes(original)
    assert [reason["code"] for reason in refused.value.reasons] == ["cohort_changed"]


def test_a_stopped_training_can_be_drawn_from_and_a_paused_one_goes_on(world: World) -> None:
    ann = world.of("ann")

    async def pause_and_go_on() -> dict[str, Any]:
        started = await ann.train("chest", name="r2", preset="nano32", kimg=40)
        await _until(_learns, ann, "r2")
        await ann.runs_pause("r2")
        async for job in ann.follow(started["job"]):
            last = job["state"]
        assert (last, (await ann.runs_show("r2"))["state"]) == ("paused", "paused")
        resumed = await ann.runs_resume("r2")
        await _until(_runs, ann, "r2")
        await ann.runs_stop("r2")
        await ann.finish(resumed["job"])
        return await ann.runs_show("r2")

    assert run(pause_and_go_on())["state"] == "stopped"
    assert run(_done(ann, run(ann.generate("c2", 10, run="r2"))))["n"] == 10


def test_weights_of_this_store_are_known_again_and_a_broken_file_is_refused(world: World, tmp_path: Path) -> None:
    ann = world.of("ann")
    away = tmp_path / "back.pth"
    away.write_bytes((world.home / "weights" / "r1.pth").read_bytes())
    run(_done(ann, run(ann.weights_import(str(away), "again"))))
    assert {weights["name"] for weights in run(ann.weights_list())} >= {"r1", "again"}
    away.write_bytes(away.read_bytes()[:-100])
    with pytest.raises(BadInput, match="cannot be used"):
        run(_done(ann, run(ann.weights_import(str(away), "cut"))))


def test_a_simulated_run_says_so_and_gives_nothing(world: World) -> None:
    ann = world.of("ann")

    async def begin_and_stop() -> dict[str, Any]:
        started = await ann.train("chest", name="play", kimg=0.2, simulated=True)
        await _until(_learns, ann, "play")
        await ann.runs_stop("play")
        await ann.finish(started["job"])
        return await ann.runs_show("play")

    shown = run(begin_and_stop())
    assert (shown["simulated"], shown["state"]) == (True, "stopped")
    with pytest.raises(BadInput, match="simulated"):
        run(ann.generate("never", 5, run="play"))


def test_every_change_is_in_a_chain_that_shows_a_touched_record(world: World, tmp_path: Path) -> None:
    assert run(world.of("eve").audit_verify())["ok"]
    copy = tmp_path / "copy.sqlite3"
    migrate.copy(world.home / "data" / "medsynth.sqlite3", copy)
    ledger = sqlite3.connect(copy)
    for (name,) in ledger.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        ledger.execute(f"DROP TRIGGER {name}")
    ledger.execute("UPDATE audit SET actor = 'nobody' WHERE seq = 5")
    ledger.commit()
    assert not run(world.of("eve").audit_verify_file(str(copy)))["ok"]
    details = [json.dumps(record) for record in run(world.of("root").audit_list(limit=500))["records"]]
    assert not [text for text in details if str(world.source) in text]


def test_removing_a_dataset_takes_its_folds_and_lists_what_remains(world: World) -> None:
    removed = run(world.of("ann").datasets_remove("chest"))
    assert "r1" in removed["remains"]["generators"] and "c1" in removed["remains"]["cohorts"]
    assert not (world.home / "data" / "runs" / "r1" / "train.npz").exists()
    with pytest.raises(MedSynthError):
        run(world.of("ann").datasets_show("chest"))
