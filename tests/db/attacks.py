"""Eleven ways of bending an audit log, by who has the file, the program's source, and (but for one) no key of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from db import chain
from db.chain import FIELDS, Record
from db.merkle import Peaks
from db.note import Checkpoint, Signer, read_notes


@dataclass(frozen=True)
class Log:
    """Records in their order, behind `start` (what was sealed before them), and the signed notes about them.

    `keys` are put into what says which keys signed before.
    """

    records: tuple[Record, ...]
    notes: tuple[str, ...]
    prev: bytes = chain.START
    keys: tuple[str, ...] = ()

    def upto(self, size: int) -> Log:
        """As it was when it held so many records."""
        kept = tuple(record for record in self.records if record.seq <= size)
        return replace(self, records=kept, notes=tuple(note for note in self.notes if size_of(note) <= size))

    def with_records(self, records: list[Record]) -> Log:
        """Other records, with numbers that follow each other."""
        first = self.records[0].seq
        return replace(self, records=tuple(record._replace(seq=first + at) for at, record in enumerate(records)))


def size_of(note: str) -> int:
    return read_notes(note)[0].checkpoint.size


def edit(log: Log) -> Log:
    records = list(log.records)
    records[4] = records[4]._replace(actor="eve")
    return log.with_records(records)


def delete(log: Log) -> Log:
    return log.with_records([*log.records[:4], *log.records[5:]])


def insert(log: Log) -> Log:
    return log.with_records([*log.records[:5], log.records[4]._replace(actor="eve"), *log.records[5:]])


def reorder(log: Log) -> Log:
    return log.with_records([*log.records[:4], log.records[5], log.records[4], *log.records[6:]])


def truncate(log: Log) -> Log:
    """The end is gone, and with it the checkpoint that would tell."""
    return log.upto(log.records[-1].seq - 2)


def rollback(log: Log) -> Log:
    """An older copy is put back, which was true once."""
    return log.upto(sorted(map(size_of, log.notes))[-2])


def fork(log: Log) -> Log:
    """From some moment on another history, as far as no checkpoint tells."""
    last = log.records[-1].seq
    kept = log.upto(last - 1)
    return replace(kept, records=_hashed(log, lambda record: record.seq > last - 2))


def rehash(log: Log) -> Log:
    """Everything written anew, every hash computed again; the signatures stay as they were."""
    return replace(log, records=_hashed(log, lambda record: record.seq > log.records[0].seq + 2))


def _hashed(log: Log, touched: Callable[[Record], bool]) -> tuple[Record, ...]:
    made, prev = [], log.prev
    for record in log.records:
        changed = record._replace(actor="eve") if touched(record) else record
        mark = chain.link(changed[: len(FIELDS)], prev)
        made.append(changed._replace(prev=prev, hash=mark))
        prev = mark
    return tuple(made)


def rehash_with_key(log: Log, key: Signer, before: Peaks) -> Log:
    """The same by somebody who also has the key, such as the service account."""
    bent = rehash(log)
    peaks, notes, sizes = Peaks(before.size, before.peaks), [], {size_of(note) for note in log.notes}
    notes += [note for note in log.notes if size_of(note) == before.size]
    for record in bent.records:
        peaks.add(record.hash)
        if record.seq in sizes:
            notes.append(key.sign(Checkpoint(key.name, peaks.size, peaks.root())))
    return replace(bent, notes=tuple(notes))


def own_key(log: Log, key: Signer, before: Peaks) -> Log:
    """The same by somebody without the key, who names one of their own in the first record."""
    first = log.records[0]
    if first.seq == 1:
        named = chain.plain_detail({**json.loads(first.detail), "key": key.verifier})
        log = log.with_records([first._replace(detail=named), *log.records[1:]])
    bent = rehash_with_key(log, key, before)
    return replace(
        bent, notes=tuple(note for note in bent.notes if read_notes(note)[0].by(key.verifier)), keys=(key.verifier,)
    )


SIMPLE = {each.__name__: each for each in (edit, delete, insert, reorder, truncate, rollback, fork, rehash)}
ALL = (*SIMPLE, "rehash_with_key", "own_key", "replace")
"""`replace`: another store's log, whole and signed with its own key, in the place of this one's."""
ANCHOR_ALONE = {
    "ledger": {"truncate", "rollback", "fork", "rehash_with_key", "own_key", "replace"},
    "export": {
        "rollback",
        "rehash_with_key",
        "own_key",
        "replace",
    },  # an export ends with a signature: an end cut off shows
}
ANOTHER_KEY = {"own_key", "replace"}
"""What the true log's verifier key finds as well as an anchor does."""
