"""Long work with real processes: it ends, fails, stops, survives who started it, and its record is put right."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from db import chain
from db.ledger import Ledger
from db.tables import Job, User
from medsynth_engine.access.actor import Actor
from medsynth_engine.access.roles import Role
from medsynth_engine.jobs import grant, watch
from medsynth_engine.jobs.books import read_beat
from medsynth_engine.jobs.process import Identity, alive, identity, signal_group
from medsynth_engine.jobs.start import launch, start
from medsynth_engine.kernel.atomic import read_json, write_json
from medsynth_engine.kernel.errors import Busy, Denied, from_document
from medsynth_engine.kernel.folders import JobFolder, RunFolder
from medsynth_engine.kernel.home import Home

ADA = Actor("user-ada", "ada", Role.RESEARCHER, "0123456789abcdef-and-more")
WORKER = """
import os, signal, sys, time
from pathlib import Path
from medsynth_engine.jobs import child
from medsynth_engine.kernel.errors import BadInput, Interrupted

def work(folder):
    what = sys.argv[2]
    progress, wanted = child.progress(folder, "things"), child.wanted(folder)
    if what == "quick":
        for done in range(1000):
            progress(done + 1, 1000, "counting")
        return {"answer": 42, "source": folder.order()["arguments"].get("source")}
    if what == "bad":
        raise BadInput("bad_thing", "The thing is bad.", "Take a good one.")
    if what == "defect":
        name = "DOE^JANE"
        raise ValueError(f"cannot convert {name}")
    if what == "mute":
        os._exit(3)
    if what == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(60)
    if what == "until":  # a file appears, or it is told to stop
        folder.path.joinpath("begun").touch()
        while not folder.path.joinpath("enough").exists():
            if not wanted():
                raise Interrupted("cancelled", "The job was cancelled.", "Ask again.")
            time.sleep(0.02)
        return {"answer": "enough"}

child.main(work)
"""
TRAINER = """
import signal, sys, time
from pathlib import Path
from medsynth_engine.kernel.folders import RunFolder
run = RunFolder(Path(sys.argv[1]))
run.set_state("running", turns=run.state().get("turns", 0) + 1)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
while run.wish() == "run":
    time.sleep(0.02)
time.sleep(0.1)
run.set_state({"pause": "paused", "stop": "stopped"}[run.wish()])
"""
FAST = {"beat": 0.2, "grant": 0.2, "grace": 0.6, "patience": 5.0, "look": 0.02}


class Bench:
    """A store with one user, and how to ask for work in it."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.ledger = Ledger.create(self.home.ledger, "development")
        for name, program in (("worker.py", WORKER), ("trainer.py", TRAINER)):
            (root / name).write_text(program)
        with self.ledger.write() as change:
            change.session.add(User(id=ADA.user_id, name="ada", role="researcher", state="active"))
            change.record(actor="system", action="user.add")

    def step(self, what: str) -> list[str]:
        return [sys.executable, str(self.home.root / "worker.py"), "{job}", what]

    def ask(self, *steps: list[str], go: bool = True, **options: object) -> str:
        settings: dict = {
            "kind": "test_work",
            "subject": "thing:x",
            "arguments": {},
            "actor": ADA,
            "pace": FAST,
            **options,
        }
        with self.ledger.write() as change:
            job = start(change, self.home, steps=list(steps), **settings)
            change.record(actor=ADA, action="test.ask", object_=job)
        if go:
            launch(self.home, job)
        return job

    def folder(self, job: str) -> JobFolder:
        return JobFolder(self.home.jobs / job)

    def look(self, job: str) -> str:
        return watch.look(self.ledger, self.home, job)

    def until(self, job: str, *states: str, seconds: float = 20) -> str:
        wait_for(lambda: self.look(job) in states, seconds, lambda: f"{self.look(job)}: {self.folder(job).log_tail()}")
        return self.look(job)

    def begun(self, job: str) -> None:
        wait_for(lambda: (self.folder(job).path / "begun").exists())

    def enough(self, job: str) -> None:
        (self.folder(job).path / "enough").touch()

    def supervisor(self, job: str) -> Identity:
        found = Identity.from_document((read_beat(self.folder(job)) or {}).get("supervisor"))
        assert found
        return found

    def child(self, job: str) -> Identity | None:
        return Identity.from_document((read_beat(self.folder(job)) or {}).get("child"))

    def kill_supervisor(self, job: str) -> None:
        wait_for(lambda: alive(self.child(job)))
        known = self.supervisor(job)
        os.kill(known.pid, signal.SIGKILL)
        wait_for(lambda: not alive(known))

    def row(self, job: str) -> Job:
        with self.ledger.read() as session:
            return session.get_one(Job, job)

    def actions(self, job: str) -> list[str]:
        with self.ledger.read() as session:
            return [r.action for r in chain.page(session, object_=f"job:{job}")][::-1]


def wait_for(true: Callable[[], bool], seconds: float = 20, say: Callable[[], str] = lambda: "") -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, say()
        time.sleep(0.02)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    for folder in made.home.jobs.iterdir():
        beat = read_beat(JobFolder(folder)) or {}
        for who in ("supervisor", "child"):
            signal_group(Identity.from_document(beat.get(who)), signal.SIGKILL)
    made.ledger.close()


