"""Guessing gets slower: after five failures 1, 2, 4 ... 300 seconds. Kept in the ledger, so a restart changes nothing.

There is no lock-out, because anybody could then lock anybody out. Names that do not exist are slowed down in the same
way, each on its own and forgotten after the same hour, else the throttle would tell which ones do. What was typed as
such a name may be a password, so of it only 24 bits of a salted hash are kept, and for that hour.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from db.dialect import ALL, run, text_in
from db.tables import Store, User
from medsynth_engine.kernel.errors import Denied

FREE = 5
LONGEST_SECONDS = 300
FORGET_AFTER = timedelta(hours=1)
MOST_UNKNOWN = 100_000
"""More unknown names than can be tried in an hour, since each costs a password hash and only one is heard at a time."""
_SALT = "throttle_salt"


@dataclass(frozen=True)
class Count:
    """How often it went wrong in a row, and when the next attempt is heard."""

    failures: int = 0
    next_at: datetime | None = None


def delay(failures: int) -> int:
    """Seconds until the next attempt after so many failures in a row."""
    return 0 if failures < FREE else min(LONGEST_SECONDS, 2 ** min(failures - FREE, 16))


def count_of(session: Session, user: User | None, name: str) -> Count:
    if user is not None:
        return Count(user.failed_logins, user.next_login_at)
    salt = session.get(Store, _SALT)
    kept = session.get(Store, _key(salt.value, name)) if salt is not None else None
    if kept is None:
        return Count()
    return Count(int(kept.value["failures"]), datetime.fromisoformat(kept.value["next_at"]))


def demand_patience(count: Count, now: datetime) -> None:
    """Raise Denied while the next attempt is not heard yet."""
    if count.next_at is not None and count.next_at > now:
        seconds = math.ceil((count.next_at - now).total_seconds())
        raise Denied(
            "too_many_attempts",
            "There were too many failed attempts.",
            f"Try again in {seconds} second{'' if seconds == 1 else 's'}.",
        )


def failed(session: Session, user: User | None, name: str, now: datetime) -> Count:
    """Count a failure in the caller's change. An hour after the next attempt would have been heard it begins anew."""
    before = count_of(session, user, name)
    forgotten = before.next_at is not None and now - before.next_at > FORGET_AFTER
    failures = 1 if forgotten else before.failures + 1
    next_at = now + timedelta(seconds=delay(failures))
    if user is not None:
        user.failed_logins, user.next_login_at = failures, next_at
        session.add(user)
    else:
        salt = session.get(Store, _SALT) or Store(key=_SALT, value=secrets.token_hex(16))
        session.add(salt)
        session.merge(Store(key=_key(salt.value, name), value={"failures": failures, "next_at": _text(next_at)}))
    session.flush()
    _prune(session, now)  # for a known name too: it would tell by the time that it takes
    return Count(failures, next_at)


def forgive(user: User) -> None:
    """The right password was given: start counting anew."""
    user.failed_logins, user.next_login_at = 0, None


def _prune(session: Session, now: datetime) -> None:
    """Take away the counts of unknown names that are forgotten, and the oldest beyond `MOST_UNKNOWN`."""
    counts = "key >= 'throttle.' AND key < 'throttle/'"
    connection = session.connection()
    next_at = text_in(connection, "value", "next_at")
    run(connection, f"DELETE FROM store WHERE {counts} AND {next_at} < ?", (_text(now - FORGET_AFTER),))
    run(
        connection,
        f"DELETE FROM store WHERE key IN (SELECT key FROM store WHERE {counts} "
        f"ORDER BY {next_at} DESC LIMIT {ALL} OFFSET ?)",
        (MOST_UNKNOWN,),
    )


def _text(moment: datetime) -> str:
    """As text whose order is that of time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _key(salt: str, name: str) -> str:
    return f"throttle.{hmac.digest(bytes.fromhex(salt), name.encode(), hashlib.sha256)[:3].hex()}"
