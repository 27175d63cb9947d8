"""One person's records out of the audit log, with the proof that each is among those that a checkpoint signed.

Nobody else's record is in it, so what is missing between them cannot be told. It is compared with what is known of its
own checkpoint: an extract says nothing of the log at another moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from db import checkpoints, several
from db.anchors import Anchor
from db.chain import Record
from db.dialect import run
from db.note import read_notes
from db.proof import Start, Walk
from db.verified import OWN_KEY, UNANCHORED, Verification, failed

EXTRACT = "These are one person's records out of {} that were signed: what is missing between them cannot be told."


def document(connection: Connection, start: Start, last: int, actor: str) -> dict[str, Any]:
    """What goes beside the records of `actor`; `last` is the size of a checkpoint."""
    found = run(connection, "SELECT * FROM checkpoint WHERE size = ?", (last,)).one()
    mine = run(
        connection, "SELECT seq FROM audit WHERE actor = ? AND seq > ? AND seq <= ?", (actor, start.peaks.size, last)
    )
    row = checkpoints.Row(*found)
    proof = several.proof(connection, start.peaks, last, [seq for (seq,) in mine])
    return {
        "extract_of": actor,
        "checkpoint": row.note,
        "key": row.key,
        "proof": [node.hex() for node in proof],
    }


def verify(
    records: Iterable[Record], beside: dict[str, Any], anchors: Sequence[Anchor] = (), trusted: Sequence[str] = ()
) -> Verification:
    """Raises ValueError, KeyError, TypeError or AttributeError where `beside` is nothing that goes beside an extract.

    With anchors it is only good where one of them is about its checkpoint, with `trusted` only where such a key signed.
    """
    if "proof" not in beside:
        return failed("Nothing proves the records of this extract: have it written again by a MedSynth of today.")
    (signed,), key = read_notes(beside["checkpoint"]), str(beside["key"])
    claim = signed.checkpoint
    leaves, problems = _leaves(records, str(beside["extract_of"]))
    try:
        nodes = [bytes.fromhex(node) for node in beside["proof"]]
        good = bool(leaves) and several.root(leaves, claim.size, nodes) == claim.root
    except ValueError:
        good = False
    if not good:
        problems.append(f"These records are not among the {claim.size} that were signed.")
    if not signed.by(key):
        problems.append(f"The checkpoint of {claim.size} records is not signed by the key that is named beside it.")
    if trusted and not signed.by(*trusted):
        problems.append("Not the key that is known, but another one signed this extract.")
    anchored, apart, against = _anchored(anchors, claim.size, claim.root)
    apart = apart and not problems
    problems += against
    ok = not problems
    known = ok and (anchored or bool(trusted))
    notes = [EXTRACT.format(claim.size), *([] if anchors else [UNANCHORED])]
    notes += [] if anchored or trusted else [OWN_KEY]
    head = next(reversed(leaves.values())).hex() if leaves else ""
    return Verification(
        ok, len(leaves), head, anchored and ok, problems[: Walk.MOST], claim.root.hex(), len(leaves) if good else 0,
        0, 1, [key], notes, known, anchored if anchors else None, anchor_apart=apart,
    )  # fmt: skip


def _leaves(records: Iterable[Record], actor: str) -> tuple[dict[int, bytes], list[str]]:
    """Each record's hash by its number, and what is wrong with the records themselves."""
    leaves: dict[int, bytes] = {}
    problems, before = [], 0
    for record in records:
        if record.expected_hash() != record.hash:
            problems.append(f"Record {record.seq} was changed.")
        if record.seq <= before:
            problems.append(f"Record {record.seq} is there twice or out of order.")
        if record.actor != actor:
            problems.append(f"Record {record.seq} is of somebody else.")
        leaves[record.seq] = record.hash
        before = record.seq
    return leaves, problems


def _anchored(anchors: Sequence[Anchor], size: int, root: bytes) -> tuple[bool, bool, list[str]]:
    """Whether an anchor holds, whether they are only of other moments, and what speaks against it."""
    about = [anchor for anchor in anchors if anchor.size == size and (anchor.root or anchor.root_start)]
    if anchors and not about:
        return False, True, [f"None of the anchors is about the {size} records that this extract is out of."]
    if not all(anchor.root in (None, root) and root.startswith(anchor.root_start or b"") for anchor in about):
        return False, False, [f"The {size} records that this extract is out of are not those that were anchored."]
    return bool(about), False, []
