"""What became of a job, in the ledger: each change of state is a transaction with its audit record."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Literal

from sqlmodel import Session, col, select

from db.errors import LedgerBusy
from db.ledger import SYSTEM, Change, Ledger
from db.tables import Job, User
from medsynth_engine.jobs import grant
from medsynth_engine.jobs.start import PRIVATE
from medsynth_engine.kernel.atomic import write_json
from medsynth_engine.kernel.errors import Denied, NoRoom
from medsynth_engine.kernel.folders import ENDED, JobFolder

ACTIONS = {"finished": "job.finish", "failed": "job.fail", "stopped": "job.stop", "paused": "job.pause",
           "interrupted": "job.interrupt", "queued": "job.requeue"}  # fmt: skip
OUTCOMES = {"failed": "failed", "interrupted": "failed"}
Claim = Literal["go", "wait", "gone"]


def running_in(session: Session, queue: str) -> str | None:
    """The job that has the queue now."""
    return session.exec(select(Job.id).where(Job.queue == queue, Job.state == "running")).first()


def first_queued(session: Session, queue: str) -> str | None:
    query = select(Job.id).where(Job.queue == queue, Job.state == "queued").order_by(col(Job.created_at), Job.id)
    return session.exec(query).first()


def claim(ledger: Ledger, folder: JobFolder) -> Claim:
    """Take the job for the calling supervisor: `go`, or `wait` for the queue, or `gone` (another has or had it).

    Raises Denied where the grant does not hold; the job is then failed and the denial recorded. The ledger's write
    lock makes sure that of two supervisors, and of two jobs of a queue, one goes.
    """
    order = folder.order()
    denied: Denied | None = None
    with ledger.write("job") as change:
        job = change.session.get(Job, folder.name)
        if job is not None and job.state != "queued":
            return "gone"
        denied = grant.refusal(change.session, job, order)
        if denied is not None:
            _refuse(change, job, folder.name, denied)
        elif job is not None:
            if job.queue and (
                running_in(change.session, job.queue) or first_queued(change.session, job.queue) != job.id
            ):
                return "wait"
            job.state, job.started_at, job.ended_at = "running", datetime.now(UTC), None
            change.session.add(job)
            note(change, job, "job.start")
    if denied is not None:
        raise denied
    return "go"


def settle(
    ledger: Ledger,
    folder: JobFolder,
    state: str,
    error: Mapping[str, Any] | None = None,
    reason: str = "",
    only_from: tuple[str, ...] = ("queued", "running", "paused", "interrupted"),
) -> str:
    """Write the state into the folder and the ledger; the state that holds now.

    The folder first: whoever reads `finished` in the ledger finds the result complete. Raises LedgerBusy where the
    ledger stays locked; the next look then repairs it from the folder.
    """
    for attempt in range(5):
        try:
            return _settle(ledger, folder, state, error, reason, only_from)
        except LedgerBusy:
            if attempt == 4:
                raise
            time.sleep(1)
    raise AssertionError


def _settle(
    ledger: Ledger,
    folder: JobFolder,
    state: str,
    error: Mapping[str, Any] | None,
    reason: str,
    only_from: tuple[str, ...],
) -> str:
    with ledger.write("job") as change:
        job = change.session.get(Job, folder.name)
        if job is None or job.state not in only_from or job.state == state:
            return job.state if job else state
        with suppress(NoRoom, FileNotFoundError):  # of a full disk or a lost folder the ledger at least knows
            folder.set_state(state, **({"error": dict(error)} if error else {}))
            if state in ENDED:  # before the ledger: a kill in between leaves no path of a person's file behind
                forget_private(folder)
        job.state = state
        # Sentences and results may quote a table or name a path: they stay in the folder, the ledger keeps the code.
        job.error = {"code": error.get("code", ""), "exit_code": error.get("exit_code", 1)} if error else None
        job.ended_at = datetime.now(UTC) if state in ENDED else None
        change.session.add(job)
        code = str(error.get("code", "")) if error else ""
        note(change, job, ACTIONS[state], OUTCOMES.get(state, "done"), reason or code)
    return state


def note(change: Change, job: Job, action: str, outcome: str = "done", reason: str = "") -> None:
    """The audit record of a change of a job's state, in the name of who asked for the job."""
    user = change.session.get(User, job.actor_id)
    seconds = (datetime.now(UTC) - job.started_at).total_seconds() if job.started_at else 0.0
    change.record(
        actor=user.name if user else SYSTEM,
        actor_id=job.actor_id,
        role=user.role if user else "",
        action=action,
        object_=f"job:{job.id}",
        outcome=outcome,
        reason=reason,
        detail={"kind": job.kind, "subject": job.subject, "seconds": round(seconds, 1)},
    )


def _refuse(change: Change, job: Job | None, name: str, denied: Denied) -> None:
    if job is None:
        change.record(actor=SYSTEM, action="job.refuse", object_=f"job:{name}", outcome="denied", reason=denied.code)
        return
    job.state, job.ended_at = "failed", datetime.now(UTC)
    job.error = {**denied.document(), "exit_code": denied.exit_code}
    change.session.add(job)
    note(change, job, "job.refuse", "denied", denied.code)


def forget_private(folder: JobFolder) -> None:
    """The work is over: what may name a file of a person goes, so the job cannot be started again either."""
    if not folder.usable():  # nobody can tell what a cut order still names
        write_json(folder.path / "job.json", {})
        return
    order = folder.order()
    arguments = order.get("arguments", {})
    if any(key in arguments for key in PRIVATE):
        order["arguments"] = {key: value for key, value in arguments.items() if key not in PRIVATE}
        write_json(folder.path / "job.json", order)
