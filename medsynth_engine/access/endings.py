"""Ending logins. Whoever asks for it records why."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlmodel import col, select

from db.ledger import Change
from db.tables import LoginSession


def end(change: Change, session_id: str, reason: str, now: datetime | None = None) -> bool:
    """End one session; the caller records why. False where it had ended before."""
    row = change.session.get(LoginSession, session_id)
    if row is None or row.ended_at is not None:
        return False
    row.ended_at, row.end_reason = now or datetime.now(UTC), reason
    change.session.add(row)
    return True


def end_all(change: Change, user_id: str, reason: str, but: str = "") -> int:
    """End every session of a user (but one); how many that were. The caller records it."""
    running = change.session.exec(
        select(LoginSession).where(LoginSession.user_id == user_id, col(LoginSession.ended_at).is_(None))
    ).all()
    return sum(end(change, row.id, reason) for row in running if row.id != but)
