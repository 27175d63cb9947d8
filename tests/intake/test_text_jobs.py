"""Through the engine with real jobs: what an intake brought in is read, masked or held back, and reviewed."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlmodel import select
from text_pieces import film, mixed, source, written

from db.ledger import Ledger
from db.tables import Dataset, Job, Review, Run, User
from medsynth_engine.engine import Engine
from medsynth_engine.intake.dataset import Dataset as Folder
from medsynth_engine.jobs.start import launch, start
from medsynth_engine.kernel.errors import MedSynthError
from medsynth_engine.kernel.home import Home
from medsynth_engine.operations.jobs import step

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("readers_that_wait_for_nobody")]
T = TypeVar("T")
UNKNOWN_AT_FIRST = ("text", "readable")
"""What a dataset's summary did not say before there was a text check."""
SEARCH = """
import pathlib, sys
for path in pathlib.Path(sys.argv[1]).rglob("*"):
    content = path.read_bytes() if path.is_file() else b""
    if any(word in content for word in (b"MARLOWE", b"12/03/1957")):
        print(path.name)
"""


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


class World:
    """A development store in which alice brings in ten films, two of them with text."""

    def __init__(self, folder: Path, like: World | None = None) -> None:
        self.home = Home(folder / "home")
        self.source = source(folder / "films", mixed())
        if like is not None:
            shutil.copytree(like.home.root, self.home.root)
            self.token = like.token
            return
        run(Engine(self.home.root).init(development=True))
        self.token = run(Engine(self.home.root).login("alice", "password123"))["token"]

    def ask(self, name: str, *words: Any, **named: Any) -> Any:
        return run(getattr(Engine(self.home.root, self.token), name)(*words, **named))

    def finish(self, job: str) -> dict[str, Any]:
        return run(Engine(self.home.root, self.token).finish(job))

    def rows(self, table: Any) -> list[Any]:
        with Ledger.open(self.home.ledger) as ledger, ledger.read() as session:
            return list(session.exec(select(table)))

    def version(self, number: int) -> Dataset:
        return next(row for row in self.rows(Dataset) if row.version == number)

    def take(self, burned_in: str) -> None:
        self.finish(self.ask("datasets_add", "films", str(self.source), burned_in=burned_in)["job"])

    def check(self) -> dict[str, Any]:
        """Wait for the check that the intake asked for."""
        (job,) = (row for row in self.rows(Job) if row.kind == "check_text")
        return self.finish(job.id)

    def begin(self, kind: str, arguments: dict[str, Any]) -> str:
        """A job as an operation would ask for it."""
        with Ledger.open(self.home.ledger) as ledger, ledger.write() as change:
            alice = change.session.exec(select(User).where(User.name == "alice")).one()
            actor = _Who(alice.id)
            steps = [step(f"medsynth_engine.work.{kind}")]
            job = start(
                change, self.home, kind=kind, arguments=arguments, steps=steps, actor=actor, subject="dataset:films"
            )
            change.record(actor=actor, action=f"test.{kind}", object_="dataset:films")
        launch(self.home, job)
        return job

    def audit(self, action: str) -> list[dict[str, Any]]:
        admin = run(Engine(self.home.root).login("admin", "admin123"))["token"]
        return run(Engine(self.home.root, admin).audit_list(action=action))["records"]


class _Who:
    name, role, session_id = "alice", "researcher", ""

    def __init__(self, user_id: str) -> None:
        self.user_id = user_id


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("empty"))


@pytest.fixture
def world(empty: World, tmp_path: Path) -> World:
    return World(tmp_path, empty)


