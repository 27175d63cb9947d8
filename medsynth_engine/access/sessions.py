"""Logins: a random token that only its holder has; the ledger keeps its hash, who it is for, and how long."""

from __future__ import annotations

import hashlib
import secrets
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from db.errors import LedgerBusy, LedgerFull
from db.ledger import Change, Ledger
from db.tables import LoginSession, User
from medsynth_engine.access import second_factor
from medsynth_engine.access.actor import Actor
from medsynth_engine.access.before import Before, since_last_login
from medsynth_engine.access.endings import end
from medsynth_engine.access.proof import Given, accept, proven
from medsynth_engine.access.roles import Role
from medsynth_engine.kernel.errors import Denied


@dataclass(frozen=True)
class Limits:
    idle: timedelta
    absolute: timedelta


LIMITS = {
    "cli": Limits(timedelta(minutes=15), timedelta(hours=12)),
    "studio": Limits(timedelta(minutes=15), timedelta(hours=12)),
}
TOUCH_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Opened:
    """A fresh login. The token is shown to its holder once and kept nowhere else.

    before  wrong attempts since the last login: the holder knows whether they were theirs
    """

    token: str = field(repr=False)
    actor: Actor
    before: Before = field(default_factory=Before)


def login(ledger: Ledger, name: str, given: Given | str, face: str, now: datetime | None = None) -> Opened:
    """Open a session for who gives the right password, and the code of a second factor.

    Raises Denied: `code_needed` and `wrong_code` after a right password, else the same sentence for every case.
    """
    now = now or datetime.now(UTC)
    with proven(ledger, name, given, face, now) as proof, ledger.write(face) as change:
        user = accept(change, proof, now)
        before = since_last_login(change.session, user)
        opened = open_session(change, user, face, now)
        told = {"failures_before": before.failures, "without_code": before.without_code}
        detail: dict[str, object] = {key: count for key, count in told.items() if count}
        if proof.spent is not None:
            detail["second_factor"] = "recovery" if proof.spent.recovery_hash else "code"
        change.record(actor=opened.actor, action="session.login", object_=f"user:{user.name}", detail=detail)
    return replace(opened, before=before)


def confirm(ledger: Ledger, actor: Actor, given: Given, face: str, now: datetime | None = None) -> None:
    """Show once more that one is still the person who logged in. Raises Denied."""
    now = now or datetime.now(UTC)
    with proven(ledger, actor.name, given, face, now, actor.session_id) as proof, ledger.write(face) as change:
        accept(change, proof, now)
        row = change.session.get_one(LoginSession, actor.session_id)
        row.proved_at = row.last_seen_at = now
        change.session.add(row)
        change.record(actor=actor, action="session.confirm", object_=f"user:{actor.name}")


def demand_fresh(actor: Actor, minutes: int, now: datetime | None = None) -> None:
    """Raise Denied (`confirm_needed`) where the password was given longer ago than that."""
    now = now or datetime.now(UTC)
    if actor.proved_at is None or now - actor.proved_at >= timedelta(minutes=minutes):
        raise Denied(
            "confirm_needed",
            "This needs your password again: it was last given a while ago.",
            f"Log in again right before: medsynth login {actor.name}.",
        )


def open_session(change: Change, user: User, face: str, now: datetime | None = None) -> Opened:
    """A session for an active user, in the caller's change, which records it. Raises Denied for any other user."""
    now = now or datetime.now(UTC)
    if user.state != "active":
        raise Denied("not_active", "This account cannot log in.", "Ask an admin.")
    token = secrets.token_urlsafe(32)
    row = LoginSession(
        id=_identity(token),
        user_id=user.id,
        face=face,
        created_at=now,
        last_seen_at=now,
        expires_at=now + _limits(face).absolute,
    )
    change.session.add(row)
    return Opened(token, replace(_actor(row, user), owes=second_factor.owed(change.session, user)))


def resolve(where: Ledger | Change | Session, token: str, now: datetime | None = None) -> Actor:
    """Who holds this token. Raises Denied where the session has ended, expired or was idle too long.

    Given the ledger it notes, at most once a minute, that the session was used, and ends one that has run out.
    """
    now = now or datetime.now(UTC)
    if isinstance(where, Ledger):
        with where.read() as session:
            row, user = _find(session, token)
            owes = second_factor.owed(session, user) if user is not None else ""
        why = _why_over(row, user, now)
        if why and row is not None and row.ended_at is None and user is not None:
            with where.write(row.face) as change:
                end(change, row.id, why, now)
                change.record(actor=_actor(row, user), action="session.end", object_=f"user:{user.name}", reason=why)
        elif not why and row is not None and now - row.last_seen_at >= TOUCH_EVERY:
            with suppress(LedgerBusy, LedgerFull):  # looking must work also then; the next look notes it
                where.touch(row.id, now)
    else:
        session = where.session if isinstance(where, Change) else where
        row, user = _find(session, token)
        owes = second_factor.owed(session, user) if user is not None else ""
        why = _why_over(row, user, now)
    if why or row is None or user is None:
        raise Denied("session_over", _SENTENCES.get(why, "Nobody is logged in."), "Log in again: medsynth login NAME.")
    return replace(_actor(row, user), owes=owes)


def expires(session: Session, session_id: str) -> datetime:
    """When the session ends if it is not used any more."""
    row = session.get_one(LoginSession, session_id)
    return min(row.expires_at, row.last_seen_at + _limits(row.face).idle)


_SENTENCES = {
    "idle": "You were logged out after a while without activity.",
    "expired": "Your session has come to its end.",
    "ended": "This session was ended.",
    "disabled": "This account was disabled.",
}


def _limits(face: str) -> Limits:
    return LIMITS.get(face, LIMITS["cli"])


def _identity(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _find(session: Session, token: str) -> tuple[LoginSession | None, User | None]:
    row = session.get(LoginSession, _identity(token))
    return row, session.get(User, row.user_id) if row else None


def _why_over(row: LoginSession | None, user: User | None, now: datetime) -> str:
    if row is None or user is None:
        return "unknown"
    if row.ended_at is not None:
        return "ended"
    if user.state != "active":
        return "disabled"
    if now >= row.expires_at:
        return "expired"
    return "idle" if now - row.last_seen_at >= _limits(row.face).idle else ""


def _actor(row: LoginSession, user: User) -> Actor:
    return Actor(user.id, user.name, Role(user.role), row.id, row.proved_at or row.created_at)
