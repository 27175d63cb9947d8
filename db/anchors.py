"""Anchors: what is known of the chain in a place that whoever bends the ledger cannot reach.

A signed checkpoint appended to a file of another machine, a line in the system's log, or a code on paper. `verify`
compares each with the records: what was cut off, put back from an older copy or written anew does not match.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from db.errors import LedgerError
from db.note import Signed, read_notes

WAIT_SECONDS = 5.0
"""So long a change waits for an anchor's file: a network that hangs must not stop the work."""
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_BYTES = 10
_CODE = re.compile(r"(\d{1,18})[ -]+([0-9A-Z]{4}(?:-?[0-9A-Z]{4}){3})")


@dataclass(frozen=True)
class Anchor:
    """What was true of the log when it held `size` records: the last record's hash, the tree's root, or its start."""

    size: int
    head: bytes | None = None
    root: bytes | None = None
    root_start: bytes | None = None
    signed: Signed | None = None


def code(size: int, root: bytes) -> str:
    """The number of records and 80 bits of the root, to be written on paper: `1024 K7QX-94MT-0WZ3-H2AB`."""
    number = int.from_bytes(root[:_CODE_BYTES])
    letters = "".join(_DIGITS[number >> shift & 31] for shift in range(75, -1, -5))
    return f"{size} {'-'.join(letters[at : at + 4] for at in range(0, 16, 4))}"


def read_code(text: str) -> Anchor:
    """Raises LedgerError (`bad_anchor`). Letters that look like digits are taken for them."""
    found = _CODE.fullmatch(text.strip().upper())
    letters = (found[2] if found else "").replace("-", "").translate(str.maketrans("OIL", "011"))
    if found is None or any(letter not in _DIGITS for letter in letters):
        raise _bad("A code reads like 1024 K7QX-94MT-0WZ3-H2AB.")
    number = 0
    for letter in letters:
        number = number << 5 | _DIGITS.index(letter)
    return Anchor(int(found[1]), root_start=number.to_bytes(_CODE_BYTES))


def read_file(path: Path) -> list[Anchor]:
    """Every anchor in the file: signed checkpoints, or what `audit checkpoint` or `verify` printed with `--json`.

    Raises LedgerError.
    """
    try:
        text = path.read_text(errors="replace")
    except OSError as error:
        raise _bad("The anchor's file cannot be read.") from error
    if notes := _signed(text):
        return notes
    try:
        document = json.loads(text)
        notes = _signed(str(document.get("note")))
        if "head" in document or not notes:
            notes.append(Anchor(_count(document["records"]), head=_hash(document["head"])))
        return notes
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise _bad(
            "It must hold signed checkpoints, or what `audit checkpoint --json` or `audit verify --json` printed."
        ) from error


def _count(records: object) -> int:
    if not isinstance(records, int) or isinstance(records, bool) or records < 0:
        raise ValueError("no number of records")
    return records


def _hash(text: str) -> bytes:
    found = bytes.fromhex(text)
    if len(found) != hashlib.sha256().digest_size:
        raise ValueError("no hash of a record")
    return found


def _signed(text: str) -> list[Anchor]:
    return [Anchor(note.checkpoint.size, root=note.checkpoint.root, signed=note) for note in read_notes(text)]


def spread(note: str, file: str, syslog: bool) -> None:
    """Carry a signed checkpoint to where it is asked for. What cannot be reached now gets the next one."""
    if not file and not syslog:
        return
    work = threading.Thread(target=_spread, args=(note, file, syslog), daemon=True, name="anchor")
    work.start()
    work.join(WAIT_SECONDS)


def _spread(note: str, file: str, syslog: bool) -> None:
    if file:
        with suppress(OSError):
            handle = os.open(file, os.O_CREAT | os.O_APPEND | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
            try:
                os.write(handle, f"{note}\n".encode())
                os.fsync(handle)
            finally:
                os.close(handle)
    if syslog:
        import syslog as system

        origin, size, root, _, signature = note.splitlines()
        said = f"medsynth checkpoint {origin} {size} {root} {signature.split()[-1]}"
        system.syslog(system.LOG_NOTICE | system.LOG_AUTH, said)


def _bad(hint: str) -> LedgerError:
    return LedgerError("bad_anchor", "That is no anchor.", hint)
