"""The audit chain: each record carries the hash of the one before, so that a change in the past shows.

hash = SHA-256(0x00 || canonical JSON of the fields || hash of the record before). The leading zero is RFC 6962's mark
of a leaf. `db.checkpoints` signs it, `db.proof` verifies it.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import re
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from db.dialect import by_index, run
from db.errors import BadRecord
from db.words import LIMITS, clean, plain_detail

START = bytes(32)
"""What the first record follows."""
FIELDS = (
    "seq", "ts_ns", "actor", "actor_id", "role", "session", "face", "action", "object", "outcome", "reason", "detail",
    "version",
)  # fmt: skip
SLACK_NS = 600 * 10**9
_MOST = 1 << 62
"""No number or time in nanoseconds lies beyond it, and the slack can be added to it."""
_ACTION = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
_spell = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode
COLUMNS = ", ".join(FIELDS)
_INSERT = f"INSERT INTO audit ({COLUMNS}, prev, hash) VALUES ({', '.join('?' * (len(FIELDS) + 2))})"


class Record(NamedTuple):
    """One audit record as it is kept. `ts_ns` is nanoseconds since 1970 UTC, `detail` canonical JSON text.

    A tuple, because a million of them are made in a verification.
    """

    seq: int
    ts_ns: int
    actor: str
    actor_id: str
    role: str
    session: str
    face: str
    action: str
    object: str
    outcome: str
    reason: str
    detail: str
    version: str
    prev: bytes
    hash: bytes

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.ts_ns / 1e9, UTC)

    def expected_hash(self) -> bytes:
        return link(self[: len(FIELDS)], self.prev)

    def document(self) -> dict[str, Any]:
        """For exports: everything that is needed to compute the hash again."""
        return {**self._asdict(), "prev": self.prev.hex(), "hash": self.hash.hex()}


def link(fields: Sequence[object], prev: bytes) -> bytes:
    """The hash of a record. `fields` are numbers and texts alone, so this spelling is the canonical one."""
    return hashlib.sha256(b"\x00" + _spell(fields).encode() + prev).digest()


def append(
    session: Session,
    *,
    actor: str,
    action: str,
    actor_id: str = "",
    role: str = "",
    session_id: str = "",
    face: str = "",
    object_: str = "",
    outcome: str = "done",
    reason: str = "",
    detail: Mapping[str, Any] | None = None,
    ts_ns: int | None = None,
) -> Record:
    """Add one record at the end of the chain, in the caller's transaction (which must have begun IMMEDIATE).

    Raises BadRecord where the action is no dotted word, the detail no plain JSON, or too long.
    """
    if not _ACTION.fullmatch(action) or len(action) > 60:
        raise BadRecord("bad_action", "An audit action must read like dataset.add.", "Name it noun.verb.")
    texts = {
        "actor": actor, "actor_id": actor_id, "role": role, "session": session_id, "face": face, "object": object_,
        "outcome": outcome, "reason": reason,
    }  # fmt: skip
    values: dict[str, Any] = {name: clean(value, LIMITS[name]) for name, value in texts.items()}
    connection = session.connection()
    last = run(connection, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").first()
    seq, prev = (last[0] + 1, bytes(last[1])) if last else (1, START)
    values |= {
        "seq": seq,
        "ts_ns": time.time_ns() if ts_ns is None else ts_ns,
        "action": action,
        "detail": plain_detail(detail or {}),
        "version": program_version(),
    }
    fields = [values[field] for field in FIELDS]
    mark = link(fields, prev)
    run(connection, _INSERT, (*fields, prev, mark))
    return Record(**values, prev=prev, hash=mark)


def head(session: Session) -> dict[str, Any]:
    """The anchor of this moment: how many records, and the hash of the last. Keep it where the store is not."""
    last = run(session.connection(), "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").first()
    return {"records": last[0], "head": bytes(last[1]).hex()} if last else {"records": 0, "head": START.hex()}


def page(
    session: Session,
    before: int | None = None,
    limit: int = 100,
    actor: str | None = None,
    action: str | None = None,
    object_: str | None = None,
    outcome: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Record]:
    """The newest records first, `limit` at a time; `before` is the last `seq` of the page before.

    `action` may be a whole family: `dataset.` finds all that begin so. `since` and `until` are aware times; what
    was at `until` is not included.
    """
    if action is not None and action.endswith("."):
        # A walk over a range of actions would have to sort all of them; each action alone is in order already.
        family = _family(session, action)
        pages = [page(session, before, limit, actor, each, object_, outcome, since, until) for each in family]
        newest_first = heapq.merge(*pages, key=lambda record: -record.seq)
        return list(islice(newest_first, limit))
    connection = session.connection()
    asked = {"actor": actor, "action": action, "object": object_, "outcome": outcome}
    equal = {column: value for column, value in asked.items() if value is not None}
    conditions, values = [f"{column} = ?" for column in equal], list[Any](equal.values())
    if before is not None:
        conditions.append("seq < ?")
        values.append(_within(before))
    # The walk begins and ends near the times asked for, found by their index; otherwise it would go through all.
    # Ten minutes are left for a clock that was set. The index is named: the planner would walk the table for its order.
    times = by_index(connection, "audit_ts_ns")
    if since is not None:
        moment = _within(int(since.timestamp() * 1e9))
        first = f"SELECT seq FROM audit {times} WHERE ts_ns >= ? ORDER BY ts_ns ASC LIMIT 1"
        conditions.append(f"ts_ns >= ? AND seq >= coalesce(({first}), {_MOST})")
        values += [moment, moment - SLACK_NS]
    if until is not None:
        moment = _within(int(until.timestamp() * 1e9))
        last = f"SELECT seq FROM audit {times} WHERE ts_ns < ? ORDER BY ts_ns DESC LIMIT 1"
        conditions.append(f"ts_ns < ? AND seq <= coalesce(({last}), 0)")
        values += [moment, moment + SLACK_NS]
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    index = _index(equal)
    found = run(
        connection,
        f"SELECT {COLUMNS}, prev, hash FROM audit {by_index(connection, index) if index else ''} {where}"
        " ORDER BY seq DESC LIMIT ?",
        [*values, limit],
    )
    return [Record(*row) for row in found]


def _within(number: int) -> int:
    return max(-_MOST, min(number, _MOST))


def _index(values: Mapping[str, Any]) -> str:
    """Of several filters the one that is likely to leave the fewest: the planner keeps no statistics."""
    likely = [name for name in ("object", "outcome", "actor", "action") if name in values]
    if "outcome" in likely and values["outcome"] == "done":
        likely = [*(name for name in likely if name != "outcome"), "outcome"]
    return f"audit_{likely[0]}" if len(likely) > 1 else ""


def actions_like(session: Session, part: str) -> list[str]:
    """The actions on record whose name contains `part`; none where one is called just so, or `part` is a family."""
    known = _between(session, "", "~")  # names of actions are letters, digits and punctuation of ASCII below it
    return [] if part in known or part.endswith(".") else [name for name in known if part and part.lower() in name]


def _family(session: Session, prefix: str) -> list[str]:
    """The actions that begin with `prefix`."""
    return _between(session, prefix, prefix[:-1] + "/")  # the slash follows the dot in ASCII


def _between(session: Session, first: str, end: str) -> list[str]:
    """The actions from `first` to before `end`, by jumping through the index from one to the next."""
    found = run(
        session.connection(),
        "WITH RECURSIVE actions(name) AS ("
        " SELECT min(action) FROM audit WHERE action >= ? AND action < ? UNION ALL"
        " SELECT (SELECT min(action) FROM audit WHERE action > name AND action < ?)"
        " FROM actions WHERE name IS NOT NULL)"
        " SELECT name FROM actions WHERE name IS NOT NULL",
        (first, end, end),
    )
    return [row[0] for row in found]


@cache
def program_version() -> str:
    try:
        return metadata.version("medsynth")
    except metadata.PackageNotFoundError:
        return "unknown"
