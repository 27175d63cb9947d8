"""Signed checkpoints of the audit chain: made every 256 records or every hour of use, in the change that is due one.

The key lies beside the ledger, 0600, and never in it or in a backup. A copy of the ledger cannot be bent without it
where its verifier key is known from elsewhere: from the store itself, or as `audit checkpoint` told it. Where it is
not, whoever has a copy can write all of it anew with a key of their own. Whoever can read the key can also sign what
never happened. Against both an anchor helps that they cannot reach (`db.anchors`).
"""

from __future__ import annotations

import os
import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from db import chain
from db.dialect import rows, run
from db.errors import LedgerError
from db.merkle import Peaks
from db.note import Checkpoint, Signer, read_notes

EVERY = 256
"""Records; as many and no more may be without a signature."""
HOUR_NS = 3600 * 10**9
KEY_ACTION = "audit.key"


class Row(NamedTuple):
    """A checkpoint as it is kept. `note` is the signed note, `key` the verifier key of who signed it."""

    size: int
    at_ns: int
    note: str
    key: str
    peaks: bytes


def origin(store_id: str) -> str:
    """The name of a store's log, and of its keys."""
    return f"medsynth/{store_id}"


def key_path(ledger: Path, store_id: str) -> Path:
    return ledger.with_name(f"audit-{store_id}.key")


def signer(ledger: Path, store_id: str) -> Signer:
    """The store's key; made at first use. Raises OSError, and LedgerError (`bad_key`) where the file is none."""
    path = key_path(ledger, store_id)
    with suppress(FileNotFoundError):
        return Signer.from_line(path.read_text())
    made = Signer(origin(store_id), secrets.token_bytes(32))
    partial = path.with_name(f".partial-{secrets.token_hex(6)}-{path.name}")
    try:
        with os.fdopen(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as stream:
            stream.write(made.line + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        with suppress(FileExistsError):  # somebody else was faster: theirs is the key
            os.link(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return Signer.from_line(path.read_text())


def known_keys(ledger: Path) -> list[str]:
    """The verifier keys of the private keys that lie beside the ledger and can be read."""
    found = []
    for path in sorted(ledger.parent.glob("audit-*.key")):
        with suppress(OSError, ValueError, LedgerError):
            found.append(Signer.from_line(path.read_text()).verifier)
    return found


def last(connection: Connection) -> Row | None:
    found = run(connection, "SELECT * FROM checkpoint ORDER BY size DESC LIMIT 1").first()
    return Row(*found) if found else None


def add_if_due(session: Session, ledger: Path, store_id: str, wanted: bool = False) -> Row | None:
    """A checkpoint of everything up to now, in the caller's change, where one is due (or `wanted` and not there yet).

    A key that cannot be read stops no work: what is not signed then shows in `verify` and in `doctor`.
    """
    connection = session.connection()
    size = run(connection, "SELECT max(seq) FROM audit").scalar() or 0
    before = last(connection)
    if not _due(before, size, wanted):
        return None
    try:
        mine = signer(ledger, store_id)
    except (OSError, LedgerError):
        return None
    if (before is not None and before.key != mine.verifier) or (before is None and not _announced(connection, mine)):
        chain.append(session, actor="system", action=KEY_ACTION, object_="store", detail={"key": mine.verifier})
        size += 1
    peaks = _grown(connection, before, size)
    note = mine.sign(Checkpoint(mine.name, size, peaks.root()))
    row = Row(size, time.time_ns(), note, mine.verifier, peaks.packed())
    run(connection, "INSERT INTO checkpoint VALUES (?, ?, ?, ?, ?)", row)
    return row


def _due(before: Row | None, size: int, wanted: bool) -> bool:
    if before is None:
        return size > 0
    return size > before.size and (wanted or size - before.size >= EVERY or time.time_ns() - before.at_ns > HOUR_NS)


def _announced(connection: Connection, mine: Signer) -> bool:
    """Whether the record of the store's making names this key."""
    found = run(connection, "SELECT detail FROM audit WHERE seq = 1 AND action = 'store.create'").scalar()
    return found is not None and f'"key":"{mine.verifier}"' in found


def _grown(connection: Connection, before: Row | None, size: int) -> Peaks:
    """The tree of all records; from the last checkpoint on where that one is sound, else from what is sealed."""
    peaks = _sound(before) or sealed_peaks(connection)
    leaves = rows(connection, "SELECT hash FROM audit WHERE seq > ? AND seq <= ? ORDER BY seq", (peaks.size, size))
    for (leaf,) in leaves:
        peaks.add(leaf)
    return peaks


def _sound(row: Row | None) -> Peaks | None:
    if row is None:
        return None
    with suppress(ValueError):
        peaks = Peaks.unpacked(row.size, row.peaks)
        notes = read_notes(row.note)
        if notes and notes[0].checkpoint.root == peaks.root() and notes[0].by(row.key):
            return peaks
    return None


def sealed_peaks(connection: Connection) -> Peaks:
    """The tree of the records that were archived; of none where nothing was."""
    found = run(connection, "SELECT size, peaks FROM checkpoint WHERE size = (SELECT max(last) FROM segment)").first()
    return Peaks.unpacked(*found) if found else Peaks()