def test_a_job_finishes_and_its_result_and_records_are_kept(bench: Bench) -> None:
    job = bench.ask(bench.step("quick"), arguments={"n": 3, "source": "/home/jane/DOE_JANE.csv"})
    assert job.startswith("test-work-") and len(job) == len("test-work-") + 4
    assert bench.until(job, "finished", "failed") == "finished"
    assert bench.folder(job).result() == {"answer": 42, "source": "/home/jane/DOE_JANE.csv"}
    assert bench.row(job).result is None  # it may name a path: it stays in the folder
    assert bench.row(job).started_at and bench.row(job).ended_at
    assert bench.actions(job) == ["job.start", "job.finish"]
    with bench.ledger.read() as session:
        assert {(r.actor, r.role, r.face) for r in chain.page(session, object_=f"job:{job}")} == {
            ("ada", "researcher", "job")
        }
    lines, _ = bench.folder(job).lines()
    assert lines[-1]["done"] == 1000 and lines[-1]["unit"] == "things" and len(lines) < 10
    assert watch.newest_job_of(bench.ledger, "thing:x") == job
    assert bench.ledger.verify().ok


def test_the_path_of_a_source_is_not_in_the_ledger_and_gone_from_the_folder_at_the_end(bench: Bench) -> None:
    job = bench.ask(bench.step("bad"), arguments={"n": 3, "source": "/home/jane/DOE_JANE.csv"})
    bench.until(job, "failed")
    assert bench.row(job).arguments == {"n": 3}
    wait_for(lambda: bench.folder(job).order()["arguments"] == {"n": 3})
    assert b"DOE_JANE" not in b"".join(f.read_bytes() for f in bench.home.data.glob("medsynth.sqlite3*"))
    assert b"DOE_JANE" not in b"".join(f.read_bytes() for f in bench.folder(job).path.iterdir())


def test_a_failure_is_told_in_the_words_of_who_raised_it(bench: Bench) -> None:
    job = bench.ask(bench.step("bad"), bench.step("quick"))
    assert bench.until(job, "finished", "failed") == "failed"
    said = bench.folder(job).error()
    assert said is not None
    assert bench.row(job).error == {key: said[key] for key in ("code", "exit_code")}  # words may quote a table
    error = from_document(said, int(said["exit_code"]))
    assert (type(error).__name__, error.code, error.hint) == ("BadInput", "bad_thing", "Take a good one.")
    assert bench.folder(job).result() is None
    assert bench.actions(job) == ["job.start", "job.fail"]


def test_a_defect_is_told_without_quoting_the_data(bench: Bench) -> None:
    job = bench.ask(bench.step("defect"))
    assert bench.until(job, "finished", "failed") == "failed"
    said = bench.folder(job).error() or {}
    assert said["code"] == "unexpected" and said["exit_code"] == 1
    (log,) = bench.home.logs.glob("unexpected-*.txt")
    assert log.stat().st_mode & 0o777 == 0o600 and log.stem.removeprefix("unexpected-") in said["hint"]
    assert "ValueError" in log.read_text() and "in work" in log.read_text()
    everything = log.read_text() + json.dumps(said) + bench.folder(job).log_file.read_text()
    assert "DOE^JANE" not in everything


@pytest.mark.parametrize("step", [["{worker}", "mute"], ["/no/such/program"]])
def test_work_that_ends_without_a_word_still_gets_a_sentence(bench: Bench, step: list[str]) -> None:
    job = bench.ask(bench.step("mute") if step[0] == "{worker}" else step)
    assert bench.until(job, "finished", "failed") == "failed"
    assert (bench.folder(job).error() or {})["message"]


def test_steps_run_one_after_the_other(bench: Bench) -> None:
    job = bench.ask(bench.step("until"), bench.step("quick"))
    bench.begun(job)
    assert bench.folder(job).result() is None
    bench.enough(job)
    assert bench.until(job, "finished") and (bench.folder(job).result() or {})["answer"] == 42


def test_a_running_job_is_cancelled(bench: Bench) -> None:
    job = bench.ask(bench.step("until"), bench.step("quick"))
    bench.begun(job)
    assert watch.cancel(bench.ledger, bench.home, job) in ("running", "stopped")
    assert bench.until(job, "stopped", "finished", "failed") == "stopped"
    assert not (bench.folder(job).result() or {})
    assert bench.actions(job) == ["job.start", "job.stop"]
    assert watch.cancel(bench.ledger, bench.home, job) == "stopped"


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


def test_no_secret_of_the_environment_reaches_the_work(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDSYNTH_TOKEN", "hush")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    dump = "import os, json, sys; json.dump(dict(os.environ), open(sys.argv[1] + '/environment.json', 'w'))"
    job = bench.ask([sys.executable, "-c", dump, "{job}"])
    assert bench.until(job, "finished") == "finished"
    seen = read_json(bench.folder(job).path / "environment.json")
    assert "hush" not in seen.values() and seen["OMP_NUM_THREADS"] == "1"
    assert seen["MEDSYNTH_HOME"] == str(bench.home.root)


def test_the_supervisor_is_small() -> None:
    heavy = "('torch', 'pandas', 'sklearn', 'scipy', 'numpy')"
    look = f"import sys, medsynth_engine.jobs.supervise; print([m for m in {heavy} if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"
