"""How far a cohort's column is from the real one: total variation distance, and the missing on both sides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def difference(real: Mapping[str, Any], synthetic: Mapping[str, Any], records: int) -> dict[str, Any]:
    """`difference` from 0 (alike) to 1: half the sum of the absolute differences of shares among records that have a
    value (total variation distance). What is hidden of the real table counts as one value, with what is left of all
    records. None where no real count is shown, or several findings stand in one cell. `real_shares`: of the shown ones.

    real, synthetic  documents of `described.describe` and `described.alike`;  records: how many real ones
    """
    counts = dict(enumerate(real["bins"])) if "bins" in real else real["values"]
    drawn = dict(enumerate(synthetic["bins"])) if "bins" in synthetic else synthetic["values"]
    missing = real["missing"] if isinstance(real["missing"], int) else 0
    known, total = records - missing, sum(drawn.values())
    told = {value: count for value, count in counts.items() if isinstance(count, int)}
    shares = {str(value): round(count / known, 4) for value, count in told.items()} if known > 0 else {}
    if not shares or not total or real["kind"] == "multi":
        return {"difference": None, "real_shares": shares}
    rest = max(0.0, 1 - sum(told.values()) / known)
    drawn_rest = sum(count for value, count in drawn.items() if value not in told) / total
    apart = sum(abs(count / known - drawn.get(value, 0) / total) for value, count in told.items())
    return {"difference": round((apart + abs(rest - drawn_rest)) / 2, 4), "real_shares": shares}
