"""Verifying the audit chain: every record, every signed checkpoint, every anchor; without the program that wrote it.

What each finds. The chain: a record that was edited, removed, put in or moved. The signatures: a chain computed anew or
cut off before a checkpoint by somebody without the key. An anchor alone: an end cut off after the last checkpoint that
is there, an older copy put back, another history written by somebody who has the key.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from db.anchors import Anchor
from db.chain import COLUMNS, START, Record
from db.checkpoints import EVERY, origin
from db.dialect import Source, rows, tables
from db.merkle import Peaks
from db.note import Checkpoint, Signed, read_notes
from db.verified import OWN_KEY, UNANCHORED, UNREADABLE, Verification, failed

_FACTS = ("store.create", "store.restore", "audit.key", "audit.seal")
"""Records that say whose log this is, and with which key."""


@dataclass(frozen=True)
class Start:
    """What lies before the first record that is here: nothing, or a sealed segment of `peaks.size` records."""

    hash: bytes = START
    peaks: Peaks = field(default_factory=Peaks)
    origin: str = ""
    keys: tuple[str, ...] = ()


def verify(where: Path | str | Source, anchors: Sequence[Anchor] = (), trusted: Sequence[str] = ()) -> Verification:
    """Walk the whole chain of a ledger, or of a copy of one. `trusted`: verifier keys that are known from elsewhere."""
    if isinstance(where, sqlite3.Connection):
        where.execute("BEGIN")  # one moment: others may write meanwhile
    if not isinstance(where, Path | str):
        try:
            return _verify(where, anchors, trusted)
        except (ValueError, TypeError, AttributeError):  # values of kinds that no ledger ever holds
            return failed(UNREADABLE, "damaged")
    path = Path(where)
    if not path.is_file():
        return failed("There is no ledger at this place.")
    try:
        with closing(open_for_reading(path)) as connection:
            return verify(connection, anchors, trusted)
    except (sqlite3.DatabaseError, ValueError):
        return failed(UNREADABLE, "damaged")


def _verify(connection: Source, anchors: Sequence[Anchor], trusted: Sequence[str]) -> Verification:
    signs = "checkpoint" in tables(connection)  # a store of an earlier program has none; one of today always
    notes = list(rows(connection, "SELECT note FROM checkpoint ORDER BY size")) if signs else []
    signed = [note for (text,) in notes for note in read_notes(text)]
    return Walk(start_of(connection), signed, anchors, EVERY if signs else None, trusted).over(walk(connection))


def check(
    records: Iterable[Record],
    anchors: Sequence[Anchor] = (),
    start: Start | None = None,
    signed: Sequence[Signed] = (),
    unsigned: int | None = None,
    trusted: Sequence[str] = (),
) -> Verification:
    """Verify records in their order, from an export. `unsigned`: how many at their end may be without a signature."""
    return Walk(start or Start(), signed, anchors, unsigned, trusted).over(records)


class Walk:
    """One verification. At most `MOST` problems are spelled out."""

    MOST = 20

    def __init__(
        self,
        start: Start,
        signed: Sequence[Signed],
        anchors: Sequence[Anchor],
        unsigned: int | None,
        trusted: Sequence[str] = (),
    ) -> None:
        self.trusted = tuple(trusted)
        self.start, self.signed, self.anchors, self.unsigned = start, signed, anchors, unsigned
        self.problems: list[str] = []
        self.apart: set[str] = set()
        self.notes: list[str] = []
        self.origin, self.keys = start.origin, list(start.keys)
        self.peaks = Peaks(start.peaks.size, start.peaks.peaks)
        self.wanted = {note.checkpoint.size for note in signed} | {anchor.size for anchor in anchors}
        self.seen: dict[int, tuple[bytes, bytes]] = {}
        self.broken = False

    def over(self, records: Iterable[Record]) -> Verification:
        count, prev = self.peaks.size, self.start.hash
        self._remember(count, prev)
        add, wanted = self.peaks.add, self.wanted
        for record in records:
            count += 1
            if record.seq != count:
                self._say(f"Record {count} is missing or out of order: the number {record.seq} stands in its place.")
                count, self.broken = count - 1, True
                break
            if record.prev != prev:
                self._say(f"Record {count} does not follow the one before it.")
            if _spoiled(record):
                self._say(f"Record {count} was changed.")
                if not isinstance(record.hash, bytes) or len(record.hash) != len(START):
                    self.broken = True
                    break
            prev = record.hash
            add(prev)
            if count in wanted:
                self._remember(count, prev)
            if record.action in _FACTS:
                self._learn(record)
            if len(self.problems) >= self.MOST:
                self._say("There may be more; the walk ended here.")
                self.broken = True
                break
        root = self.peaks.root().hex()
        covered = self._check_signatures(count)
        fits = self._check_anchors(count)
        anchored = bool(fits)
        if self.unsigned is not None and count - covered > self.unsigned and self.apart.issuperset(self.problems):
            self._say(f"The last {count - covered} records are not signed; at most {self.unsigned} can be.")
        ok = not self.problems
        known = ok and (anchored or bool(self.trusted))
        if fits is None and not (self.anchors and self.broken):
            self.notes.append(UNANCHORED)
        if not (anchored or self.trusted):
            self.notes.append(OWN_KEY)
        return Verification(
            ok, count, prev.hex(), anchored and ok, self.problems, root, covered, self.start.peaks.size,
            len(self.signed), self.keys, self.notes, known, fits,
            anchor_apart=bool(self.apart) and self.apart.issuperset(self.problems),
        )  # fmt: skip

    def _say(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)

    def _say_apart(self, problem: str) -> None:
        """What an honest log says too, where it is older than the anchor."""
        self.apart.add(problem)
        self._say(problem)

    def _remember(self, size: int, head: bytes) -> None:
        self.seen[size] = (head, self.peaks.root())

    def _learn(self, record: Record) -> None:
        detail: Any = None
        with suppress(ValueError, TypeError, RecursionError):
            detail = json.loads(record.detail)
        if record.action == "store.create" and record.seq == 1:
            self.origin = origin(record.object)
        if record.action == "store.restore":
            self.notes.append(f"A backup was put in the place of the store: record {record.seq}.")
        key = detail.get("key") if isinstance(detail, dict) else None
        if isinstance(key, str) and key not in self.keys:
            if self.keys:
                self.notes.append(f"The key that signs was replaced: record {record.seq}.")
            self.keys.append(key)

    def _check_signatures(self, count: int) -> int:
        """How many records the last good signature covers; where keys are known, the last by one of those."""
        covered = 0
        for note in self.signed:
            claim = note.checkpoint
            if self._holds(claim, count, "signed") and not note.by(*self.keys):
                self._say(f"The checkpoint of {claim.size} records is not signed by a key of this log.")
            elif self.trusted and not note.by(*self.trusted):
                continue
            elif claim.size in self.seen and self.seen[claim.size][1] == claim.root:
                covered = max(covered, claim.size)
        if self.trusted and not covered and not (self.problems and any(note.by(*self.trusted) for note in self.signed)):
            self._say("None of this is signed by the key that is known: somebody with another key wrote it.")
        return covered

    def _check_anchors(self, count: int) -> bool | None:
        """Whether the anchors fit, each of them; None where there is none that can be compared."""
        fits: bool | None = None
        for anchor in self.anchors:
            if anchor.signed is not None and not anchor.signed.by(*self.keys):
                self._say(f"The anchor of {anchor.size} records was signed by a key that this log does not name.")
                fits = False
            elif anchor.size < self.start.peaks.size:
                self.notes.append(f"The anchor of {anchor.size} records is about the sealed part: verify its file.")
            elif anchor.size > count and self.broken:
                continue  # the walk did not come so far, and has said why
            elif not self._agrees(anchor, count):
                fits = False
            elif fits is None:
                fits = True
        return fits

    def _agrees(self, anchor: Anchor, count: int) -> bool:
        if anchor.size > count:
            self._say_apart(f"The anchor saw {anchor.size} records; only {count} are left.")
            return False
        if anchor.signed is not None:
            return self._holds(anchor.signed.checkpoint, count, "anchored")
        head, root = self.seen.get(anchor.size, (b"", b""))
        known = (anchor.head in (None, head), anchor.root in (None, root), root.startswith(anchor.root_start or b""))
        if not all(known):
            self._say(f"Record {anchor.size} is not the one that was anchored.")
        return all(known)

    def _holds(self, claim: Checkpoint, count: int, what: str) -> bool:
        if claim.size < self.start.peaks.size:
            return True  # about the sealed part, of which only the sum is here
        if self.origin and claim.origin != self.origin:
            self._say(f"This is another store's log than the one that was {what}.")
        elif claim.size > count and self.broken:
            return True  # the walk did not come so far, and has said why
        elif claim.size > count:
            say = self._say_apart if what == "anchored" else self._say
            say(f"{claim.size} records were {what}; only {count} are left.")
        elif claim.size in self.seen and self.seen[claim.size][1] != claim.root:
            self._say(f"The records up to {claim.size} are not those that were {what}.")
        else:
            return True
        return False


def _spoiled(record: Record) -> bool:
    try:
        return record.expected_hash() != record.hash
    except (TypeError, ValueError, RecursionError):  # a value of a kind that no record ever holds
        return True


def start_of(connection: Source) -> Start:
    """Where the records of this ledger begin: at the first, or behind what was sealed."""
    if "segment" not in tables(connection):
        return Start()
    (first,) = next(iter(rows(connection, "SELECT min(seq) FROM audit")))
    joined = "SELECT last, hash, peaks, note, key FROM segment JOIN checkpoint ON size = last WHERE last = ?"
    row = next(iter(rows(connection, joined, ((first or 1) - 1,))), None)
    if row is None:
        return Start()
    last, mark, packed, note, key = row
    peaks = Peaks.unpacked(last, packed)
    signed = read_notes(note)
    return Start(mark, peaks, signed[0].checkpoint.origin if signed else "", (key,))


def walk(connection: Source) -> Iterator[Record]:
    for row in rows(connection, f"SELECT {COLUMNS}, prev, hash FROM audit ORDER BY seq"):
        yield Record._make(row)


def open_for_reading(path: Path) -> sqlite3.Connection:
    """The ledger at `path`, also on a medium that cannot be written."""
    address = f"file:{quote(str(path.resolve()))}?mode=ro"
    connection = sqlite3.connect(address, uri=True, timeout=30)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        # SQLite cannot make its shared-memory file beside it there.
        connection.close()
        connection = sqlite3.connect(f"{address}&immutable=1", uri=True)
    return connection
