"""Retention: the oldest records go into a file that proves itself, and leave the ledger. The chain still verifies.

What stays is a signed checkpoint of exactly those records: their number, the last one's hash and the tree's peaks. The
trigger against deletion lets go of what such a segment covers, and of nothing else.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import IO, Any

from sqlalchemy import Connection

from db import exported, proof
from db.dialect import run
from db.errors import LedgerConflict


@dataclass(frozen=True)
class Part:
    """Records `first` to `last`, and what lies before them."""

    first: int
    last: int
    start: proof.Start


def part(connection: Connection, keep: int) -> Part | None:
    """All records up to the last checkpoint that leaves `keep` of them; None where that is nothing."""
    before = start(connection)
    last = run(
        connection, "SELECT max(size) FROM checkpoint WHERE size <= (SELECT max(seq) FROM audit) - ?", (keep,)
    ).scalar()
    first = before.peaks.size + 1
    return Part(first, last, before) if last is not None and last >= first else None


def write(connection: Connection, wanted: Part, stream: IO[bytes]) -> None:
    for record in exported.records_of(connection, wanted.first, wanted.last):
        stream.write(exported.line(record))


def proof_of(connection: Connection, wanted: Part) -> dict[str, Any]:
    return exported.proof_document(connection, wanted.start, wanted.last)


def take_out(connection: Connection, wanted: Part, digest: str) -> None:
    """Note the segment and delete its records, in the caller's change. Raises LedgerConflict where one was faster."""
    mark = run(connection, "SELECT hash FROM audit WHERE seq = ?", (wanted.last,)).scalar()
    first = run(connection, "SELECT min(seq) FROM audit").scalar()
    if mark is None or first != wanted.first:
        raise LedgerConflict("sealed_already", "Somebody else archived these records.", "Nothing was changed.")
    run(
        connection,
        "INSERT INTO segment (last, hash, digest, at_ns) VALUES (?, ?, ?, ?)",
        (wanted.last, mark, digest, time.time_ns()),
    )
    run(connection, "DELETE FROM audit WHERE seq <= ?", (wanted.last,))


def start(connection: Connection) -> proof.Start:
    """What lies before the first record of this ledger."""
    return proof.start_of(connection)
