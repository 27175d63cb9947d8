"""What waited too long in quarantine goes; what is decided and not applied is applied. Looked at with the home screen.

A quarantined picture is pixels alone, without a header or a name, but pixels may show a patient: nobody keeps what
nobody looks at (requirement A-24). The rows remain and say that it was purged.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import Session, select

from db.ledger import SYSTEM
from db.tables import Dataset, User
from medsynth_engine.access.actor import Actor
from medsynth_engine.access.roles import Role
from medsynth_engine.intake.reasons import Code
from medsynth_engine.kernel.errors import MedSynthError
from medsynth_engine.operations.decisions import failed_since, lineage, waiting, work_under_way
from medsynth_engine.operations.declare import Call, Recorded
from medsynth_engine.operations.jobs import launch
from medsynth_engine.operations.quarantine import held, waiting_since
from medsynth_engine.operations.review import begin_applying

TRY_AGAIN = timedelta(days=1)


def sweep_reviews(call: Call, days: int) -> list[str]:
    """Start what is due; the jobs that were started. `days` is how long a picture may wait for a decision."""
    with call.read() as session:
        due = [row for row in _newest_versions(session) if _due(call, session, row, days) is not None]
    jobs = []
    for row in due:
        job = _apply(call, row, days)
        if job is not None:
            launch(call, job)
            jobs.append(job)
    return jobs


def _newest_versions(session: Session) -> list[Dataset]:
    rows = session.exec(select(Dataset).where(Dataset.state == "present").order_by(Dataset.version)).all()  # type: ignore[arg-type]
    return list({row.name: row for row in rows}.values())


def _due(call: Call, session: Session, row: Dataset, days: int) -> list[str] | None:
    """The undecided records whose time is over; an empty list where all are decided; None where nothing is due."""
    pictures = held(call.home.datasets / row.folder)
    now = datetime.now(UTC)
    if not pictures or work_under_way(session, row.name) or failed_since(session, row.name, now - TRY_AGAIN):
        return None
    undecided = pictures.keys() - waiting(session, row).keys()
    versions = [(version, call.home.datasets / version.folder) for version in lineage(session, row)]
    since = waiting_since(versions, undecided)
    overdue = sorted(record for record in undecided if now - since[record] >= timedelta(days=days))
    return overdue if overdue or not undecided else None


def _apply(call: Call, row: Dataset, days: int) -> str | None:
    """Under the ledger's write lock, so that two home screens start one job."""
    try:
        with call.ledger.write(call.face) as change:
            recorded = Recorded(change.session, change, f"dataset:{row.name}")
            newest = {each.name: each for each in _newest_versions(change.session)}.get(row.name)
            overdue = _due(call, change.session, newest, days) if newest is not None else None
            if newest is None or overdue is None:
                return None
            rejected = {"decision": "reject", "boxes": [], "reason": Code.EXPIRED.value}
            purged: dict[str, dict[str, Any]] = dict.fromkeys(overdue, rejected)
            asked_by = replace(call, who=_who_for(call, change.session, newest))
            job = begin_applying(asked_by, recorded, newest, purged)
            action = "review.expired" if overdue else "review.completed"
            detail = {**recorded.detail, "purged": len(overdue), "days": days}
            change.record(actor=SYSTEM, action=action, object_=recorded.object_, detail=detail)
            return job
    except MedSynthError:
        return None  # somebody else was first; the next look sees


def _who_for(call: Call, session: Session, row: Dataset) -> Actor:
    """The job works for the dataset's owner; where that account is closed, for whoever looks."""
    owner = session.get(User, row.owner_id)
    if owner is not None and owner.state == "active":
        return Actor(owner.id, owner.name, Role(owner.role), "")
    return call.actor
