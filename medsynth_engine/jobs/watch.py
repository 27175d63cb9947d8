"""Looking at a job from outside: says how it stands, and puts right what a crash left behind."""

from __future__ import annotations

import signal
import socket
import time
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from db.ledger import Ledger, Who
from db.tables import Job
from medsynth_engine.jobs import queue, record
from medsynth_engine.jobs.books import only_one, read_beat
from medsynth_engine.jobs.elsewhere import goes_on_elsewhere
from medsynth_engine.jobs.orphans import sweep_orphans
from medsynth_engine.jobs.process import Identity, alive, signal_group
from medsynth_engine.jobs.start import launch
from medsynth_engine.jobs.supervise import run_error
from medsynth_engine.kernel.atomic import read_json
from medsynth_engine.kernel.errors import BadInput, Busy, NotFound
from medsynth_engine.kernel.folders import ENDED, JobFolder, RunFolder
from medsynth_engine.kernel.home import Home

STALE_SECONDS = 30.0
LAUNCH_SECONDS = 15.0
"""A supervisor that has not claimed its job after so long did not come up; it is started again."""


def look(ledger: Ledger, home: Home, job: str) -> str:
    """The state of the job now. Cheap where all is well: one row and one small file.

    A job whose supervisor is gone is repaired: it is `running` while its work still runs, then what the work wrote
    down (`finished`, `failed`), goes on with its next step, or is `interrupted`. Raises NotFound.
    """
    row = _row(ledger, job)
    folder = JobFolder(home.jobs / row.folder)
    if row.state == "queued":
        return _nudge(ledger, home, row, folder)
    if row.state != "running" or supervised(folder):
        return row.state
    return _repair(ledger, home, row, folder)


def look_at_all(ledger: Ledger, home: Home) -> dict[str, str]:
    """`look` at every job that has not ended; for the start of a studio."""
    sweep_orphans(ledger, home)
    with ledger.read() as session:
        jobs = session.exec(select(Job.id).where(col(Job.state).in_(("queued", "running")))).all()
    return {job: look(ledger, home, job) for job in jobs}


def newest_job_of(ledger: Ledger, subject: str) -> str | None:
    """The last job that was asked for about this subject, such as `run:lgg-1`."""
    with ledger.read() as session:
        return session.exec(select(Job.id).where(Job.subject == subject).order_by(col(Job.created_at).desc())).first()


def supervised(folder: JobFolder) -> bool:
    """Whether somebody looks after the job.

    On this machine the process itself tells (a laptop that slept has an old heartbeat and a living supervisor); of
    another machine only the age of the heartbeat is known.
    """
    beat = read_beat(folder) or {}
    supervisor = Identity.from_document(beat.get("supervisor"))
    if supervisor is None:
        return False
    if supervisor.here:
        return alive(supervisor)
    return not _same_host(supervisor) and time.time() - float(beat.get("at", 0)) <= STALE_SECONDS


def cancel(ledger: Ledger, home: Home, job: str) -> str:
    """Ask the job to stop; its state now. What runs is given time to end: look again."""
    row = _row(ledger, job)
    folder = JobFolder(home.jobs / row.folder)
    if row.state in ENDED:
        return row.state
    if folder.path.is_dir():
        folder.set_wish("stop")
    if row.state in ("queued", "paused", "interrupted"):
        state = record.settle(
            ledger, folder, "stopped", reason="cancelled", only_from=("queued", "paused", "interrupted")
        )
        if state != "running":
            return state
    elif not supervised(folder):
        run = _run(folder)
        if run is not None and goes_on_elsewhere(folder.order(), int(folder.state().get("steps_done", 0))):
            run.set_wish("stop")  # the training over there reads it, also where nobody waits for it here
        signal_group(_child(folder), signal.SIGTERM)  # nobody else will pass the wish on
    return look(ledger, home, job)


def pause(ledger: Ledger, home: Home, job: str) -> None:
    """Ask a training to write a checkpoint and rest. Raises BadInput for other work, Busy where it does not run."""
    row = _row(ledger, job)
    run = _run(JobFolder(home.jobs / row.folder))
    if run is None:
        raise BadInput(
            "cannot_pause", "Only a training can be paused.", f"Cancel it instead: medsynth jobs cancel {job}"
        )
    if look(ledger, home, job) != "running":
        raise Busy("not_running", "This job is not running.", "See: medsynth jobs list")
    run.set_wish("pause")


