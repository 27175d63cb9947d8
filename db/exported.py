"""An export of the audit log that proves itself: a line of JSON for each record, and beside it what signs them.

The file beside it, `NAME.proof.json`, says what lies before the first record (nothing, or a sealed segment), and holds
the signed checkpoints of the records in the file. Both together verify without the store.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from db import extract, proof
from db.anchors import Anchor
from db.chain import COLUMNS, FIELDS, Record
from db.dialect import rows, run
from db.merkle import Peaks
from db.note import read_notes

FORMAT = "medsynth audit proof 1"
NO_LOG = (
    "This is no export of an audit log in JSON lines. One as CSV, CEF or FHIR carries no proof: export it as jsonl, "
    "and verify that."
)


def proof_path(export: Path) -> Path:
    return export.with_name(export.name + ".proof.json")


def document(record: Record) -> dict[str, Any]:
    """A record for people and programs: everything that its hash is made of, and the time in words."""
    at = datetime.fromtimestamp(record.ts_ns / 1e9, UTC).isoformat(timespec="milliseconds")
    return {**record.document(), "at": at, "detail": json.loads(record.detail)}


def line(record: Record) -> bytes:
    return (json.dumps(document(record), ensure_ascii=False, sort_keys=True) + "\n").encode()


def records_of(connection: Connection, first: int, last: int, actor: str | None = None) -> Iterator[Record]:
    """In their order, streamed: memory stays flat."""
    mine = "AND actor = ?" if actor is not None else ""
    found = rows(
        connection,
        f"SELECT {COLUMNS}, prev, hash FROM audit WHERE seq >= ? AND seq <= ? {mine} ORDER BY seq",
        (first, last, *([actor] if actor is not None else [])),
    )
    for row in found:
        yield Record._make(row)


def proof_document(connection: Connection, start: proof.Start, last: int) -> dict[str, Any]:
    """What goes beside an export of the records after `start` up to `last`."""
    notes = run(
        connection, "SELECT note FROM checkpoint WHERE size >= ? AND size <= ? ORDER BY size", (start.peaks.size, last)
    )
    return {
        "format": FORMAT,
        "after": {
            "records": start.peaks.size,
            "hash": start.hash.hex(),
            "peaks": [peak.hex() for peak in start.peaks.peaks],
            "origin": start.origin,
            "keys": list(start.keys),
        },
        "records": last - start.peaks.size,
        "checkpoints": [note for (note,) in notes],
    }


def extract_document(connection: Connection, start: proof.Start, last: int, actor: str) -> dict[str, Any]:
    """What goes beside the records of one person."""
    return {"format": FORMAT, **extract.document(connection, start, last, actor)}


def verify(export: Path, anchors: Sequence[Anchor] = (), trusted: Sequence[str] = ()) -> proof.Verification:
    """Verify an export in JSON lines, with the proof beside it where there is one. `trusted`: keys known elsewhere."""
    try:
        beside = json.loads(proof_path(export).read_text()) if proof_path(export).exists() else {}
        if "extract_of" in beside:
            return extract.verify(read(export), beside, anchors, trusted)
        signed = [note for text in beside.get("checkpoints", []) for note in read_notes(text)]
        return proof.check(read(export), anchors, _start(beside), signed, 0 if beside else None, trusted)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError):
        if proof_path(export).exists() or _begins_as_log(export):
            return proof.failed("This export of an audit log is damaged: it cannot be read to its end.", "damaged")
        return proof.failed(NO_LOG, "no_log")


def _begins_as_log(export: Path) -> bool:
    """Whether the first line is a record in JSON, however bent; a table, CEF and FHIR begin otherwise."""
    try:
        with export.open("rb") as stream:
            return set(FIELDS) <= set(json.loads(stream.readline()))
    except (OSError, ValueError, TypeError, RecursionError):
        return False


def _start(beside: dict[str, Any]) -> proof.Start:
    if not beside:
        return proof.Start()
    after = beside["after"]
    peaks = Peaks(int(after["records"]), [bytes.fromhex(peak) for peak in after["peaks"]])
    return proof.Start(bytes.fromhex(after["hash"]), peaks, str(after["origin"]), tuple(map(str, after["keys"])))


def read(export: Path) -> Iterator[Record]:
    with export.open("rb") as stream:
        for text in stream:
            found = json.loads(text)
            detail = json.dumps(found["detail"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            values = {**{name: found[name] for name in FIELDS}, "detail": detail}
            yield Record(**values, prev=bytes.fromhex(found["prev"]), hash=bytes.fromhex(found["hash"]))
