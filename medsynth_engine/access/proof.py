"""Showing that one is who one says: the password is checked once at a time in a whole store, and slower when wrong.

Once at a time, because otherwise eight processes could try eight passwords in the window that the throttle leaves.
The lock is a file's, not the ledger's: others go on writing during the 0.15 s that a hash takes.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlmodel import select

from db.ledger import Change, Ledger
from db.tables import User
from medsynth_engine.access import passwords, throttle
from medsynth_engine.kernel.errors import Denied


@dataclass(frozen=True)
class Proof:
    """The password was right. `fresh_hash` is set where the kept hash is weaker than today's."""

    user_id: str
    failures_before: int
    fresh_hash: str | None


def wrong() -> Denied:
    """One sentence for every reason, so that nobody learns which names exist."""
    return Denied(
        "login_failed",
        "The name or the password is wrong.",
        "A new account is first activated with its code: medsynth activate NAME.",
    )


@contextmanager
def proven(
    ledger: Ledger, name: str, password: str, face: str, now: datetime | None = None, session_id: str = ""
) -> Iterator[Proof]:
    """The block runs while nobody else can try a password. Raises Denied (and records it) where it is wrong.

    Denied also where the user is invited or disabled, or was wrong too often a moment ago.
    """
    now = now or datetime.now(UTC)
    name = name.strip().lower()[:100]
    with _one_at_a_time(ledger.path.with_name("login.lock")):
        with ledger.read() as session:
            user = session.exec(select(User).where(User.name == name)).first()
            count = throttle.count_of(session, user, name)
        try:
            throttle.demand_patience(count, now)
        except Denied:
            with ledger.write(face) as change:
                _record_denial(change, user, "throttled", session_id)
            raise
        right = passwords.matches(password, user.password_hash if user else None)
        why = ""
        if user is None:
            why = "no_such_user"
        elif not right:
            why = "wrong_password"
        elif user.state != "active":
            why = user.state
        elif passwords.forbidden_here(password, ledger.stamp):
            why = "development_password"
        if why or user is None:
            with ledger.write(face) as change:
                again = change.session.get(User, user.id) if user else None
                throttle.failed(change.session, again, name, now)
                _record_denial(change, user, why, session_id)
            raise wrong()
        kept = user.password_hash or ""
        yield Proof(user.id, count.failures, passwords.hashed(password) if passwords.needs_rehash(kept) else None)


def _record_denial(change: Change, user: User | None, why: str, session_id: str) -> None:
    change.record(
        # What was typed as a name that does not exist may be a password: it is not kept.
        actor=user.name if user else "unknown",
        actor_id=user.id if user else "",
        role=user.role if user else "",
        session_id=session_id,
        action="session.denied",
        object_=f"user:{user.name}" if user else "",
        outcome="denied",
        reason=why,
    )


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