@pytest.fixture(scope="module")
def masked_once(empty: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[World, dict[str, Any]]:
    """One whose films were masked, and what the check told."""
    made = World(tmp_path_factory.mktemp("masked"), empty)
    made.take("mask")
    return made, made.check()


@pytest.fixture(scope="module")
def held_back_once(empty: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    made = World(tmp_path_factory.mktemp("held"), empty)
    made.take("quarantine")
    assert made.check()["to_quarantine"] == 2
    return made


@pytest.fixture
def held_back(held_back_once: World, tmp_path: Path) -> World:
    """One in which the two films with text wait for a person."""
    return World(tmp_path, held_back_once)


def test_text_is_masked_in_a_new_version_and_the_old_one_goes(masked_once: tuple[World, dict[str, Any]]) -> None:
    world, told = masked_once
    assert told["to_mask"] == 2 and told["read"] == 9
    old, new = world.version(1), world.version(2)
    assert (old.state, old.name) == ("removed", f"films~{old.id}") and new.name == "films"
    assert old.summary["text"]["superseded_by"] == 2
    text = new.summary["text"]
    assert text["state"] == "checked" and text["masked"] == 2 and text["markers"] == 1 and text["exempt"] == 1
    assert new.summary["accepted"] == 10 and new.summary["quarantined"] == 0
    assert not (world.home.datasets / old.folder).exists()
    assert new.digest == Folder(world.home.datasets / new.folder).digest()
    (record,) = world.audit("datasets.text_checked")
    assert record["detail"]["to_mask"] == 2 and record["detail"]["versions_removed"] == 1
    assert said_nowhere(world)
    assert world.ask("datasets_show", "films")["version"] == 2


def test_what_is_held_back_is_reviewed_and_the_rest_can_be_used(held_back: World) -> None:
    world = held_back
    new = world.version(2)
    listed = json.loads((world.home.datasets / new.folder / "quarantine.json").read_text())
    assert {one["reason"] for one in listed} == {"burned_in_text"}
    assert all(one["boxes"] and one["read"] for one in listed)
    assert new.summary["text"]["quarantined"] == 2 and new.summary["accepted"] == 8
    first, second = (one["record"] for one in listed)
    decisions = {
        first: {"decision": "mask", "boxes": listed[0]["boxes"]},
        second: {"decision": "mask", "boxes": [[0, 0, 20, 20]]},  # beside the text: it must not come through
    }
    told = world.finish(world.begin("apply_review", {"dataset_id": new.id, "decisions": decisions}))
    assert told["to_mask"] == 1 and told["to_quarantine"] == 1
    third = world.version(3)
    (left,) = json.loads((world.home.datasets / third.folder / "quarantine.json").read_text())
    assert left["record"] == second and left["read"] and [0, 0, 20, 20] in left["boxes"] and len(left["boxes"]) > 1
    assert third.summary["accepted"] == 9 and third.summary["text"]["state"] == "checked"
    world.finish(world.begin("apply_review", {"dataset_id": third.id, "decisions": {second: {"decision": "reject"}}}))
    last = world.version(4)
    assert last.summary["reasons"] == {"rejected_by_reviewer": 1} and last.summary["quarantined"] == 0
    assert not list(world.home.datasets.rglob(f"*{second}*"))
    assert [record["detail"]["version"] for record in world.audit("review.applied")] == [4, 3]
    assert said_nowhere(world)


def test_decisions_of_the_review_queue_are_noted_as_applied(held_back: World) -> None:
    world = held_back
    jobs = []
    for one in world.ask("review_list", "films"):
        jobs.append(world.ask("review_mask", one["id"])["job"])
    assert jobs[0] is None and jobs[1] is not None  # the last decision starts the work
    world.finish(jobs[1])
    assert [row.applied_version for row in world.rows(Review)] == [3, 3]
    assert world.ask("review_list", "films") == []


def test_a_version_that_something_was_made_from_stays_and_says_so_also_one_of_the_first_program(world: World) -> None:
    world.finish(world.ask("datasets_add", "films", str(world.source), burned_in="mask")["job"])
    first = world.version(1)
    with Ledger.open(world.home.ledger) as ledger, ledger.write() as change:
        row = change.session.get_one(Dataset, first.id)
        row.summary = {key: value for key, value in row.summary.items() if key not in UNKNOWN_AT_FIRST}
        run_row = Run(name="r1", dataset_id=first.id, owner_id=first.owner_id, preset="nano32", folder="r1")
        change.session.add(run_row)
        change.record(actor="alice", action="test.train", object_="run:r1")
    world.check()
    first = world.version(1)
    assert first.state == "present" and first.summary["text"] == {"state": "waiting", "superseded_by": 2}
    assert world.audit("datasets.text_checked")[0]["detail"]["versions_kept"] == 1


def test_a_version_that_stays_forgets_the_pictures_that_were_rejected(held_back: World) -> None:
    world = held_back
    second = world.version(2)
    with Ledger.open(world.home.ledger) as ledger, ledger.write() as change:
        change.session.add(Run(name="r1", dataset_id=second.id, owner_id=second.owner_id, preset="nano32", folder="r1"))
        change.record(actor="alice", action="test.train", object_="run:r1")
    first, other = (one["id"] for one in world.ask("review_list", "films"))
    world.finish(world.begin("apply_review", {"dataset_id": second.id, "decisions": {first: {"decision": "reject"}}}))
    folder = world.home.datasets / second.folder
    assert world.version(2).state == "present"
    assert [path.stem for path in (folder / "quarantine").iterdir()] == [other]
    assert [one["record"] for one in json.loads((folder / "quarantine.json").read_text())] == [other]
    assert not list(world.home.datasets.rglob(f"*{first}*"))


def test_a_dataset_that_is_removed_meanwhile_is_left_alone(
    masked_once: tuple[World, dict[str, Any]], tmp_path: Path
) -> None:
    world = World(tmp_path, masked_once[0])
    name = world.version(2).id
    world.ask("datasets_remove", "films")
    with pytest.raises(MedSynthError, match="removed"):
        world.finish(world.begin("check_text", {"dataset_id": name, "burned_in": "mask"}))
    assert not list(world.home.datasets.iterdir())


def test_a_version_whose_own_check_was_cancelled_is_checked_with_the_next(world: World, tmp_path: Path) -> None:
    films = {name: pixels for name, pixels in mixed().items() if name not in ("1.png", "6.png")}
    world.source = source(tmp_path / "clean", films)
    world.take("mask")
    (job,) = (row for row in world.rows(Job) if row.kind == "check_text")
    world.ask("jobs_cancel", job.id)
    with pytest.raises(MedSynthError):
        world.finish(job.id)
    assert world.version(1).summary["text"]["state"] == "waiting"
    more = source(tmp_path / "more", {"new.png": written(film(20), "MARLOWE EDITH")})
    world.finish(world.ask("datasets_add", "films", str(more), append=True, burned_in="quarantine")["job"])
    (second,) = (row for row in world.rows(Job) if row.kind == "check_text" and row.id != job.id)
    assert world.finish(second.id)["to_quarantine"] == 1
    first, last = world.version(1), world.version(3)
    assert first.state == "present" and first.summary["text"]["state"] == "checked"
    assert world.version(2).state == "removed" and last.summary["quarantined"] == 1
    assert last.summary["text"]["clean"] + last.summary["text"]["markers"] == 7


def said_nowhere(world: World) -> bool:
    """Whether no byte of the store says what was read, but for the list that the reviewer sees."""
    found = subprocess.run(
        [sys.executable, "-c", SEARCH, str(world.home.root)], capture_output=True, text=True, check=True
    )
    return set(found.stdout.split()) <= {"quarantine.json"}
