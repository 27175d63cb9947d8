"""Who may have work done, and in which order: the queue, the grant, what the work sees."""

from __future__ import annotations

import signal
import sys

import pytest
from job_bench import ADA, Bench, wait_for

from db import chain
from db.tables import User
from medsynth_engine.jobs import grant, watch
from medsynth_engine.jobs.process import alive, signal_group
from medsynth_engine.jobs.start import launch
from medsynth_engine.kernel.atomic import read_json, write_json
from medsynth_engine.kernel.errors import Denied, from_document
from medsynth_engine.kernel.folders import JobFolder


def test_a_queue_lets_one_at_a_time_through_in_the_order_of_asking(bench: Bench) -> None:
    jobs = [bench.ask(bench.step("until"), queue="train:cpu") for _ in range(3)]
    free = bench.ask(bench.step("quick"))
    bench.begun(jobs[0])
    assert bench.until(free, "finished") == "finished"
    for position, job in enumerate(jobs):
        bench.begun(job)
        assert [bench.look(each) for each in jobs[position:]] == ["running"] + ["queued"] * (len(jobs) - position - 1)
        bench.enough(job)
        assert bench.until(job, "finished") == "finished"
    starts = [bench.row(job).started_at for job in jobs]
    assert starts == sorted(starts)  # type: ignore[type-var]


def test_a_queue_is_freed_when_who_had_it_is_dead(bench: Bench) -> None:
    first, second = (bench.ask(bench.step("until"), queue="train:cpu") for _ in range(2))
    bench.begun(first)
    bench.kill_supervisor(first)
    signal_group(bench.child(first), signal.SIGKILL)
    wait_for(lambda: not alive(bench.child(first)))
    assert bench.look(second) in ("queued", "running")
    bench.begun(second)
    assert bench.look(first) == "interrupted"


def test_a_cancelled_job_of_a_queue_never_starts(bench: Bench) -> None:
    first, second, third = (bench.ask(bench.step("until"), queue="q") for _ in range(3))
    bench.begun(first)
    assert watch.cancel(bench.ledger, bench.home, second) == "stopped"
    bench.enough(first)
    bench.begun(third)
    assert bench.actions(second) == ["job.stop"]


def test_a_job_ends_when_its_user_is_disabled(bench: Bench) -> None:
    job = bench.ask(bench.step("until"))
    bench.begun(job)
    assert grant.holder(bench.ledger, bench.folder(job)).name == "ada"
    with bench.ledger.write() as change:
        change.session.get_one(User, ADA.user_id).state = "disabled"
        change.record(actor="system", action="user.disable")
    assert bench.until(job, "failed", "finished") == "failed"
    assert (bench.folder(job).error() or {})["code"] == "user_disabled"
    with pytest.raises(Denied):
        grant.holder(bench.ledger, bench.folder(job))


@pytest.mark.parametrize("what", ["expired", "arguments", "steps", "unknown"])
def test_a_grant_that_does_not_hold_is_refused_and_the_denial_recorded(bench: Bench, what: str) -> None:
    job = bench.ask(bench.step("quick"), go=False, arguments={"n": 1}, expires_hours=-1 if what == "expired" else 1)
    folder = bench.folder(job)
    order = folder.order()
    if what == "arguments":
        write_json(folder.path / "job.json", {**order, "arguments": {"n": 1000}})
    if what == "steps":
        write_json(folder.path / "job.json", {**order, "steps": [["/bin/touch", str(folder.path / "owned")]]})
    if what == "unknown":
        folder = JobFolder(bench.home.jobs / "test-work-made-up")
        folder.create()
        write_json(folder.path / "job.json", {**order, "job": folder.name})
    launch(bench.home, folder.name)
    wait_for(lambda: folder.error() is not None)
    assert from_document(folder.error() or {}, 3).code in ("grant_expired", "grant_mismatch", "no_grant")
    wait_for(lambda: folder.state()["state"] == "failed")
    assert folder.result() is None and not (folder.path / "owned").exists()
    wait_for(lambda: bench.actions(folder.name) == ["job.refuse"])
    if what != "unknown":
        assert bench.look(job) == "failed"
    with bench.ledger.read() as session:
        assert chain.page(session, action="job.refuse")[0].outcome == "denied"


def test_no_secret_of_the_environment_reaches_the_work(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDSYNTH_TOKEN", "hush")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    dump = "import os, json, sys; json.dump(dict(os.environ), open(sys.argv[1] + '/environment.json', 'w'))"
    job = bench.ask([sys.executable, "-c", dump, "{job}"])
    assert bench.until(job, "finished") == "finished"
    seen = read_json(bench.folder(job).path / "environment.json")
    assert "hush" not in seen.values() and seen["OMP_NUM_THREADS"] == "1"
    assert seen["MEDSYNTH_HOME"] == str(bench.home.root)
