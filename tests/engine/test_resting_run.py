"""A run that rests: drawing from it says what would give it a generator, and stopping it keeps its best.

Of a file that a person had put among the generators under its name, nothing is lost.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

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
from medsynth_engine.operations.declare import Recorded
from medsynth_engine.work import finish_run
from medsynth_engine.work.promote_run import promote


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


def finish(engine: Engine, ledger: Ledger) -> Any:
    """The end of run r1, as its job does it, in this process."""

    @contextmanager
    def commit(action: str, object_: str, **detail: Any) -> Iterator[Recorded]:
        with ledger.write() as change:
            yield Recorded(change.session, change, object_, detail)
            change.record(actor="alice", action=action, object_=object_)

    with ledger.read() as session:
        arguments = {"run": "r1", "run_id": session.exec(select(Run)).one().id}
    desk: Any = SimpleNamespace(home=engine.home_folder, ledger=ledger, arguments=arguments, commit=commit)
    return finish_run.work(desk)


def test_a_run_that_ends_keeps_what_somebody_put_under_its_name_and_replaces_its_own(tmp_path: Path) -> None:
    engine, folder = resting(tmp_path, best=True)
    promote(folder)
    theirs = engine.home_folder.weights / "r1.pth"
    theirs.write_bytes(b"by hand")
    with Ledger.open(engine.home_folder.ledger) as ledger:
        first = finish(engine, ledger)["generator"]
        assert file_digest(theirs) == first == file_digest(folder.generator)
        (aside,) = (path for path in theirs.parent.iterdir() if path != theirs and path.is_file())
        assert aside.read_bytes() == b"by hand" and aside.suffix != ".pth"  # no generator that would be taken in
        assert aside.name in folder.log_file.read_text()
        torch.manual_seed(1)
        other = Generator(Architecture((16, 12, 8), 1, 1), Vocabulary((Categorical("finding", ("a",), (30,)),), ()))
        document = weights.document(other, {"preset": "nano32", "kimg": 9.0, "training_digest": "ab"}, None)
        weights.save(folder.generator, document)  # it was resumed and ended better, by a version that says less of it
        second = finish(engine, ledger)["generator"]
        with ledger.read() as session:
            row = session.get_one(Weights, "r1")
            assert row.digest == second != first and row.document["kimg"] == 9.0
    assert file_digest(theirs) == second and len([path for path in theirs.parent.iterdir() if path.is_file()]) == 2
