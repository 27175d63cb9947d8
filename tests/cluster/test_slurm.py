"""A training that a real Slurm runs is a run as any other: state, curves, log, pause, stop; it outlives its limits."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest

from medsynth_engine.engine import Engine
from medsynth_engine.jobs.books import read_beat
from medsynth_engine.jobs.process import Identity, alive
from medsynth_engine.jobs.slurm import words
from medsynth_engine.kernel.folders import JobFolder, RunFolder
from medsynth_engine.phantom import write as write_phantom

pytestmark = pytest.mark.slow
CLUSTER = """
[local]
time = "00:10:00"
margin = 30
gpus = 0
cpus = 1
memory = "500M"
ask = 0.5
"""
LONG = 10_000.0
T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


class Place:
    """A development store with a dataset of pictures and a cluster."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.engine = Engine(self.home)
        run(self.engine.init(development=True))
        run(self.engine.login("alice", "password123"))
        (self.home / "data" / "cluster.toml").write_text(CLUSTER)
        (self.home / "data" / "cluster.toml").chmod(0o600)
        source = write_phantom(folder / "hospital", 160, seed=3, size=32)
        asked = run(self.engine.datasets_add("chest", str(source / "images"), str(source / "metadata.csv")))
        run(self.engine.finish(asked["job"]))

    def train(self, name: str, kimg: float) -> dict[str, Any]:
        return run(self.engine.train("chest", name, "nano32", kimg=kimg, cluster="local"))

    def show(self, name: str) -> dict[str, Any]:
        return run(self.engine.runs_show(name))

    def job(self, job: str) -> str:
        return str(run(self.engine.jobs_show(job))["state"])

    def folder(self, name: str) -> RunFolder:
        return RunFolder(self.home / "data" / "runs" / name)

    def number(self, name: str) -> str:
        return str((self.show(name)["cluster"] or {}).get("job", ""))

    def until(self, name: str, reached: Callable[[dict[str, Any]], Any], seconds: float = 600) -> dict[str, Any]:
        end = time.monotonic() + seconds
        while not reached(shown := self.show(name)):
            said = (shown["state"], shown["cluster"], shown["error"], self.folder(name).log_tail(5))
            assert time.monotonic() < end, said
            assert shown["state"] != "failed", said
            time.sleep(0.3)
        return shown


@pytest.fixture(scope="module")
def place(slurm: None, tmp_path_factory: pytest.TempPathFactory) -> Place:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDSYNTH_THREADS", "1")
        return Place(tmp_path_factory.mktemp("cluster"))


def scontrol(*what: str) -> None:
    subprocess.run(["scontrol", *what], check=True, capture_output=True)


def events(folder: RunFolder) -> list[str]:
    return [str(line["what"]) for line in folder.metrics() if line["kind"] == "event"]


def test_a_run_waits_in_the_queue_and_can_be_taken_out_of_it(place: Place) -> None:
    scontrol("update", "PartitionName=short", "State=DOWN")
    try:
        asked = place.train("waits", LONG)
        shown = place.until("waits", lambda shown: (shown["cluster"] or {}).get("reason") == "PartitionDown")
        assert shown["state"] == "queued" and shown["cluster"]["state"] == "PENDING"
        assert shown["queued_behind"] == f"others on local (job {place.number('waits')}: PartitionDown)"
        assert run(place.engine.runs_stop("waits"))["state"] in ("queued", "stopped")
        place.until("waits", lambda shown: shown["state"] == "stopped")
        assert run(place.engine.finish(asked["job"]))["state"] == "stopped"
        assert [word.active for word in words(place.number("waits")) or []] == [False]
    finally:
        scontrol("update", "PartitionName=short", "State=UP")
    assert not place.folder("waits").generator.exists()


def test_a_run_trains_to_its_end_and_is_seen_as_any_other(full: None, place: Place) -> None:
    asked = place.train("whole", 0.4)
    done = run(place.engine.finish(asked["job"]))
    shown = place.show("whole")
    assert done["state"] == shown["state"] == "finished" and done["generator"]
    assert shown["cluster"]["cluster"] == "local" and shown["kimg"] > 0.3
    seen = run(place.engine.runs_watch("whole"))
    assert {"tick", "evaluation"} <= {line["kind"] for line in seen["records"]} and seen["samples"]
    assert any("Submitted to Slurm as job" in line for line in seen["log"])
    assert run(place.engine.weights_show("whole"))["name"] == "whole"
    digests = []
    for name, how in (("here", {}), ("there", {"cluster": "local", "processes": 2})):
        drawn = run(place.engine.finish(run(place.engine.generate(name, 600, run="whole", **how))["job"]))
        digests.append(run(place.engine.cohorts_show(name))["digest"])
        assert drawn["n"] == 600 and len(list((place.home / "data" / "cohorts" / name / "images").iterdir())) == 600
    assert digests[0] == digests[1]  # two jobs of an array drew the same bytes as one process here
    assert not list((place.home / "data" / "runs").glob(".drawing-*"))
    script = (place.folder("whole").path / "cluster.sh").read_text()
    assert "password" not in script and (place.folder("whole").path / "cluster.sh").stat().st_mode & 0o077 == 0


def test_a_run_outlives_its_time_limit_its_supervisor_and_a_pause(full: None, place: Place) -> None:
    asked = place.train("long", LONG)
    place.until("long", lambda shown: shown["kimg"] > 0)
    number = place.number("long")

    beat = read_beat(JobFolder(place.home / "data" / "jobs" / asked["job"])) or {}
    both = [Identity.from_document(beat.get(who)) for who in ("supervisor", "child")]
    for one in both:  # as when the machine that waits for it loses its power
        assert one is not None
        os.kill(one.pid, signal.SIGKILL)
    while any(alive(one) for one in both):
        time.sleep(0.05)
    place.until("long", lambda shown: shown["state"] == "running")
    assert place.number("long") == number  # the training over there was found again, not begun a second time

    subprocess.run(["scancel", "--batch", "--signal=USR1", number], check=True)  # what Slurm sends before the limit
    place.until("long", lambda shown: "resume" in events(place.folder("long")))
    shown = place.until("long", lambda shown: shown["state"] == "running" and shown["cluster"]["state"] == "RUNNING")
    assert shown["cluster"]["job"] == number and events(place.folder("long")).count("resume") == 1
    resumed = next(line for line in place.folder("long").metrics() if line.get("what") == "resume")
    assert resumed["kimg"] > 0
    assert any("The time limit is near" in line for line in place.folder("long").log_tail(50))

    place.until("long", lambda shown: shown["kimg"] > resumed["kimg"])
    run(place.engine.runs_pause("long"))
    place.until("long", lambda shown: shown["state"] == "paused" and place.job(asked["job"]) == "paused")
    run(place.engine.runs_resume("long"))
    place.until("long", lambda shown: place.number("long") != number and shown["cluster"]["state"] == "RUNNING")
    place.until("long", lambda shown: events(place.folder("long")).count("resume") == 2)
    run(place.engine.runs_stop("long"))
    place.until("long", lambda shown: shown["state"] == "stopped")
    assert run(place.engine.finish(asked["job"]))["generator"]
