"""Whether anybody changed the audit log: the whole walk of `audit verify`, where it is short enough to be made here."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from db import anchors
from db.dialect import run
from db.errors import LedgerError
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
    found = call.ledger.verify(_known(anchor))
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
