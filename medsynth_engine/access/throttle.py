"""Guessing gets slower: after five failures 1, 2, 4 ... 300 seconds. Kept in the ledger, so a restart changes nothing.

There is no lock-out, because anybody could then lock anybody out. Names that do not exist are slowed down as well,
else the throttle would tell which ones do; they share 256 counters, so that made-up names cannot fill the ledger.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from db.tables import Store, User
from medsynth_engine.kernel.errors import Denied

FREE = 5
LONGEST_SECONDS = 300
_FORGET_AFTER = timedelta(hours=1)


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
    kept = session.get(Store, _bucket(name))
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
    """Count a failure in the caller's change. What a stranger did with a made-up name is forgotten after an hour."""
    before = count_of(session, user, name)
    failures = before.failures + 1
    if user is None and before.next_at is not None and now - before.next_at > _FORGET_AFTER:
        failures = 1
    after = Count(failures, now + timedelta(seconds=delay(failures)))
    if user is not None:
        user.failed_logins, user.next_login_at = after.failures, after.next_at
        session.add(user)
    else:
        assert after.next_at is not None
        session.merge(Store(key=_bucket(name), value={"failures": failures, "next_at": after.next_at.isoformat()}))
    return after


def forgive(user: User) -> None:
    """The right password was given: start counting anew."""
    user.failed_logins, user.next_login_at = 0, None


def _bucket(name: str) -> str:
    return f"throttle.{hashlib.sha256(name.encode()).digest()[0]}"
