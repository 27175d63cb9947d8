"""Notes in a dataset's folder what a check found where no picture changes: each file by one rename, verdicts last."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.intake.held import NAME, read_held, write_held
from medsynth_engine.intake.revise.revised_report import looked_at
from medsynth_engine.intake.text.verdicts import TEXT, Finding, count_unread, merged, of_findings, read_verdicts
from medsynth_engine.kernel.atomic import write_json, write_with


def note(folder: Path, findings: Sequence[Finding]) -> dict[str, Any]:
    """Verdicts into text.parquet, boxes and text of held pictures into quarantine.json; the document as it is then."""
    dataset = Dataset(folder)
    found = {one.record: one for one in findings if one.held and one.boxes}
    if found and (folder / NAME).exists():
        listed = read_held(folder)
        for one in listed:
            if one["record"] in found:
                finding = found[one["record"]]
                one |= {"boxes": [list(box) for box in finding.boxes], "read": list(finding.read)}
        write_held(folder, listed)
    verdicts = merged(read_verdicts(folder), of_findings(findings))
    document = dataset.summary()
    unread = count_unread(dataset.records(), verdicts)
    document["look_at"] = looked_at(document.get("look_at", []), document["reasons"], unread)
    write_json(folder / "report.json", document)
    write_with(folder / TEXT, lambda stream: verdicts.to_parquet(stream, index=False, compression=None))
    return document
