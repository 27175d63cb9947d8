"""What a person must still look at after an intake: what no program can settle, with how often it came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from medsynth_engine.intake.identified import UNKNOWN
from medsynth_engine.intake.options import Options
from medsynth_engine.intake.reasons import outcome, sentence

READABLE_SIDE = 96
"""Pixels. Pictures with a shorter side carry no readable text (DESIGN, slow checks)."""


def look_at(
    reasons: Mapping[str, int],
    removed: Mapping[str, int],
    records: pd.DataFrame,
    without_id: int,
    small_cells: int,
    unreadable: Mapping[str, Mapping[str, int]],
    options: Options,
) -> list[dict[str, Any]]:
    """`[{"code", "count", "sentence"}]`, the gravest first; empty where nothing is left to look at.

    reasons           code -> records that were not accepted for it
    removed           kind -> count, of what the source carried
    records           the accepted ones
    without_id        records of which no patient's id is known
    small_cells       groups of people in the training fold that are small
    unreadable        column -> raw value -> cells
    """
    held = [(code, count, sentence(code)) for code, count in reasons.items() if outcome(code) == "quarantined"]
    found = [
        *sorted(held, key=lambda one: one[0] != "identifier_left"),
        (
            "head_slices",
            removed.get("head_slices", 0),
            "Slices of heads are stored. Put together they may show a face: it was not removed (option 113102 of "
            "PS3.15), so they must not leave as a volume.",
        ),
        ("text_unread", _readable(records), "The text check has not read these pictures yet. Nothing leaves before."),
        (
            UNKNOWN,
            without_id,
            "There is no patient id for these records: pictures of one person may lie in two folds.",
        ),
        (
            "dates_shifted",
            len(records) if options.dates == "shift" and removed.get("dates") else 0,
            "Dates of the table were shifted, which is not Safe Harbor: an expert must determine the risk (45 CFR "
            "164.514(b)(1)).",
        ),
        (
            "characteristics_kept",
            len(options.characteristics) if len(records) else 0,
            "Patient characteristics of DICOM headers were kept because they were asked for (option 113108 of PS3.15).",
        ),
        ("small_cells", small_cells, "Groups of people are so small that a member may be singled out."),
        (
            "unreadable_values",
            sum(sum(values.values()) for values in unreadable.values()),
            "Values of the table could not be read and count as missing.",
        ),
    ]
    return [{"code": code, "count": count, "sentence": said} for code, count, said in found if count]


def _readable(records: pd.DataFrame) -> int:
    """Accepted pictures that are large enough for text."""
    if "height" not in records or "width" not in records:
        return 0
    return int((records[["height", "width"]].min(axis=1).fillna(0) >= READABLE_SIDE).sum())
