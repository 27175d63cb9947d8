"""Whether anybody changed the audit log: the whole walk of `audit verify`, where it is short enough to be made here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session

from db import anchors
from db.dialect import run
from db.errors import LedgerError
from db.note import read_notes
from medsynth_engine.operations.declare import Call
from medsynth_engine.operations.doctor_says import Check, check
from medsynth_engine.operations.settings import setting

MOST = 200_000
"""So many records are walked in about a second."""


def records(call: Call) -> Check:
    """Against the anchor's file too, where there is one: without it a cut end shows only up to the last signature."""
    with call.read() as session:
        size = int(run(session.connection(), "SELECT max(seq) - min(seq) + 1 FROM audit").scalar() or 0)
        anchor = str(setting(session, "anchor_file"))
    if size > MOST:
        return check("audit records", True, f"{size} records are not checked here: medsynth audit verify.", "", "")
    known = _known(anchor)
    found = call.ledger.verify(known)
    if found.anchor_fits is False and (restores := _to_blame(call, known)):
        return _lost(restores)
    end = "and the anchor fits" if found.anchored else "but whether its end was cut off only an anchor can tell"
    return check(
        "audit records",
        found.ok,
        f"No record of the audit log was changed ({found.records} of them); {end}.",
        f"The audit log does not verify. {found.problems[0]}" if found.problems else "",
        "Keep the store as it is and see: medsynth audit verify. Then put a backup back.",
    )


def _known(anchor: str) -> Sequence[anchors.Anchor]:
    """None of a file that cannot be read: the check of the anchor says so."""
    with suppress(LedgerError, ValueError):
        return anchors.read_file(Path(anchor)) if anchor else []
    return []


@dataclass(frozen=True)
class _Restore:
    """Record `seq` says that a backup of `kept` records was put back, where there were `had` (None: not known)."""

    seq: int
    kept: int
    had: int | None

    def lost(self, size: int) -> bool:
        return self.kept < size and (self.had is None or size <= self.had)

    def told(self) -> str:
        which = f"those after record {self.kept}" if self.had is None else f"records {self.kept + 1} to {self.had}"
        return f"{which} were lost by a restore (record {self.seq} says so)"


def _lost(restores: Sequence[_Restore]) -> Check:
    """Not well: until a new file is begun, an end that is cut off does not show as such."""
    told = "; ".join(each.told() for each in restores)
    return check(
        "audit records",
        False,
        "",
        f"No record of the audit log was changed, but the anchor's file knows others: {told}.",
        "Keep that file, and begin a new one: medsynth settings set anchor_file PATH",
    )


def _to_blame(call: Call, known: Sequence[anchors.Anchor]) -> list[_Restore]:
    """The restores that explain every anchor that does not fit; none where anything else is wrong.

    An anchor is laid to a restore where it is about records that this one took away, and lies in the file before the
    first that was signed after it: what does not fit and was signed later shows an end that was cut off.
    """
    with call.read() as session:
        restores, signed = _restores(session), _signed(session)
    at = [index for index, anchor in enumerate(known) if (anchor.size, anchor.root) in signed]
    laid: dict[int, _Restore] = {}
    for restore in restores:
        until = next((index for index in at if known[index].size >= restore.seq), len(known))
        laid |= {index: restore for index in range(until) if index not in at and restore.lost(known[index].size)}
    left = [anchor for index, anchor in enumerate(known) if index not in laid]
    if not laid or not call.ledger.verify(left).ok:
        return []
    return [restore for restore in restores if restore in laid.values()]


def _restores(session: Session) -> list[_Restore]:
    found = []
    asked = "SELECT seq, detail FROM audit WHERE action = 'store.restore' ORDER BY seq"
    for seq, text in run(session.connection(), asked).all():
        with suppress(ValueError, TypeError, AttributeError, KeyError, RecursionError):  # a detail that somebody bent
            detail = json.loads(text)
            replaced = detail.get("replaced")
            found.append(_Restore(seq, int(detail["records"]), int(replaced["records"]) if replaced else None))
    return found


def _signed(session: Session) -> set[tuple[int, bytes | None]]:
    """The size and root of each checkpoint that this ledger keeps."""
    notes = run(session.connection(), "SELECT note FROM checkpoint").scalars().all()
    return {(note.checkpoint.size, note.checkpoint.root) for text in notes for note in read_notes(text)}
