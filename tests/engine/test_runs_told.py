"""What the door says of runs that wait, that failed early, that nobody can train here, and of appending to nothing."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from review_store import World, run
from sqlmodel import select

from db.ledger import Ledger
from db.tables import Job
from medsynth_engine.kernel.errors import BadInput, Busy, NotFound
from medsynth_engine.kernel.folders import RunFolder
from medsynth_engine.kernel.home import Home
from medsynth_tui.cli import runs as told
from medsynth_tui.cli.watching import say_behind

PICTURES = {"schema": {"image": {"channels": 1}}, "patients": 2_000, "patients_known": False, "readable": 0}


@pytest.fixture(scope="module")
def researchers(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("told") / "home", ("ann", "ben"))


@pytest.fixture
def world(researchers: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Ann has pictures of people without ids, and no job of hers begins."""
    monkeypatch.setattr("medsynth_engine.operations.runs.launch", lambda call, job: None)
    monkeypatch.setattr("medsynth_engine.jobs.watch.launch", lambda home, job: None)
    monkeypatch.setenv("LOW_RESOURCE_MODE", "false")
    world = researchers.copy(tmp_path / "home")
    world.dataset("chest", "ann", {}, summary=PICTURES)
    return world


def now(world: World, job: str, state: str) -> None:
    with Ledger.open(Home(world.home).ledger) as ledger, ledger.write() as change:
        row = change.session.exec(select(Job).where(Job.id == job)).one()
        row.state = state
        change.session.add(row)
        change.record(actor="ann", action="test.state", object_=f"job:{job}")


def test_a_dataset_that_a_training_needs_is_not_removed_and_what_needs_it_is_named(world: World) -> None:
    ann = world.of("ann")
    job = run(ann.train("chest", name="first"))["job"]
    with pytest.raises(Busy, match=r"chest is in use: run first \(queued\)") as refused:
        run(ann.datasets_remove("chest"))
    assert "medsynth runs stop first" in refused.value.hint
    assert [each["dataset"] for each in run(ann.datasets_list())] == ["chest"]
    now(world, job, "failed")
    assert run(ann.datasets_remove("chest"))["removed_versions"] == 1
    assert run(ann.runs_show("first"))["dataset"] == "chest (removed)"
    assert [each["dataset"] for each in run(ann.runs_list())] == ["chest (removed)"]


def test_a_waiting_run_says_which_run_it_waits_for(world: World, capsys: Any) -> None:
    ann = world.of("ann")
    run(ann.train("chest", name="first"))
    second = run(ann.train("chest", name="second"))
    assert (second["state"], second["queued_behind"]) == ("queued", "first")
    assert run(ann.runs_watch("second"))["queued_behind"] == "first"
    assert run(ann.runs_show("first"))["queued_behind"] is None
    with pytest.raises(Busy, match="queued behind first"):
        run(ann.runs_resume("second"))
    said: list[str] = []
    face = SimpleNamespace(json=False, say=said.append)
    asyncio.run(say_behind(face, ann, "second"))  # type: ignore[arg-type]
    assert said == ["second: queued behind first"]


def test_a_paused_run_that_is_resumed_while_another_trains_is_queued_behind_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, lines = world.of("ann"), []
    rests = run(ann.train("chest", name="rests"))
    now(world, rests["job"], "paused")
    folder = RunFolder(Home(world.home).runs / "rests")
    folder.create()
    folder.set_state("paused")
    run(ann.train("chest", name="busy"))
    resumed = run(ann.runs_resume("rests"))
    assert resumed["state"] == "queued" and folder.wish() == "run"
    monkeypatch.setattr(told.show, "line", lambda face, words: lines.append(words))
    told.show_resumed(None, {**resumed, "queued_behind": "busy"})  # type: ignore[arg-type]
    told.show_pause(None, {"run": "busy", "state": "running"})  # type: ignore[arg-type]
    told.show_stop(None, run(ann.runs_stop("rests")))  # type: ignore[arg-type]
    assert lines == [
        "rests is queued behind busy.",
        "busy will be paused, once its checkpoint is written.",
        "rests is stopped.",
    ]


def test_a_run_that_failed_before_its_folder_was_there_cannot_be_resumed_and_says_so(world: World) -> None:
    ann = world.of("ann")
    now(world, run(ann.train("chest", name="early"))["job"], "failed")
    with pytest.raises(Busy, match="failed before it began") as refused:
        run(ann.runs_resume("early"))
    assert "Train again" in refused.value.hint


def test_an_epsilon_without_patient_ids_says_that_pictures_count_as_patients(world: World) -> None:
    ann = world.of("ann")
    assert "each picture" in run(ann.train("chest", name="quiet", epsilon=8))["warnings"][0]
    folder = RunFolder(Home(world.home).runs / "quiet")
    folder.create()
    folder.set_config({"format": 1, "privacy": {"epsilon": 8}})
    assert "each picture" in run(ann.runs_show("quiet"))["warnings"][0]
    assert run(ann.train("chest", name="loud"))["warnings"] == []


def test_a_training_before_the_search_for_text_has_ended_is_warned_of_what_may_come(world: World) -> None:
    ann = world.of("ann")
    world.dataset("films", "ann", {}, summary={**PICTURES, "text": {"state": "waiting"}})
    (warning,) = run(ann.train("films", name="soon"))["warnings"]
    assert "burned-in text" in warning and "medsynth jobs list" in warning


def test_a_preset_too_large_for_little_memory_is_refused_at_the_door(world: World) -> None:
    ann = world.of("ann")
    with pytest.raises(BadInput, match="4 GB is the most") as refused:
        run(ann.train("chest", preset="base256", device="cpu", low_resource=True))
    assert "small128" in refused.value.hint and run(ann.runs_list()) == []
    run(ann.train("chest", name="large", preset="base256", device="cpu"))


