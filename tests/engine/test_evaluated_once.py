"""A cohort that is being evaluated is not evaluated a second time beside it: asked again, the same job is given."""

from __future__ import annotations

from pathlib import Path

import pytest
from review_store import World, run
from sqlmodel import select

from db.ledger import Ledger
from db.tables import Cohort, Job, User
from medsynth_engine.jobs import watch
from medsynth_engine.kernel.errors import Busy
from medsynth_engine.kernel.folders import JobFolder
from medsynth_engine.operations import jobs as jobs_operations


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("evaluated") / "home", ("ann",))


@pytest.fixture
def world(people: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Cohorts c1 and c2 that nobody evaluated yet; supervisors are not started, so that a job stays as it is."""
    monkeypatch.setattr(jobs_operations, "start_supervisor", lambda *_: None)
    monkeypatch.setattr(watch, "launch", lambda *_: None)
    made = people.copy(tmp_path / "home")
    dataset = made.dataset("chest", "ann", {})
    with Ledger.open(made.home / "data" / "medsynth.sqlite3") as ledger, ledger.write() as change:
        ann = change.session.exec(select(User).where(User.name == "ann")).one()
        for name in ("c1", "c2"):
            change.session.add(
                Cohort(name=name, dataset_id=dataset, owner_id=ann.id, n=1, folder=name, digest=f"d-{name}")
            )
            change.record(actor="ann", action="cohorts.drawn", object_=f"cohort:{name}")
    return made


def asked(world: World, cohort: str = "c1") -> str:
    return str(run(world.of("ann").evaluate(cohort))["job"])


def test_asked_twice_it_is_one_job_and_counts_as_one_evaluation(world: World) -> None:
    run(world.of("root").settings_set("evaluations_per_dataset", "1"))
    first = asked(world)
    assert asked(world) == first
    assert [job["job"] for job in run(world.of("ann").jobs_list()) if job["kind"] == "evaluate"] == [first]
    assert world.audit()[-1]["detail"]["job"] == first
    with pytest.raises(Busy, match="has had its 1 evaluations"):
        asked(world, "c2")


def test_another_cohort_has_a_job_of_its_own(world: World) -> None:
    assert asked(world, "c2") != asked(world, "c1")


def test_after_a_cancelled_one_another_begins(world: World) -> None:
    first = asked(world)
    run(world.of("ann").jobs_cancel(first))
    assert asked(world) != first


def test_one_that_is_asked_to_stop_or_that_a_crash_left_behind_is_not_joined(world: World) -> None:
    stopping = asked(world)
    with Ledger.open(world.home / "data" / "medsynth.sqlite3") as ledger, ledger.write() as change:
        job = change.session.get_one(Job, stopping)
        folder = JobFolder(world.home / "data" / "jobs" / job.folder)
        change.record(actor="ann", action="job.told", object_=f"job:{stopping}")
    folder.set_wish("stop")
    second = asked(world)
    assert second != stopping
    with Ledger.open(world.home / "data" / "medsynth.sqlite3") as ledger, ledger.write() as change:
        job = change.session.get_one(Job, second)
        job.state = "running"  # and nobody looks after it
        change.session.add(job)
        change.record(actor="ann", action="job.run", object_=f"job:{second}")
    assert asked(world) not in (stopping, second)
