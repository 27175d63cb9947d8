"""A score in the manner of MIDI-B, the benchmark of medical image de-identification (arXiv 2507.23608).

Its ten actions are checked one by one on a made-up study, in its three groups (70 HIPAA, 20 DICOM, 10 best practice;
its later weights). What asks for a DICOM file cannot be passed by a store that keeps none: it is listed as not
applicable and counts neither way. Files and answers are our own; the benchmark's data are not.
"""

from __future__ import annotations

import json
import secrets
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from medsynth_engine.intake.options import Options
from medsynth_engine.intake.selftest.canaries import Aviary
from medsynth_engine.intake.selftest.search import Search
from medsynth_engine.intake.selftest.study import Slice, write_study
from medsynth_engine.intake.take_in import take_in
from medsynth_engine.kernel.store_key import KEY_BYTES

HIPAA, STANDARD, PRACTICE = "HIPAA", "DICOM", "best practice"
WEIGHTS = {HIPAA: 70, STANDARD: 20, PRACTICE: 10}
ACTIONS = {
    "text_removed": HIPAA,
    "date_shifted": HIPAA,
    "uid_changed": HIPAA,
    "pixels_hidden": HIPAA,
    "tag_retained": STANDARD,
    "text_notnull": STANDARD,
    "uid_consistent": STANDARD,
    "patid_consistent": STANDARD,
    "text_retained": PRACTICE,
    "pixels_retained": PRACTICE,
}
"""Action -> group, as the benchmark's own reports sort them."""
NOT_APPLICABLE = {
    "tag_retained": "No DICOM is kept, so no element can be.",
    "text_notnull": "No DICOM is kept, so no element is filled.",
}
HOW = {
    "text_removed": "The text is in no byte that was written.",
    "date_shifted": "The date is in no byte that was written, in five spellings.",
    "uid_changed": "The UID is in no byte that was written.",
    "pixels_hidden": "The picture with declared text is not in the dataset: it is held back for a person.",
    "uid_consistent": "A series keeps one keyed id, a study one group and fold, also in another intake.",
    "patid_consistent": "A patient has one pseudonym, and nobody else has it, also in another intake.",
    "text_retained": "Modality, body part, view, sex and age stand in the picture's row.",
    "pixels_retained": "Every pixel of the stored picture is the one that the file shows (16 bits: within rounding).",
}


@dataclass
class Tally:
    """Checks by action."""

    passed: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    total: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def check(self, action: str, holds: bool) -> None:
        self.total[action] += 1
        self.passed[action] += bool(holds)

    def document(self) -> dict[str, Any]:
        actions = [
            {
                "action": action,
                "group": group,
                "passed": self.passed[action],
                "checks": self.total[action],
                "says": NOT_APPLICABLE.get(action, HOW.get(action, "")),
            }
            for action, group in ACTIONS.items()
        ]
        groups = {
            group: _share(
                sum(self.passed[action] for action in ACTIONS if ACTIONS[action] == group),
                sum(self.total[action] for action in ACTIONS if ACTIONS[action] == group),
            )
            for group in WEIGHTS
        }
        counted = {group: share for group, share in groups.items() if share is not None}
        weights = sum(WEIGHTS[group] for group in counted)
        weighted = sum(WEIGHTS[group] * share for group, share in counted.items())
        return {
            "score": weighted / weights if weights else 0.0,
            "checks": sum(self.total.values()),
            "passed": sum(self.passed.values()),
            "weights": WEIGHTS,
            "groups": groups,
            "actions": actions,
        }


def _share(passed: int, total: int) -> float | None:
    return passed / total if total else None


def score(root: Path) -> dict[str, Any]:
    """Write a study of its own under `root`, take it in twice with one key, and check."""
    source = root / "in"
    source.mkdir(parents=True)
    aviary = Aviary()
    slices = write_study(source, aviary)
    key, options = secrets.token_bytes(KEY_BYTES), Options.of("study", characteristics=("age", "sex"))
    for turn in ("first", "second"):
        take_in(source, options, root / "out" / turn, key, lambda *_: None, lambda: True)
    tally = Tally()
    search = Search(aviary.made)
    search.folder(root / "out" / "first")
    leaked = {canary.text for canary in search.seen}
    tables = [_read(root / "out" / turn) for turn in ("first", "second")]
    found = [[_place_of(one, table[1]) for one in slices] for table in tables]
    for one, place in zip(slices, found[0], strict=True):
        _check_slice(tally, one, place, tables[0][0], leaked)
    documents = [json.loads((root / "out" / turn / "report.json").read_text()) for turn in ("first", "second")]
    _check_consistency(tally, slices, found, [table[0] for table in tables], documents)
    return tally.document()


def _read(folder: Path) -> tuple[pd.DataFrame, list[np.ndarray]]:
    records = pd.read_parquet(folder / "records.parquet")
    return records, [np.asarray(Image.open(folder / str(file))) for file in records["file"]]


def _place_of(one: Slice, pictures: list[np.ndarray]) -> int | None:
    """The row whose picture has exactly the pixels of the slice, found without any identifier."""
    same = [place for place, pixels in enumerate(pictures) if _alike(pixels, one.shown)]
    return same[0] if len(same) == 1 else None


def _alike(one: np.ndarray, other: np.ndarray) -> bool:
    """Equal pixel by pixel; in 16 bits, where a half may be rounded either way, within one of 65,535 steps."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    return bool(np.abs(one.astype(np.int32) - other.astype(np.int32)).max() <= (one.dtype == np.uint16))


def _check_slice(tally: Tally, one: Slice, place: int | None, records: pd.DataFrame, leaked: set[str]) -> None:
    for action, texts in (("text_removed", one.texts), ("date_shifted", one.dates), ("uid_changed", one.uids)):
        for text in texts:
            tally.check(action, text not in leaked)
    if one.burned_in:
        tally.check("pixels_hidden", place is None)
        return
    tally.check("pixels_retained", place is not None)
    for name, value in one.kept.items():
        holds = place is not None and name in records and records[name].iloc[place] == value
        tally.check("text_retained", holds)


def _check_consistency(
    tally: Tally,
    slices: list[Slice],
    found: list[list[int | None]],
    tables: list[pd.DataFrame],
    documents: list[dict[str, Any]],
) -> None:
    stored = [(one, *places) for one, *places in zip(slices, *found, strict=True) if None not in places]

    def of(column: str, select: str) -> dict[str, set[tuple[str, ...]]]:
        values: dict[str, set[tuple[str, ...]]] = defaultdict(set)
        for one, *places in stored:
            told = tuple(str(table[column].iloc[place]) for table, place in zip(tables, places, strict=True))
            values[getattr(one, select)].add(told)
        return values

    patients = of("patient", "patient")
    for patient in {one.patient for one in slices}:
        told = patients[patient]
        others = set().union(*(values for name, values in patients.items() if name != patient))
        tally.check("patid_consistent", len(told) == 1 and not told & others and all(len(set(t)) == 1 for t in told))
    groups, folds = of("group", "study"), of("fold", "study")
    for study in {one.study for one in slices}:
        tally.check("uid_consistent", len(groups[study]) == 1 and len(folds[study]) == 1)
    listed = [{(one["series"], one["pictures"]) for one in document["series"]} for document in documents]
    tally.check("uid_consistent", len(listed[0]) == len({one.series for one in slices}) and listed[0] == listed[1])
