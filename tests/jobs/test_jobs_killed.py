"""Supervisors, work and machines that die: the work survives who started it, and its record is put right."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from job_bench import ADA, Bench, wait_for

from db.tables import Job
from medsynth_engine.jobs import memory, orphans, record, supervise, watch
from medsynth_engine.jobs.pace import pace_of
from medsynth_engine.jobs.process import Identity, alive, identity, signal_group
from medsynth_engine.jobs.room import demand_room
from medsynth_engine.jobs.start import launch
from medsynth_engine.kernel.atomic import write_json
from medsynth_engine.kernel.errors import Busy, NoRoom
from medsynth_engine.kernel.folders import JobFolder, RunFolder


def test_work_that_does_not_listen_is_killed(bench: Bench) -> None:
    job = bench.ask(bench.step("stubborn"))
    wait_for(lambda: alive(bench.child(job)))
    time.sleep(0.5)
    child = bench.child(job)
    watch.cancel(bench.ledger, bench.home, job)
    assert bench.until(job, "stopped", seconds=10) == "stopped"
    assert not alive(child)


def test_a_job_survives_the_death_of_who_started_it(bench: Bench) -> None:
    job = bench.ask(bench.step("until"), go=False)
    starter = (
        "import sys; from medsynth_engine.jobs.start import launch; from medsynth_engine.kernel.home import Home\n"
    )
    starter += "from pathlib import Path; import os, signal; launch(Home(Path(sys.argv[1])), sys.argv[2])\n"
    starter += "os.killpg(os.getpgid(0), signal.SIGKILL)"
    subprocess.run([sys.executable, "-c", starter, str(bench.home.root), job], start_new_session=True)
    bench.begun(job)
    assert bench.look(job) == "running"
    bench.enough(job)
    assert bench.until(job, "finished") == "finished"


def test_when_the_supervisor_is_killed_the_work_goes_on_and_the_next_look_puts_the_record_right(bench: Bench) -> None:
    job = bench.ask(bench.step("until"))
    bench.begun(job)
    bench.kill_supervisor(job)
    assert bench.look(job) == "running" and alive(bench.child(job))
    bench.enough(job)
    wait_for(lambda: not alive(bench.child(job)))
    assert bench.look(job) == "finished"
    assert bench.folder(job).result() == {"answer": "enough"}
    assert bench.actions(job) == ["job.start", "job.finish"]


def test_and_the_steps_that_are_left_are_done(bench: Bench) -> None:
    job = bench.ask(bench.step("until"), bench.step("quick"))
    bench.begun(job)
    bench.kill_supervisor(job)
    bench.enough(job)
    assert bench.until(job, "finished", "failed", "interrupted") == "finished"
    assert (bench.folder(job).result() or {})["answer"] == 42
    assert bench.actions(job) == ["job.start", "job.requeue", "job.start", "job.finish"]


def test_when_both_are_killed_the_job_is_interrupted_and_can_go_on(bench: Bench) -> None:
    job = bench.ask(bench.step("until"))
    bench.begun(job)
    bench.kill_supervisor(job)
    assert signal_group(bench.child(job), signal.SIGKILL)
    wait_for(lambda: not alive(bench.child(job)))
    assert bench.look(job) == "interrupted"
    assert bench.look(job) == "interrupted"
    assert watch.relaunch(bench.ledger, bench.home, job, ADA) == "queued"
    bench.enough(job)
    assert bench.until(job, "finished", "failed") == "finished"
    with pytest.raises(Busy):
        watch.relaunch(bench.ledger, bench.home, job, ADA)


def test_without_its_supervisor_the_work_can_still_be_cancelled(bench: Bench) -> None:
    job = bench.ask(bench.step("until"))
    bench.begun(job)
    bench.kill_supervisor(job)
    watch.cancel(bench.ledger, bench.home, job)
    assert bench.until(job, "stopped", "interrupted", "finished") == "stopped"


def test_a_stranger_that_got_the_pid_is_neither_believed_nor_signalled(bench: Bench) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    try:
        found = identity(stranger.pid)
        assert found
        other_start = Identity(found.host, found.boot, found.pid, found.started + "1")
        other_boot = Identity(found.host, "another-boot", found.pid, found.started)
        for forged in (other_start, other_boot):
            job = bench.ask(bench.step("quick"), go=False)
            with bench.ledger.write() as change:
                change.session.get_one(Job, job).state = "running"
                change.record(actor="system", action="test.forge")
            bench.folder(job).set_state("running")
            write_json(
                bench.folder(job).path / "heartbeat.json",
                {"at": time.time() - 100, "supervisor": forged.document(), "child": forged.document(), "step": 0},
            )
            assert not signal_group(forged, signal.SIGKILL)
            watch.cancel(bench.ledger, bench.home, job)
            assert bench.look(job) == "stopped"
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_of_another_machine_only_the_age_of_the_heartbeat_is_known(bench: Bench) -> None:
    job = bench.ask(bench.step("quick"), go=False)
    with bench.ledger.write() as change:
        change.session.get_one(Job, job).state = "running"
        change.record(actor="system", action="test.forge")
    elsewhere = Identity("another-machine", "boot", 1, "1")
    for age, state in ((1, "running"), (100, "interrupted")):
        write_json(
            bench.folder(job).path / "heartbeat.json",
            {"at": time.time() - age, "supervisor": elsewhere.document(), "child": elsewhere.document(), "step": 0},
        )
        assert bench.look(job) == state


def run_job(bench: Bench) -> tuple[str, RunFolder]:
    run = RunFolder(bench.home.runs / "r1")
    run.create()
    trainer = [sys.executable, str(bench.home.root / "trainer.py"), str(run.path)]
    job = bench.ask(trainer, bench.step("quick"), run_folder=run.path, subject="run:r1")
    wait_for(lambda: run.state()["state"] == "running")
    return job, run


def test_a_training_pauses_and_goes_on_at_the_same_step(bench: Bench) -> None:
    job, run = run_job(bench)
    watch.pause(bench.ledger, bench.home, job)
    assert bench.until(job, "paused", "failed", "finished") == "paused"
    assert run.state()["state"] == "paused"
    watch.relaunch(bench.ledger, bench.home, job, ADA)
    wait_for(lambda: run.state().get("turns") == 2 and run.state()["state"] == "running")
    run.set_wish("stop")
    assert bench.until(job, "finished", "stopped", "failed") == "finished"
    assert run.state()["state"] == "stopped"
    assert bench.actions(job) == ["job.start", "job.pause", "job.resume", "job.start", "job.finish"]


def test_a_training_that_is_cancelled_is_first_asked_and_its_last_step_is_done(bench: Bench) -> None:
    job, run = run_job(bench)
    watch.cancel(bench.ledger, bench.home, job)
    assert bench.until(job, "finished", "stopped", "failed") == "finished"
    assert run.state()["state"] == "stopped" and run.wish() == "stop"
    assert (bench.folder(job).result() or {})["answer"] == 42


def test_a_training_whose_processes_died_says_interrupted_also_in_its_own_folder(bench: Bench) -> None:
    job, run = run_job(bench)
    bench.kill_supervisor(job)
    signal_group(bench.child(job), signal.SIGKILL)
    wait_for(lambda: not alive(bench.child(job)))
    assert bench.look(job) == "interrupted" and run.state()["state"] == "interrupted"


def test_a_shutdown_of_the_machine_interrupts_and_does_not_fail(bench: Bench) -> None:
    job, _ = run_job(bench)
    wait_for(lambda: alive(bench.child(job)))
    os.kill(bench.supervisor(job).pid, signal.SIGTERM)
    assert bench.until(job, "interrupted", "failed", "stopped") == "interrupted"


def test_a_supervisor_that_never_came_up_is_started_again(bench: Bench) -> None:
    job = bench.ask(bench.step("quick"), go=False)
    assert bench.look(job) == "queued"
    mark = bench.folder(job).path / "launched"
    mark.touch()
    os.utime(mark, (time.time() - 60,) * 2)
    assert bench.look(job) == "queued"
    assert bench.until(job, "finished") == "finished"


def test_two_supervisors_of_one_job_do_its_work_once(bench: Bench) -> None:
    job = bench.ask(bench.step("until"))
    launch(bench.home, job)
    launch(bench.home, job)
    bench.begun(job)
    time.sleep(0.5)
    bench.enough(job)
    assert bench.until(job, "finished") == "finished"
    assert bench.actions(job) == ["job.start", "job.finish"]


def test_work_that_somebody_kills_is_interrupted_not_out_of_memory_and_can_go_on(bench: Bench) -> None:
    job = bench.ask(bench.step("until"))
    bench.begun(job)
    assert signal_group(bench.child(job), signal.SIGKILL)
    assert bench.until(job, "interrupted", "failed") == "interrupted"
    said = bench.folder(job).error() or {}
    assert said["code"] == "killed" and "does not say that memory" in said["message"]
    assert watch.relaunch(bench.ledger, bench.home, job, ADA) == "queued"
    bench.enough(job)
    assert bench.until(job, "finished", "failed") == "finished"


def test_a_training_that_somebody_kills_says_interrupted_in_its_own_folder_too(bench: Bench) -> None:
    job, run = run_job(bench)
    wait_for(lambda: alive(bench.child(job)))
    assert signal_group(bench.child(job), signal.SIGKILL)
    assert bench.until(job, "interrupted", "failed") == "interrupted" and run.state()["state"] == "interrupted"


def test_the_kernels_own_count_tells_a_kill_for_memory(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    job = bench.ask(bench.step("quick"), go=False)
    counted = iter((7, 7, 8))
    monkeypatch.setattr(supervise, "kills_for_memory", lambda: next(counted))
    before = signal.getsignal(signal.SIGTERM)
    watching = supervise.Supervisor(bench.folder(job), bench.ledger, bench.home)
    signal.signal(signal.SIGTERM, before)
    assert watching._judge(-signal.SIGKILL)[0] == "interrupted"
    state, error = watching._judge(-signal.SIGKILL)
    assert state == "failed" and error is not None and (error.code, error.exit_code) == ("no_memory", 8)


def test_the_counters_of_linux_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "memory.events").write_text("low 0\noom 3\noom_kill 2\noom_group_kill 1\n")
    assert memory._number(tmp_path / "memory.events") == 2 and memory._number(tmp_path / "nothing") == 0
    assert memory.kills_for_memory() >= 0


def test_how_long_work_may_take_to_end_belongs_to_its_kind() -> None:
    from medsynth_engine.gan.launch import GRACE as TOGETHER

    def graced(kind: str, **arguments: object) -> float:
        return pace_of({"kind": kind, "arguments": arguments}).grace

    assert graced("train", processes=4) > TOGETHER > graced("train", processes=1) > graced("report")
    assert pace_of({"kind": "train", "pace": {"grace": 1.5}}).grace == 1.5


def test_a_kill_before_the_ledger_knows_leaves_no_path_of_a_person_behind(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = bench.ask(bench.step("quick"), go=False, arguments={"n": 1, "source": "/home/jane/DOE_JANE.csv"})

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(record, "note", killed)
        record.settle(bench.ledger, bench.folder(job), "stopped")
    assert bench.row(job).state == "queued"  # rolled back, as a kill would have it
    assert b"DOE_JANE" not in b"".join(f.read_bytes() for f in bench.folder(job).path.iterdir())


def test_folders_that_no_row_names_are_swept_but_never_newer_ones(bench: Bench) -> None:
    job = bench.ask(bench.step("quick"), go=False)
    for name, age in (("train-0001", 2), ("train-0002", 0)):
        folder = JobFolder(bench.home.jobs / name)
        folder.create()
        write_json(folder.path / "job.json", {"arguments": {"source": "/home/jane/DOE_JANE.csv"}})
        os.utime(folder.path, (time.time() - age * 86400,) * 2)
    os.utime(bench.folder(job).path, (time.time() - 9 * 86400,) * 2)
    assert orphans.sweep_orphans(bench.ledger, bench.home) == 1
    assert sorted(each.name for each in bench.home.jobs.iterdir()) == sorted(["train-0002", job])
    assert orphans.sweep_orphans(bench.ledger, bench.home) == 0


def test_folders_of_jobs_that_a_restore_forgot_are_left(bench: Bench) -> None:
    day = 86400
    with bench.ledger.read() as session:
        backed_up = len(session.connection().exec_driver_sql("SELECT seq FROM audit").all())
    for name in ("train-0001", "train-0002"):
        JobFolder(bench.home.jobs / name).create()
    os.utime(bench.home.jobs / "train-0001", (time.time() - 9 * day,) * 2)  # the backup's ledger would have known it
    with bench.ledger.write() as change:
        change.record(actor="system", action="store.restore", object_="store", detail={"records": backed_up})
    with bench.ledger.write() as change:
        change.record(actor="ada", action="test.later")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(orphans, "AGE", timedelta(0))
        assert orphans.sweep_orphans(bench.ledger, bench.home) == 1
    assert [each.name for each in bench.home.jobs.iterdir()] == ["train-0002"]


def test_nothing_is_begun_where_the_disk_has_no_room(tmp_path: Path) -> None:
    demand_room([tmp_path, tmp_path / "nothing"])
    with pytest.raises(NoRoom, match="nothing was begun"):
        demand_room([tmp_path], least=10**18)
