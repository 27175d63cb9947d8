"""Decisions about quarantined pictures, as the ledger holds them: which wait to be applied, and what came of them.

A decision is made on one version of a dataset and holds for the versions that follow, for a text check or an append
may make a version between the decision and its application.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, or_, select

from db.tables import Dataset, Job, Review, User

UNDO = "undo"
APPLYING = "apply_review"
"""The kind of the job that makes the next version from decisions."""


def lineage(session: Session, dataset: Dataset) -> list[Dataset]:
    """`dataset` and the versions it came from, newest first.

    A version that was swept keeps its row under `name~id`. An earlier dataset of the same name, removed since, is none
    of them: of the rows of one version, the last before its successor is the one.
    """
    name = dataset.name
    named = or_(col(Dataset.name) == name, col(Dataset.name).startswith(f"{name}~", autoescape=True))
    rows = session.exec(select(Dataset).where(named, Dataset.owner_id == dataset.owner_id)).all()
    found = [dataset]
    for version in range(dataset.version - 1, 0, -1):
        before = [row for row in rows if row.version == version and row.created_at <= found[-1].created_at]
        if not before:
            break
        found.append(max(before, key=lambda row: row.created_at))
    return found


def waiting(session: Session, dataset: Dataset) -> dict[str, Review]:
    """The decisions that are made and not applied, by record. The last one about a record counts; `undo` is none."""
    ids = [row.id for row in lineage(session, dataset)]
    last: dict[str, Review] = {}
    decided = select(Review).where(col(Review.dataset_id).in_(ids)).order_by(col(Review.at), col(Review.id))
    for row in session.exec(decided):
        last[row.record] = row
    return {record: row for record, row in last.items() if row.applied_version is None and row.decision != UNDO}


def note_applied(session: Session, dataset: Dataset, records: Iterable[str], version: int) -> None:
    """Note on every open decision about `records` that `version` was made from it.

    For the job that applies decisions, in the transaction that adds the version. `dataset` is the row it began from.
    """
    wanted = set(records)
    ids = [row.id for row in lineage(session, dataset)]
    open_ones = select(Review).where(col(Review.dataset_id).in_(ids), col(Review.applied_version).is_(None))
    for row in session.exec(open_ones):
        if row.record in wanted:
            row.applied_version = version
            session.add(row)


def counts(session: Session, dataset: Dataset, held: Collection[str]) -> dict[str, int]:
    """How many pictures people accepted, masked and rejected in this dataset's versions, and how many uploaders did.

    Of `held`, what was decided before came back (text was still read after masking): these wait, and count as that.
    """
    ids = [row.id for row in lineage(session, dataset)]
    applied = select(Review).where(col(Review.dataset_id).in_(ids), col(Review.applied_version).is_not(None))
    last = {row.record: row for row in session.exec(applied.order_by(col(Review.at), col(Review.id)))}
    found = {"accepted": 0, "masked": 0, "rejected": 0, "self_reviewed": 0, "came_back": 0}
    words = {"accept": "accepted", "mask": "masked", "reject": "rejected"}
    for record, row in last.items():
        if record in held:
            found["came_back"] += 1
        elif row.decision in words:
            found[words[row.decision]] += 1
            found["self_reviewed"] += row.self_reviewed
    return found


def documents(decisions: Mapping[str, Review]) -> dict[str, dict[str, Any]]:
    """As the job that applies them takes them."""
    return {record: {"decision": row.decision, "boxes": row.boxes} for record, row in sorted(decisions.items())}


def work_under_way(session: Session, name: str) -> Job | None:
    """A job that changes dataset `name` now or soon."""
    mine = select(Job).where(Job.queue == f"dataset:{name}", col(Job.state).in_(("queued", "running", "paused")))
    return session.exec(mine).first()


def failed_since(session: Session, name: str, moment: datetime) -> bool:
    """Whether decisions about dataset `name` could not be applied since `moment`: it is not tried again by itself."""
    last = session.exec(
        select(Job).where(Job.kind == APPLYING, Job.subject == f"dataset:{name}").order_by(col(Job.created_at).desc())
    ).first()
    return last is not None and last.state in ("failed", "stopped", "interrupted") and last.created_at > moment


def others_may_review(session: Session, owner_id: str) -> bool:
    """Whether the store has a researcher besides the uploader who could look."""
    people = select(User.id).where(User.role == "researcher", User.state == "active", User.id != owner_id)
    return session.exec(people).first() is not None
