"""Terminals that go away and pids that come back; a tenth in `make test`, all of it in `make faults`."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from job_bench import ADA, Bench, wait_for

from medsynth_engine.jobs import watch
from medsynth_engine.jobs.process import Identity, alive, identity, signal_group
from medsynth_engine.kernel.atomic import write_json

STARTER = """
import sys, time
from pathlib import Path
from medsynth_engine.jobs.start import launch
from medsynth_engine.kernel.home import Home
launch(Home(Path(sys.argv[1])), sys.argv[2])
print("launched", flush=True)
time.sleep(600)
"""


def started_in_a_terminal(bench: Bench, job: str) -> tuple[int, int]:
    """Somebody's program in a terminal of its own that starts the job and stays: its pid, the terminal."""
    pid, terminal = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # who runs the tests may have it ignored
        os.execv(sys.executable, [sys.executable, "-c", STARTER, str(bench.home.root), job])
    said = b""
    while b"launched" not in said:
        said += os.read(terminal, 1000)
    return pid, terminal


@pytest.mark.parametrize("how", ["SIGHUP", "SIGKILL"])
def test_the_work_goes_on_when_the_terminal_is_gone_and_who_comes_back_sees_it(
    bench: Bench, how: str, share: float
) -> None:
    """In full twenty times each: the line drops (the terminal closes), or the program is killed with its group."""
    for _ in range(int(20 * share)):
        job = bench.ask(bench.step("until"), go=False)
        pid, terminal = started_in_a_terminal(bench, job)
        bench.begun(job)
        if how == "SIGHUP":
            os.close(terminal)
        else:
            os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        assert bench.look(job) == "running" and alive(bench.child(job)) and alive(bench.supervisor(job))
        bench.enough(job)
        assert bench.until(job, "finished", "failed", "interrupted") == "finished"
        if how == "SIGKILL":
            os.close(terminal)


def test_a_pid_that_came_back_is_never_believed_and_never_signalled(bench: Bench, share: float) -> None:
    """In full ten strangers, after a restart of the machine or only of the pid."""
    for number in range(max(2, int(10 * share))):
        stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
        try:
            found = identity(stranger.pid)
            assert found
            forged = (
                Identity(found.host, "the boot before", found.pid, found.started)
                if number % 2
                else Identity(found.host, found.boot, found.pid, str(int(found.started) - 1))
            )
            job = bench.ask(bench.step("quick"), go=False)
            with bench.ledger.write() as change:
                row = change.session.get_one(type(bench.row(job)), job)
                row.state = "running"
                change.record(actor="system", action="test.forge")
            bench.folder(job).set_state("running")
            beat = {"at": time.time(), "supervisor": forged.document(), "child": forged.document(), "step": 0}
            write_json(bench.folder(job).path / "heartbeat.json", beat)
            assert bench.look(job) == "interrupted"
            assert not signal_group(forged, signal.SIGKILL)
            assert watch.relaunch(bench.ledger, bench.home, job, ADA) == "queued"
            assert bench.until(job, "finished") == "finished"
            assert stranger.poll() is None
        finally:
            stranger.kill()
            stranger.wait()


def test_a_store_whose_supervisors_and_work_were_all_killed_is_put_right_by_one_look(
    bench: Bench, share: float, tmp_path: Path
) -> None:
    """As after a power cut: in full ten jobs of two queues at once."""
    jobs = [bench.ask(bench.step("until"), queue=f"train:{number % 2}") for number in range(max(3, int(10 * share)))]
    bench.begun(jobs[0])
    bench.begun(jobs[1])
    for job in jobs[:2]:
        bench.kill_supervisor(job)
        signal_group(bench.child(job), signal.SIGKILL)
        wait_for(lambda job=job: not alive(bench.child(job)))  # type: ignore[misc]
    seen = watch.look_at_all(bench.ledger, bench.home)
    assert [seen[job] for job in jobs[:2]] == ["interrupted", "interrupted"]
    for job in jobs[2:]:  # the queues go on by themselves
        bench.begun(job)
        bench.enough(job)
        assert bench.until(job, "finished") == "finished"
    assert bench.ledger.verify().ok
