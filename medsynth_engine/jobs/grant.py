"""A job's grant: who may have this work done, exactly this, until when. A row of the ledger, never a token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from db.canonical import digest
from db.ledger import Ledger
from db.tables import Job, User
from medsynth_engine.kernel.errors import Denied
from medsynth_engine.kernel.folders import JobFolder

SIGNED = ("job", "kind", "arguments", "steps", "run_folder", "queue", "subject", "role", "pace")
"""What of `job.json` the digest in the ledger covers."""


@dataclass(frozen=True)
class Holder:
    """Who asked for the job, for the records of its work. `session_id` is of the login it was asked in."""

    user_id: str
    name: str
    role: str
    session_id: str


def digest_of(order: Mapping[str, Any]) -> str:
    return digest({key: order.get(key) for key in SIGNED})


def refusal(session: Session, job: Job | None, order: Mapping[str, Any], now: datetime | None = None) -> Denied | None:
    """Why the work may not be done (any more); None where it may."""
    if job is None:
        return Denied("no_grant", "The ledger knows nothing of this job.", "Ask for the work again.")
    if digest_of(order) != job.arguments_digest:
        return Denied("grant_mismatch", "The job's folder was changed after it was permitted.", "Ask for it again.")
    if (now or datetime.now(UTC)) >= job.expires_at:
        return Denied("grant_expired", "The permission for this job has run out.", "Ask for the work again.")
    user = session.get(User, job.actor_id)
    if user is None or user.state != "active" or user.role != order.get("role"):
        return Denied("user_disabled", "Who asked for this job may not work here any more.", "An admin can say more.")
    return None


def holder(ledger: Ledger, folder: JobFolder) -> Holder:
    """Who the job works for. Raises Denied where the grant is missing, was tampered with, or has ended."""
    order = folder.order()
    with ledger.read() as session:
        job = session.get(Job, folder.name)
        denied = refusal(session, job, order)
        if denied is not None or job is None:
            raise denied or Denied("no_grant", "The ledger knows nothing of this job.", "Ask for the work again.")
        user = session.get_one(User, job.actor_id)
        return Holder(user.id, user.name, user.role, str(order.get("session", "")))
