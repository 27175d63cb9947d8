"""What happened at a login since its holder was last in, for the holder to be told. Read from the audit log."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlmodel import Session

from db.dialect import run
from db.tables import User

OWN_FIRST_STEP_SECONDS = 600
"""A face asks for the code after the password was right: so old the first step of a login may be."""


@dataclass(frozen=True)
class Before:
    """failures      attempts with a wrong password or code since the last login, those not heard left out
    without_code  attempts with the right password that never showed the code: somebody may know the password
    """

    failures: int = 0
    without_code: int = 0


def since_last_login(session: Session, user: User) -> Before:
    """Ask right before a login is recorded; the first step of that login itself is not told."""
    rows = run(
        session.connection(),
        """SELECT reason = 'code_needed', ts_ns FROM audit WHERE action = 'session.denied' AND object = ?
             AND reason <> 'throttled' AND seq > coalesce(
               (SELECT max(seq) FROM audit WHERE action = 'session.login' AND object = ?), 0)
           ORDER BY seq""",
        (f"user:{user.name}", f"user:{user.name}"),
    ).all()
    without = [int(at) for codeless, at in rows if codeless]
    failures = len(rows) - len(without)
    if without and time.time_ns() - without[-1] < OWN_FIRST_STEP_SECONDS * 10**9:
        without.pop()
    return Before(failures, len(without))
