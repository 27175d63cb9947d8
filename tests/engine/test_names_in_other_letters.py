"""Names that differ in upper and lower case alone are one name, also where the two come at the same time."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlmodel import select

from db.ledger import Ledger
from db.tables import Cohort, Dataset, Job, Run, User
from medsynth_engine.engine import Engine
from medsynth_engine.kernel.atomic import write_json
from medsynth_engine.kernel.errors import Busy
from medsynth_engine.kernel.folders import JobFolder
from medsynth_engine.operations import cohort_import, cohorts, found_weights
from medsynth_engine.work import generate, import_cohort
from medsynth_engine.work.desk import Desk


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A store with a dataset's row and a run r1."""
    made = Engine(tmp_path_factory.mktemp("store") / "home")
    asyncio.run(made.init(development=True))
    asyncio.run(made.login("alice", "password123"))
    with Ledger.open(made.home_folder.ledger) as ledger, ledger.write() as change:
        alice = change.session.exec(select(User).where(User.name == "alice")).one().id
        change.session.add(Dataset(id="d", name="chest", owner_id=alice, folder="chest-v1", digest="d" * 64))
        change.session.flush()
        change.session.add(Run(name="r1", dataset_id="d", owner_id=alice, preset="tiny64", folder="r1"))
        change.record(actor="alice", action="test.rows")
    return made


@pytest.fixture
def engine(store: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Its jobs are not launched."""
    monkeypatch.setenv("MEDSYNTH_HOME", str(store.home_folder.root))
    for room in (cohorts, cohort_import, found_weights):
        monkeypatch.setattr(room, "launch", lambda call, job: None)
    return store


def asked(engine: Engine, name: str, tmp_path: Path, imported: bool) -> str:
    """The job that makes a cohort."""
    if imported:
        return asyncio.run(engine.cohorts_import(name, str(tmp_path), "chest"))["job"]
    return asyncio.run(engine.generate(name, 10, dataset="chest"))["job"]


def rows(engine: Engine, table: type) -> list[Any]:
    with Ledger.open(engine.home_folder.ledger) as ledger, ledger.read() as session:
        return list(session.exec(select(table)))


def made(engine: Engine, job: str) -> None:
    """What a job does once its cohort's folder is written."""
    desk = Desk(JobFolder(engine.home_folder.jobs / job))
    folder = engine.home_folder.cohorts / desk.arguments["cohort"]
    folder.mkdir()
    pd.DataFrame({"sex": ["F", "M"]}).to_parquet(folder / "metadata.parquet")
    write_json(folder / "cohort.json", {"format": 1})
    facts = {"n": 2, "images": False, "imported": True, "left_out": [], "warnings": []}
    if job.startswith("import"):
        import_cohort._commit(desk, {"columns": []}, folder, facts)
    else:
        generate._commit(desk, desk.arguments, {"columns": []}, folder, facts)


@pytest.mark.parametrize(("imported", "names"), [(False, ("c1", "C1")), (True, ("D2", "d2"))])
def test_of_two_cohorts_in_other_letters_that_are_asked_for_at_once_one_comes_into_being(
    engine: Engine, tmp_path: Path, imported: bool, names: tuple[str, str]
) -> None:
    first, second = (asked(engine, name, tmp_path, imported) for name in names)
    queues = {job.queue for job in rows(engine, Job) if job.id in (first, second)}
    assert len(queues) == 1 and None not in queues
    made(engine, first)
    with pytest.raises(Busy) as refused:
        made(engine, second)
    assert repr(names[0]) in refused.value.message and "lower case" in refused.value.hint
    assert [row.name for row in rows(engine, Cohort) if row.name in names] == [names[0]]


def test_a_file_under_the_name_of_a_run_in_other_letters_is_not_looked_at_as_a_new_generator(engine: Engine) -> None:
    for name in ("R1", "r9"):
        path = engine.home_folder.weights / f"{name}.pth"
        path.write_bytes(b"x")
        os.utime(path, (time.time() - 60,) * 2)
    asyncio.run(engine.home())
    assert [job.subject for job in rows(engine, Job) if job.kind == "import_weights"] == ["generator:r9"]
