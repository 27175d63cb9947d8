"""Read the pictures of a dataset for burned-in text: mask it or hold it back, in a new version where there is any."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

from db.tables import Dataset
from medsynth_engine.intake.revise.revised_tables import Change
from medsynth_engine.intake.text.check import Checked, check
from medsynth_engine.intake.text.note import note
from medsynth_engine.intake.text.state import text_of
from medsynth_engine.intake.text.verdicts import Finding, of_findings
from medsynth_engine.work.dataset_next import make_next, newest_of, set_summary, settle_earlier, text_summary
from medsynth_engine.work.desk import Desk, run

JOURNAL = ".text"
"""In the dataset's folder, so that it goes with the dataset: it holds what was read."""
ACTION = "datasets.text_checked"


def work(desk: Desk) -> dict[str, Any]:
    row, folder = newest_of(desk, desk.arguments["dataset_id"])
    choice = desk.arguments["burned_in"]
    checked = check(folder, choice, folder / JOURNAL, desk.progress("pictures"), desk.wanted)
    changes = {one.record: change_of(one, choice) for one in checked.findings if one.code is not None and not one.held}
    counts = {**checked.counts(), **Counter(f"to_{change.decision}" for change in changes.values())}
    if changes:
        held = {one.record: told(one) for one in checked.findings if one.held and one.boxes}
        document = make_next(
            desk,
            row,
            {**held, **changes},
            ACTION,
            counts,
            lambda target: text_summary(target, checked.seconds),
            of_findings(checked.findings),
        )
    else:
        document = _noted(desk, row, folder, checked, counts)
    shutil.rmtree(folder / JOURNAL, ignore_errors=True)
    return {"dataset": row.name, **counts, "accepted": document["accepted"], "quarantined": document["quarantined"]}


def change_of(finding: Finding, choice: str) -> Change:
    """What becomes of an accepted picture with text, or of one that could not be read."""
    if choice == "mask" and finding.verdict == "text" and not finding.left:
        return Change("mask", finding.boxes)
    assert finding.code is not None
    return Change("quarantine", finding.boxes, finding.code.value, finding.read)


def told(finding: Finding) -> Change:
    """A picture that waits for a person anyway stays where it is; the person sees what was read."""
    return Change("quarantine", finding.boxes, "", finding.read)


def _noted(desk: Desk, row: Dataset, folder: Path, checked: Checked, counts: dict[str, int]) -> dict[str, Any]:
    """No picture changes: the verdicts are noted in the folder, and the ledger's row says that it was checked."""
    document = note(folder, checked.findings)
    if not checked.findings and text_of(row.summary)["state"] == "checked":
        return document  # an earlier process of this job committed it, and was killed before it could say so
    with desk.commit(ACTION, f"dataset:{row.name}", version=row.version, **counts) as change:
        summary = text_summary(folder, checked.seconds)
        set_summary(change, row.id, text=summary, look_at=document["look_at"])
        settle_earlier(desk, change, row)
    return document


if __name__ == "__main__":
    run(work)
