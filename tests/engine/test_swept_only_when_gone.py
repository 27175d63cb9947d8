"""What is swept is gone for everybody: nothing that lives, or is just being made, under a name that was free again."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from pathlib import Path

import pytest
from sqlmodel import Session, select

from db.ledger import Ledger
from db.tables import Cohort, Dataset, Job, Run, User, now
from medsynth_engine.engine import Engine
from medsynth_engine.kernel.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    asyncio.run(Engine(made.root).init(development=True))
    with Ledger.open(made.ledger) as ledger, ledger.write() as change:
        alice = owner(change.session)
        change.session.add(Dataset(id="d", name="d", owner_id=alice, folder="d-v1", digest="d" * 64))
        change.record(actor="alice", action="test.dataset")
    return made


def owner(session: Session) -> str:
    return session.exec(select(User).where(User.name == "alice")).one().id


def put(home: Home, *kinds: type, name: str, state: str = "removed") -> None:
    """Rows of a run or a cohort whose folder is called `name`."""
    with Ledger.open(home.ledger) as ledger, ledger.write() as change:
        facts = {"dataset_id": "d", "owner_id": owner(change.session), "folder": name, "state": state}
        called = name if state != "removed" else f"{name}~old"
        for kind in kinds:
            more = {"preset": "tiny64"} if kind is Run else {"n": 5, "digest": "x"}
            change.session.add(kind(name=called, **facts, **more))
        change.record(actor="alice", action="test.row")


def job(home: Home, kind: str, subject: str, state: str) -> Path:
    folder = home.jobs / f"{kind}-0001"
    folder.mkdir()
    with Ledger.open(home.ledger) as ledger, ledger.write() as change:
        change.session.add(
            Job(id=folder.name, kind=kind, actor_id=owner(change.session), subject=subject, arguments_digest="x",
                expires_at=now(), state=state, folder=folder.name)
        )  # fmt: skip
        change.record(actor="alice", action="test.job")
    return folder


def look(home: Home) -> None:
    """What anybody's home screen does."""
    engine = Engine(home.root)
    asyncio.run(engine.login("alice", "password123"))
    asyncio.run(engine.home())


def test_what_a_killed_removal_left_goes_also_where_one_file_is_all(home: Home) -> None:
    put(home, Run, Cohort, name="x1")
    put(home, Run, name="r2", state="finished")
    with Ledger.open(home.ledger) as ledger, ledger.write() as change:
        change.session.get_one(Dataset, "d").state = "removed"
        change.record(actor="alice", action="test.removed")
    (home.runs / "r2" / "checkpoints").mkdir(parents=True)
    (home.runs / "r2" / "train.npz").write_bytes(b"real images")
    (home.runs / ".trash-killed-before").write_bytes(b"real images")
    for folder in (home.runs / "x1", home.cohorts / "x1"):
        folder.mkdir()
    look(home)
    assert [path.relative_to(home.runs).as_posix() for path in home.runs.rglob("*")] == ["r2"]
    assert list(home.cohorts.iterdir()) == []


def test_a_run_that_is_just_being_committed_under_a_free_name_lives(home: Home) -> None:
    put(home, Run, name="r1")
    (home.runs / "r1").mkdir()
    with Ledger.open(home.ledger) as ledger, ledger.write() as change:
        change.session.add(Run(name="r1", dataset_id="d", owner_id=owner(change.session), preset="tiny64", folder="r1"))
        looking = threading.Thread(target=look, args=(home,))
        looking.start()
        looking.join(1.5)
        assert (home.runs / "r1").exists()
        change.record(actor="alice", action="test.imported")
    looking.join()
    assert (home.runs / "r1").exists()


@pytest.mark.parametrize("state", ["running", "failed"])
def test_a_cohort_whose_job_is_under_way_lives_and_what_a_failed_one_left_goes(home: Home, state: str) -> None:
    put(home, Cohort, name="c1")
    job(home, "generate", "cohort:C1", state)
    half = home.cohorts / ".staging-c1"
    for folder in (home.cohorts / "c1", half):
        folder.mkdir()
    os.utime(half, (time.time() - 40 * 86400,) * 2)
    from medsynth_engine.operations import removal

    with Ledger.open(home.ledger) as ledger, ledger.read() as session:
        assert len(removal._gone(home, session)) == (2 if state == "failed" else 0)


def test_where_a_disk_takes_two_spellings_for_one_folder_the_living_one_stays(home: Home) -> None:
    put(home, Run, name="R1")
    put(home, Run, name="r1", state="finished")
    (home.runs / "r1").mkdir()
    (home.runs / "R1").symlink_to(home.runs / "r1")  # as such a disk would answer
    look(home)
    assert (home.runs / "r1").is_dir()
    (home.runs / "R1").unlink()
    (home.runs / "R1").mkdir()
    look(home)
    assert [path.name for path in home.runs.iterdir()] == ["r1"]


def test_readable_images_of_a_killed_bundle_go_and_those_of_a_living_one_stay(home: Home) -> None:
    folder = job(home, "bundle", "dataset:d", "interrupted")
    images = folder / "bundle" / "run" / "train.npz"
    images.parent.mkdir(parents=True)
    images.write_bytes(b"real images")
    look(home)
    assert not images.exists() and list(home.jobs.rglob("*.npz")) == []
    with Ledger.open(home.ledger) as ledger, ledger.write() as change:
        change.session.get_one(Job, folder.name).state = "running"
        change.record(actor="alice", action="test.job")
    images.parent.mkdir(parents=True)
    images.write_bytes(b"real images")
    from medsynth_engine.operations import removal

    with Ledger.open(home.ledger) as ledger, ledger.read() as session:
        assert removal._gone(home, session) == []


def test_what_was_broken_off_is_swept_or_told_by_the_doctor_and_what_is_under_way_is_neither(home: Home) -> None:
    half = ".partial-0123456789ab-state.json"
    swept = [folder / half for folder in (home.datasets, home.runs, home.cohorts, home.jobs)]
    swept += [folder / ".staging-killed" for folder in (home.cohorts, home.runs)]
    told = [home.data / ".partial-killed", home.datasets / ".staging-elsewhere-v1"]
    young = home.cohorts / ".staging-young"
    for path in (*swept, *told, young):
        inside = path / "images" / "0000001.png" if "." not in path.name[1:] else path
        inside.parent.mkdir(parents=True, exist_ok=True)
        inside.write_bytes(b"x")
        for each in {inside, inside.parent, path}:
            os.utime(each, (time.time() - 40 * 86400,) * 2)
    (young / "images" / "0000002.png").write_bytes(b"a picture that came just now")
    look(home)
    assert [path.name for path in swept if path.exists()] == []
    assert [path for path in (*told, young) if not path.exists()] == []
    checks = asyncio.run(Engine(home.root).doctor())["checks"]
    (left,) = [check for check in checks if check["name"] == "leftovers"]
    assert not left["ok"] and left["says"].startswith("2 ")
