"""That one record is in what was signed: the proof of RFC 6962, small enough to be sent, checked without the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from db import checkpoints
from db.dialect import run
from db.merkle import Peaks, included, node
from db.note import read_notes


@dataclass(frozen=True)
class Inclusion:
    """`path` are the hashes beside the way from record `seq` (leaf `seq - 1`) to the root of the checkpoint `note`."""

    seq: int
    actor: str
    hash: bytes
    path: tuple[bytes, ...]
    note: str
    key: str

    @property
    def holds(self) -> bool:
        signed = read_notes(self.note)[0]
        claim = signed.checkpoint
        return signed.by(self.key) and included(self.hash, self.seq - 1, claim.size, self.path, claim.root)

    def document(self) -> dict[str, Any]:
        return {
            "seq": self.seq,
            "hash": self.hash.hex(),
            "path": [beside.hex() for beside in self.path],
            "checkpoint": self.note,
            "key": self.key,
            "holds": self.holds,
        }


def prove(connection: Connection, seq: int) -> Inclusion | None:
    """The proof against the first checkpoint that covers the record; None where there is no record or none signed yet.

    Everything before the checkpoint before that one is known by its peaks, so a few hundred hashes are enough.
    """
    if not 0 < seq < 1 << 63:  # more than SQLite can count
        return None
    row = run(connection, "SELECT actor, hash FROM audit WHERE seq = ?", (seq,)).first()
    ask = "SELECT * FROM checkpoint WHERE size {} ? ORDER BY size {} LIMIT 1"
    found = run(connection, ask.format(">=", "ASC"), (seq,)).first()
    if row is None or found is None:
        return None
    covering = checkpoints.Row(*found)
    before = run(connection, ask.format("<", "DESC"), (seq,)).first()
    peaks = Peaks.unpacked(before.size, before.peaks) if before else Peaks()
    leaves = run(
        connection, "SELECT hash FROM audit WHERE seq > ? AND seq <= ? ORDER BY seq", (peaks.size, covering.size)
    )
    tree = _Tree(peaks, [bytes(leaf) for (leaf,) in leaves], seq - 1)
    path, _ = tree.walk(0, covering.size)
    return Inclusion(seq, row[0], bytes(row[1]), tuple(path), covering.note, covering.key)


class _Tree:
    """A tree whose left part is known by its peaks, and the path to one leaf of the rest."""

    def __init__(self, left: Peaks, leaves: list[bytes], index: int) -> None:
        self.first, self.leaves, self.index = left.size, leaves, index
        self.whole: dict[tuple[int, int], bytes] = {}
        at, peaks = 0, iter(left.peaks)
        for bit in range(left.size.bit_length() - 1, -1, -1):
            if left.size >> bit & 1:
                self.whole[(at, 1 << bit)] = next(peaks)
                at += 1 << bit

    def walk(self, at: int, width: int) -> tuple[list[bytes], bytes]:
        """The path within the tree of `width` leaves from `at` on, nearest first, and its root: RFC 6962, 2.1.1."""
        if (at, width) in self.whole:
            return [], self.whole[(at, width)]
        if width == 1:
            return [], self.leaves[at - self.first]
        half = 1 << ((width - 1).bit_length() - 1)
        left, one = self.walk(at, half)
        right, other = self.walk(at + half, width - half)
        path: list[bytes] = []
        if at <= self.index < at + width:
            path = [*left, other] if self.index < at + half else [*right, one]
        return path, node(one, other)
