"""A run that rests: drawing from it says what would give it a generator, and stopping it keeps its best."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from sqlmodel import select

from db.ledger import Ledger
from db.tables import Dataset, Run, User, Weights
from medsynth_engine.engine import Engine
from medsynth_engine.gan import weights
from medsynth_engine.gan.conditions import Categorical, Vocabulary
from medsynth_engine.gan.networks import Architecture, Generator
from medsynth_engine.kernel.atomic import file_digest
from medsynth_engine.kernel.folders import RunFolder
from medsynth_engine.operations import cohorts


def test_a_paused_run_with_a_best_generator_says_how_to_get_at_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cohorts, "run_state", lambda call, run, folder: folder.state()["state"])
    call = SimpleNamespace(home=SimpleNamespace(runs=tmp_path))
    run = SimpleNamespace(folder="second", name="second")
    folder = RunFolder(tmp_path / "second")
    folder.create()
    folder.set_state("paused")
    assert cohorts._no_generator(call, run).hint == "See: medsynth runs show second"
    folder.checkpoints.mkdir(exist_ok=True)
    (folder.checkpoints / "best.pth").write_bytes(b"a generator")
    refused = cohorts._no_generator(call, run)
    assert refused.exit_code == 7 and "medsynth runs resume second" in refused.hint
    assert "medsynth runs stop second" in refused.hint


def resting(home: Path, best: bool) -> tuple[Engine, RunFolder]:
    """A real run of alice's that was paused, with the best generator that it had measured."""
    engine = Engine(home)
    asyncio.run(engine.init(development=True))
    with Ledger.open(home / "data" / "medsynth.sqlite3") as ledger, ledger.write() as change:
        alice = change.session.exec(select(User).where(User.name == "alice")).one()
        dataset = Dataset(name="chest", owner_id=alice.id, folder="chest-v1", digest="d")
        change.session.add(dataset)
        change.session.flush()
        row = Run(name="r1", dataset_id=dataset.id, owner_id=alice.id, state="paused", preset="nano32", folder="r1")
        change.session.add(row)
        change.record(actor="alice", action="test.write")
    folder = RunFolder(home / "data" / "runs" / "r1")
    folder.checkpoints.mkdir(parents=True)
    folder.set_state("paused")
    if best:
        torch.manual_seed(0)
        generator = Generator(Architecture((16, 12, 8), 1, 1), Vocabulary((Categorical("finding", ("a",), (30,)),), ()))
        info = {"preset": "nano32", "kimg": 3.5, "fd_ratio_validation": 4.2, "training_digest": "ab"}
        weights.save(folder.checkpoints / "best.pth", weights.document(generator, info, None))
    asyncio.run(engine.login("alice", "password123"))
    return engine, folder


def test_a_resting_run_that_is_stopped_leaves_its_best_generator(tmp_path: Path) -> None:
    engine, folder = resting(tmp_path, best=True)
    shown = asyncio.run(engine.runs_stop("r1"))
    assert shown["state"] in ("queued", "paused", "running", "stopped")
    end = time.monotonic() + 120
    while not (tmp_path / "weights" / "r1.pth").exists():
        assert time.monotonic() < end, asyncio.run(engine.jobs_list())
        time.sleep(0.2)
    with Ledger.open(tmp_path / "data" / "medsynth.sqlite3") as ledger:
        while asyncio.run(engine.jobs_list())[0]["state"] != "finished":
            assert time.monotonic() < end
            time.sleep(0.2)
        with ledger.read() as session:
            run, kept = session.exec(select(Run)).one(), session.get_one(Weights, "r1")
    assert run.state == "stopped" and run.generator_digest == kept.digest == file_digest(folder.generator)
    shown = asyncio.run(engine.runs_show("r1"))
    assert shown["state"] == "stopped" and shown["kept"]["kimg"] == 3.5
    assert weights.load(folder.generator).info["fd_ratio_validation"] == 4.2


def test_a_resting_run_that_has_measured_nothing_is_just_stopped(tmp_path: Path) -> None:
    engine, folder = resting(tmp_path, best=False)
    assert asyncio.run(engine.runs_stop("r1"))["state"] == "stopped"
    assert not folder.generator.exists() and asyncio.run(engine.jobs_list()) == []
