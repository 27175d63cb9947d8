"""What works with a dataset just now: it would fail in the middle of its work if the dataset went."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, select

from db.tables import Dataset, Job
from medsynth_engine.jobs.watch import look
from medsynth_engine.kernel.errors import Busy
from medsynth_engine.kernel.escape import plain
from medsynth_engine.operations.declare import Call

NEXT_VERSION = ("intake", "check_text", "apply_review")
"""What makes a dataset's next version sees by itself that the dataset was removed, and ends."""
UNDER_WAY = ("queued", "running")
NAMED = 5


def refresh(call: Call, name: str) -> None:
    """Look at each job that works with the dataset: one whose process died is not at work, whatever the ledger says."""
    with call.read() as session:
        ids = [job.id for job in users_of(session, name)]
    for job in ids:
        look(call.ledger, call.home, job)


def demand_unused(session: Session, name: str) -> None:
    """Raise Busy where a training or other work of anybody needs a version of the dataset `name`."""
    jobs = users_of(session, name)
    if not jobs:
        return
    first = jobs[0]
    kind, _, subject = first.subject.partition(":")
    ending = f"medsynth runs stop {subject}" if kind == "run" else f"medsynth jobs cancel {first.id}"
    more = f", and {len(jobs) - NAMED} more" if len(jobs) > NAMED else ""
    raise Busy(
        "dataset_in_use",
        f"{plain(name)} is in use: {', '.join(_named(job) for job in jobs[:NAMED])}{more}. Nothing was removed.",
        f"Wait for it, or end it first: {ending}",
    )


def users_of(session: Session, name: str) -> Sequence[Job]:
    """The jobs under way that read a version of the dataset, the oldest first."""
    ids = set(session.exec(select(Dataset.id).where(Dataset.name == name)))
    under_way = select(Job).where(col(Job.state).in_(UNDER_WAY), col(Job.kind).not_in(NEXT_VERSION))
    jobs = session.exec(under_way.order_by(col(Job.created_at))).all()
    return [job for job in jobs if job.arguments.get("dataset_id") in ids]


def _named(job: Job) -> str:
    kind, _, subject = job.subject.partition(":")
    if kind == "run":
        return f"run {plain(subject)} ({job.state})"
    return f"job {job.id} ({job.kind.replace('_', ' ')} of {kind} {plain(subject)}, {job.state})"
