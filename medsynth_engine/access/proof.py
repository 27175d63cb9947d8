"""Showing that one is who one says: the password, and the code of a second factor where there is one.

Both are checked once at a time in a whole store, and slower when wrong.

Once at a time, because otherwise eight processes could try eight passwords in the window that the throttle leaves.
The lock is a file's, not the ledger's: others go on writing during the 0.15 s that a hash takes.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlmodel import select

from db.ledger import Change, Ledger
from db.tables import User
from medsynth_engine.access import passwords, second_factor, throttle
from medsynth_engine.kernel.errors import Denied


@dataclass(frozen=True)
class Proof:
    """It is the person. `fresh_hash` is set where the kept hash is weaker than today's, `spent` where a code was given.

    Nothing of it is kept before `accept`.
    """

    user_id: str
    fresh_hash: str | None
    spent: second_factor.Spent | None = None


@dataclass(frozen=True)
class Given:
    """What somebody shows. `key` gives the store's key, which opens the second factor; it is asked only then."""

    password: str = field(repr=False)
    code: str = field(default="", repr=False)
    key: Callable[[], bytes] | None = None


def accept(change: Change, proof: Proof, now: datetime | None = None) -> User:
    """Note in the caller's change what the proof brings: failures forgiven, the hash renewed, the code used up."""
    user = change.session.get_one(User, proof.user_id)
    throttle.forgive(user)
    if proof.fresh_hash:
        user.password_hash = proof.fresh_hash
    if proof.spent is not None:
        second_factor.spend(change, user.id, proof.spent, now or datetime.now(UTC))
    change.session.add(user)
    return user


def wrong() -> Denied:
    """One sentence for every reason, so that nobody learns which names exist."""
    return Denied(
        "login_failed",
        "The name or the password is wrong.",
        "A new account is first activated with its code: medsynth activate NAME.",
    )


def code_needed() -> Denied:
    return Denied(
        "code_needed",
        "This account has a second factor: its code is needed too.",
        "Six digits of the app, or one of the recovery codes.",
    )


def wrong_code() -> Denied:
    return Denied(
        "wrong_code",
        "That code does not fit, or was used before.",
        "Wait for the next one; or take a recovery code.",
    )


@contextmanager
def proven(
    ledger: Ledger, name: str, given: Given | str, face: str, now: datetime | None = None, session_id: str = ""
) -> Iterator[Proof]:
    """The block runs while nobody else can try a password. Raises Denied (and records it) where it is wrong.

    given  a `Given`, or a password alone
    Denied also where the user is invited or disabled, or was wrong too often a moment ago; `code_needed` where the
    password is right and the second factor is still to be shown.
    """
    given = Given(given) if isinstance(given, str) else given
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
        right = passwords.matches(given.password, user.password_hash if user else None)
        why = ""
        if user is None:
            why = "no_such_user"
        elif not right:
            why = "wrong_password"
        elif user.state != "active":
            why = user.state
        elif passwords.forbidden_here(given.password, ledger.stamp):
            why = "development_password"
        spent = None
        if not why and user is not None:
            try:
                spent = _second(ledger, user, given, now)
            except _WrongCode:
                why = "wrong_code"
            except _NoCode:  # not counted, or whoever logs in step by step would slow themselves down
                if not session_id:  # within a session the engine records it
                    with ledger.write(face) as change:
                        _record_denial(change, user, "code_needed", session_id)
                raise code_needed() from None
        if why or user is None:
            with ledger.write(face) as change:
                again = change.session.get(User, user.id) if user else None
                throttle.failed(change.session, again, name, now)
                _record_denial(change, user, why, session_id)
            raise wrong_code() if why == "wrong_code" else wrong()
        kept = user.password_hash or ""
        fresh = passwords.hashed(given.password) if passwords.needs_rehash(kept) else None
        yield Proof(user.id, fresh, spent)


class _WrongCode(Exception):
    """Inside this file only: the code does not fit."""


class _NoCode(Exception):
    """Inside this file only: the password is right, and a code is asked for and was not given."""


def _second(ledger: Ledger, user: User, given: Given, now: datetime) -> second_factor.Spent | None:
    """The code that was given, where one is asked for. Raises `_NoCode` where none was given, `_WrongCode`."""
    with ledger.read() as session:
        row = second_factor.of(session, user.id)
        if row is None:
            return None
        if not given.code.strip() or given.key is None:
            raise _NoCode
        found = second_factor.check(session, given.key(), row, given.code, now)
    if found is None:
        raise _WrongCode
    return found


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
