"""Make the next version of a dataset from what people decided about its quarantined pictures."""

from __future__ import annotations

from collections import Counter
from typing import Any

from medsynth_engine.intake.held import read_held
from medsynth_engine.intake.reasons import Code
from medsynth_engine.intake.revise.revised_tables import Change
from medsynth_engine.intake.text.check import remains
from medsynth_engine.intake.text.state import text_of
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.operations.decisions import note_applied
from medsynth_engine.work.dataset_next import make_next, newest_of, text_summary
from medsynth_engine.work.desk import Desk, run

ACTION = "review.applied"
REJECTIONS = {Code.BY_REVIEWER.value, Code.EXPIRED.value}


def work(desk: Desk) -> dict[str, Any]:
    row, folder = newest_of(desk, desk.arguments["dataset_id"])
    there = {one["record"] for one in read_held(folder)}
    decisions = {key: value for key, value in desk.arguments["decisions"].items() if key in there}
    if not decisions:  # an earlier process of this job committed it, and was killed before it could say so
        counts = ("accepted", "quarantined")
        return {"dataset": row.name, **{name: row.summary.get(name) for name in counts}}
    changes = {record: change_of(decision) for record, decision in decisions.items()}
    by_hand = {record: change.boxes for record, change in changes.items() if change.decision == "mask"}
    still = remains(folder, by_hand, desk.progress("pictures"), desk.wanted)
    for record, finding in still.items():
        changes[record] = Change("quarantine", (*by_hand[record], *finding.boxes), "", finding.read)
    to = Counter(f"to_{change.decision}" for change in changes.values())
    text = text_of(row.summary)
    document = make_next(
        desk,
        row,
        changes,
        ACTION,
        to,
        # Whether the dataset was checked does not change by a review; how many have which verdict does.
        lambda target: text_summary(target, text["seconds"]) if text["state"] == "checked" else {**text},
        also=lambda session, made: note_applied(session, row, decisions, made.version),
    )
    return {"dataset": row.name, **to, "accepted": document["accepted"], "quarantined": document["quarantined"]}


def change_of(decision: dict[str, Any]) -> Change:
    """Raises BadInput for a decision that is none."""
    said, boxes = decision["decision"], tuple(tuple(int(edge) for edge in box) for box in decision.get("boxes") or ())
    if said == "accept":
        return Change("accept")
    if said == "mask" and boxes:
        return Change("mask", boxes)  # type: ignore[arg-type]
    if said == "reject":
        reason = decision.get("reason", "")
        return Change("reject", (), reason if reason in REJECTIONS else Code.BY_REVIEWER.value)
    raise BadInput("bad_decision", "A decision is accept, mask with boxes, or reject.", "See: medsynth review list")


if __name__ == "__main__":
    run(work)
