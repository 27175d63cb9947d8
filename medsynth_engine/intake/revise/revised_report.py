"""The schema and the document of a dataset whose pictures were checked or decided upon: every count in line again."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd

from medsynth_engine.intake.assemble import schema_of
from medsynth_engine.intake.identified import reviewed
from medsynth_engine.intake.reasons import outcome, sentence
from medsynth_engine.intake.report.report import (
    count_reasons,
    fold_warnings,
    preview,
    quarantine_warnings,
    reason_warnings,
    settled,
    small_cell_warnings,
    small_cells,
)

Parts = tuple[pd.DataFrame, pd.DataFrame]
"""Accepted records, and those in quarantine."""
UNREAD = "text_unread"
"""What `look_at` says of pictures that the text check has not read."""


def revised_schema(schema: dict[str, Any], records: pd.DataFrame) -> dict[str, Any]:
    """schema.json of the records that are accepted now: the same columns, with the values that are still there."""
    columns = [(column["name"], column["role"], column["kind"]) for column in schema["columns"]]
    image = schema["image"]
    modality, white = (image.get("modality"), int(image.get("white", 65535))) if image else (None, 65535)
    made = schema_of(records, columns, bool(schema["patients_known"]), modality, white.bit_length())
    if image is None or made["image"] is None:  # all pictures are in quarantine: what they are stays known
        made["image"] = image
    return made


def revised_report(
    document: dict[str, Any],
    submissions: pd.DataFrame,
    before: Parts,
    now: Parts,
    schema: dict[str, Any],
    unread: int,
) -> dict[str, Any]:
    """report.json of the new version.

    document     of the earlier version; submissions: the intake ledger as it is now
    before       the earlier accepted records, and those that were held back; now: those of now
    unread       accepted pictures that the text check has not read yet
    """
    records = now[0]
    codes = submissions["reason"].tolist()
    outcomes, folds = Counter(outcome(code) for code in codes), Counter(records["fold"])
    reasons = count_reasons(codes)
    known = bool(schema["patients_known"])

    def said(parts: Parts, counted: dict[str, int]) -> list[str]:
        people = [*fold_warnings(parts[0], True, False, 0, False), *quarantine_warnings(*parts)]
        return [*reason_warnings(counted), *people, *small_cell_warnings(small_cells(parts[0]))]

    old = said(before, document["reasons"])
    return settled(
        {
            **document,
            **{name: outcomes[name] for name in ("accepted", "quarantined", "rejected")},
            "reasons": reasons,
            "patients": int(records["patient"].nunique()),
            "patients_known": known,
            "patients_with_id": reviewed(document, before[0], records),
            "duplicates": min(int(document["duplicates"]), len(records)),
            "train": folds["training"],
            "validation": folds["validation"],
            "holdout": folds["holdout"],
            "look_at": looked_at(document.get("look_at", []), reasons, unread),
            "schema": schema,
            "preview": preview(records),
            "warnings": [*said(now, reasons), *(line for line in document["warnings"] if line not in old)],
        }
    )


def looked_at(entries: list[dict[str, Any]], reasons: dict[str, int], unread: int) -> list[dict[str, Any]]:
    """The list of what a person must look at, with what is held back now, and without what has been read."""
    held = [
        {"code": code, "count": count, "sentence": sentence(code)}
        for code, count in reasons.items()
        if outcome(code) == "quarantined"
    ]
    others = [one for one in entries if not _is_held(one["code"])]
    now = [{**one, "count": unread} if one["code"] == UNREAD else one for one in others]
    return [*held, *(one for one in now if one["count"])]


def _is_held(code: str) -> bool:
    try:
        return outcome(code) == "quarantined"
    except ValueError:  # a matter of its own, no reason of a record
        return False