def relaunch(ledger: Ledger, home: Home, job: str, actor: Who) -> str:
    """Go on with a job that was interrupted or paused, at the step where it stood; its state.

    The grant must still hold; the supervisor checks it. Raises Busy where there is nothing to go on with.
    """
    state = look(ledger, home, job)
    if state not in ("interrupted", "paused"):
        raise Busy(f"job_{state}", f"This job is {state}: there is nothing to go on with.", "See: medsynth jobs list")
    folder = JobFolder(home.jobs / _row(ledger, job).folder)
    folder.set_wish("run")
    run = _run(folder)
    if run is not None and run.path.is_dir():
        run.set_wish("run")
    with ledger.write() as change:
        row = change.session.get_one(Job, job)
        row.state = "queued"
        change.session.add(row)
        change.record(actor=actor, action="job.resume", object_=f"job:{job}", detail={"subject": row.subject})
    launch(home, job)
    return "queued"


def _repair(ledger: Ledger, home: Home, row: Job, folder: JobFolder) -> str:
    """The supervisor is gone. Whoever repairs holds its lock, so that two looks do not repair at once."""
    if not folder.path.is_dir():
        return record.settle(ledger, folder, "interrupted", reason="folder_lost")
    with only_one(folder) as first:
        if not first or alive(_child(folder)):
            return "running"
        state = _row(ledger, row.id).state
        if state != "running":
            return state
        state, error = _what_became(folder) if folder.usable() else ("failed", queue.LOST)
        run = _run(folder)
        if state == "interrupted" and run is not None and run.state()["state"] == "running":
            run.set_state("interrupted")
        state = record.settle(ledger, folder, state, error, reason="repaired")
    if state == "queued":
        launch(home, row.id)
    elif row.queue:
        queue.start_next(ledger, home, row.queue)
    return state


def _what_became(folder: JobFolder) -> tuple[str, dict[str, Any] | None]:
    """How the step ended whose supervisor was not there to see it."""
    facts = folder.state()
    if facts["state"] in (*ENDED, "paused"):  # it had only to write it into the ledger
        return facts["state"], facts.get("error")
    done = int(facts.get("steps_done", 0))
    code = _exit_of(folder, done)
    steps = len(folder.order()["steps"])
    if code == 0:
        folder.set_state("queued", steps_done=done + 1)
        return ("finished", None) if done + 1 >= steps else ("queued", None)
    if done >= steps:
        return "finished", None
    if folder.wish() == "stop":
        return "stopped", None
    said = folder.error() or run_error(_failed_run(folder))
    if said is None and goes_on_elsewhere(folder.order(), done):
        folder.set_state("queued")
        return "queued", None
    if said is not None and said.get("exit_code") != 130:
        return "failed", said
    return "interrupted", None


def _exit_of(folder: JobFolder, step: int) -> int | None:
    """What the step wrote down as its exit code; a training says it in its run folder."""
    ended = read_json(folder.path / "step.json")
    if isinstance(ended, dict) and ended.get("step") == step:
        return int(ended["exit"])
    order, run = folder.order(), _run(folder)
    if run is not None and step < len(order["steps"]) and str(run.path) in order["steps"][step]:
        return 0 if run.state()["state"] in ("finished", "stopped") else None
    return None


def _nudge(ledger: Ledger, home: Home, row: Job, folder: JobFolder) -> str:
    """A waiting job: see that who has the queue lives, and start a supervisor that did not come up again.

    One whose order is gone or cannot be read has failed: nobody could start it.
    """
    if not folder.usable():
        state = record.settle(ledger, folder, "failed", queue.LOST, reason="folder_lost", only_from=("queued",))
        if row.queue:
            queue.start_next(ledger, home, row.queue)
        return state
    if row.queue:
        with ledger.read() as session:
            ahead = record.running_in(session, row.queue)
        if ahead and look(ledger, home, ahead) == "running":
            return "queued"
    launched = folder.path / "launched"
    age = time.time() - launched.stat().st_mtime if launched.exists() else time.time() - row.created_at.timestamp()
    if age > LAUNCH_SECONDS:
        if row.queue:
            queue.start_next(ledger, home, row.queue)
        else:
            launch(home, row.id)
    return "queued"


def _row(ledger: Ledger, job: str) -> Job:
    with ledger.read() as session:
        row = session.get(Job, job)
    if row is None:
        raise NotFound("no_such_job", "There is no such job.", "See: medsynth jobs list")
    return row


def _run(folder: JobFolder) -> RunFolder | None:
    run = folder.order().get("run_folder") if folder.usable() else None
    return RunFolder(Path(run)) if run else None


def _failed_run(folder: JobFolder) -> RunFolder | None:
    run = _run(folder)
    return run if run is not None and run.state()["state"] == "failed" else None


def _child(folder: JobFolder) -> Identity | None:
    return Identity.from_document((read_beat(folder) or {}).get("child"))


def _same_host(known: Identity) -> bool:
    return known.host == socket.gethostname()
