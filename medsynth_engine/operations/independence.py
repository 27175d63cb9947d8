"""Whether two accounts may be one person: who issued or reset a credential lately may hold that account too."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, select

from medsynth_engine.governance.workflow import CREDENTIAL_DISTANCE, Touch


def touches(session: Session, user_id: str, at: datetime | None = None) -> tuple[Touch, ...]:
    """Which admins issued or reset this account's credential in the 30 days before `at` (now): they may know it."""
    return tuple(Touch(row.admin_id, row.user_id, row.at) for row in _rows(session, user_id, at))


def told(session: Session, user_id: str, at: datetime | None = None) -> list[dict[str, Any]]:
    """The same for a person to read, with the day from which it is forgotten."""
    from db.tables import User

    return [
        {
            "admin": session.get_one(User, row.admin_id).name,
            "kind": row.kind,
            "at": row.at.isoformat(timespec="seconds"),
            "until": (row.at + CREDENTIAL_DISTANCE).isoformat(timespec="seconds"),
        }
        for row in _rows(session, user_id, at)
    ]


def one_each(session: Session, votes: Iterable[Any]) -> list[Any]:
    """The votes (rows with `admin_id`, `at`) of people who cannot be one another.

    Behind a vote may be the voter, whoever touched the voter's credential in the 30 days before the vote, and whoever
    touched theirs, whether those vote themselves or not. Of votes that may have the same person behind them one counts.
    Measured at the vote, so that no vote begins to count by waiting.
    """
    counted: list[Any] = []
    taken: set[str] = set()
    behind = [(_may_hold(session, vote.admin_id, vote.at), vote) for vote in votes]
    for holders, vote in sorted(behind, key=lambda each: (len(each[0]), each[1].at)):
        if not holders & taken:
            counted.append(vote)
            taken |= holders
    return counted


def would_count_from(session: Session, voter_id: str, beside: Iterable[Any], now: datetime) -> datetime:
    """From when on a vote that this account gives would count beside those votes: once no one person may hold both.

    That is `now`, or when the last credential between them is 30 days old; touched again, it is later. A vote given
    before stays what it was: see `one_each`.
    """
    taken = {holder for vote in beside for holder in _may_hold(session, vote.admin_id, vote.at)}
    touched = [row.at for holder in _may_hold(session, voter_id, now) for row in _rows(session, holder, now)]
    days = sorted({now, *(at + CREDENTIAL_DISTANCE for at in touched)})
    return next((day for day in days if not _may_hold(session, voter_id, day) & taken), days[-1])


def _may_hold(session: Session, user_id: str, at: datetime) -> set[str]:
    """The account's own person, and everybody who may know its password, by however many steps."""
    found, waiting = {user_id}, [user_id]
    while waiting:
        fresh = {touch.admin_id for touch in touches(session, waiting.pop(), at)} - found
        found |= fresh
        waiting += fresh
    return found


def _rows(session: Session, user_id: str, at: datetime | None) -> list[Any]:
    from db.tables import CredentialTouch

    at = at or datetime.now(UTC)
    about = select(CredentialTouch).where(
        CredentialTouch.user_id == user_id,
        col(CredentialTouch.at) > at - CREDENTIAL_DISTANCE,
        col(CredentialTouch.at) <= at,
    )
    return list(session.exec(about.order_by(col(CredentialTouch.at))))
