"""The people and the time of the governance tests."""

from dataclasses import dataclass
from datetime import UTC, datetime

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Somebody:
    user_id: str
    name: str
    role: str


ALICE = Somebody("u1", "alice", "researcher")
BOB = Somebody("u2", "bob", "researcher")
ADMIN = Somebody("u3", "admin", "admin")
SECOND = Somebody("u4", "second", "admin")
AUDITOR = Somebody("u5", "auditor", "auditor")