def test_nothing_is_appended_to_a_dataset_that_is_not_there(world: World, tmp_path: Path) -> None:
    source = tmp_path / "people"
    source.mkdir()
    (source / "people.csv").write_text("patient_id,age\nP1,40\n")
    with pytest.raises(NotFound, match="no dataset 'nowhere' to add to"):
        run(world.of("ann").datasets_add("nowhere", str(source), append=True))


def test_the_list_counts_the_records_of_the_whole_version(world: World) -> None:
    summary = {"accepted": 40, "patients": 90, "train": 70, "validation": 10, "holdout": 20, "quarantined": 0}
    world.dataset("chest", "ann", {}, version=2, summary=summary)
    (row,) = run(world.of("ann").datasets_list())
    assert (row["version"], row["records"], row["patients"]) == (2, 100, 90)


@pytest.mark.parametrize(("state", "waits"), [("waiting", True), ("checked", False)])
def test_the_list_says_which_dataset_waits_to_be_read_for_text(world: World, state: str, waits: bool) -> None:
    world.dataset("chest", "ann", {}, version=2, summary={"text": {"state": state}})
    (row,) = run(world.of("ann").datasets_list())
    assert row["text_waits"] is waits


def test_a_cluster_is_refused_at_the_door_where_no_slurm_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = world.of("ann")
    described = Home(world.home).data / "cluster.toml"
    described.write_text("[slurm]\n")
    described.chmod(0o600)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NotFound, match="submits to no Slurm") as refused:
        run(ann.train("chest", name="first", cluster="slurm"))
    assert "leave --cluster out" in refused.value.hint
    assert run(ann.runs_list()) == [] == run(ann.jobs_list())


def test_a_run_of_a_cluster_is_not_resumed_where_no_slurm_is_and_rests_as_before(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, folder = world.of("ann"), RunFolder(Home(world.home).runs / "away")
    described = Home(world.home).data / "cluster.toml"
    described.write_text("[slurm]\n")
    described.chmod(0o600)
    with monkeypatch.context() as where_slurm_is:
        where_slurm_is.setattr("medsynth_engine.operations.run_checks.demand_slurm", lambda *hint: None)
        now(world, run(ann.train("chest", name="away", cluster="slurm"))["job"], "paused")
    folder.create()
    folder.set_config({"format": 1, "cluster": "slurm"})
    folder.set_state("paused")
    folder.set_wish("pause")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NotFound, match=r"There is no sbatch here.*Nothing was started") as refused:
        run(ann.runs_resume("away"))
    assert "trains on the cluster slurm: resume it where sbatch" in refused.value.hint
    assert run(ann.runs_show("away"))["state"] == "paused" and folder.wish() == "pause"
    described.unlink()
    with pytest.raises(BadInput, match="No cluster is described"):
        run(ann.runs_resume("away"))


def test_a_run_that_is_resumed_before_it_has_paused_trains_on_in_the_job_it_has(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, folder = world.of("ann"), RunFolder(Home(world.home).runs / "wavers")
    job = run(ann.train("chest", name="wavers"))["job"]
    now(world, job, "running")
    monkeypatch.setattr("medsynth_engine.jobs.watch.supervised", lambda folder: True)
    folder.create()
    folder.set_state("running")
    with pytest.raises(Busy, match="This run is running"):
        run(ann.runs_resume("wavers"))
    run(ann.runs_pause("wavers"))
    assert folder.wish() == "pause"
    assert run(ann.runs_resume("wavers"))["job"] == job and folder.wish() == "run"
    assert [each["job"] for each in run(ann.jobs_list())] == [job]


def test_work_that_died_with_its_supervisor_is_not_listed_as_running(world: World) -> None:
    ann = world.of("ann")
    job = run(ann.train("chest", name="died"))["job"]
    now(world, job, "running")  # and nobody looks after it
    assert [(each["job"], each["state"]) for each in run(ann.jobs_list())] == [(job, "interrupted")]
    assert [each["state"] for each in run(ann.runs_list())] == ["interrupted"]


@pytest.mark.parametrize("asked", ["resume", "stop"])
def test_who_asks_at_the_moment_in_which_a_run_pauses_is_told_so_and_nothing_is_promised(
    world: World, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    ann, folder = world.of("ann"), RunFolder(Home(world.home).runs / "late")
    now(world, run(ann.train("chest", name="late"))["job"], "running")
    monkeypatch.setattr("medsynth_engine.jobs.watch.supervised", lambda folder: True)
    folder.create()
    folder.set_state("running")
    run(ann.runs_pause("late"))
    waits = RunFolder.undisturbed

    def too_late(self: RunFolder) -> AbstractContextManager[None]:
        self.set_state("paused")
        return waits(self)

    with monkeypatch.context() as moment:
        moment.setattr(RunFolder, "undisturbed", too_late)
        with pytest.raises(Busy, match="has paused at this very moment") as refused:
            run(getattr(ann, f"runs_{asked}")("late"))
    assert refused.value.hint == f"Ask again: medsynth runs {asked} late"
    assert folder.wish() == "pause" and folder.state()["state"] == "paused"


def test_a_datasets_name_alone_is_no_cohort_and_what_was_meant_is_offered(world: World) -> None:
    with pytest.raises(NotFound, match="no cohort 'chest'") as refused:
        run(world.of("ann").pia_draft("chest", "recipient"))
    assert refused.value.hint == "Did you mean dataset:chest? See: medsynth cohorts list"
