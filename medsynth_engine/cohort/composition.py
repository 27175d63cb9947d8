"""Who is in a table: counts of the values of each attribute, small cells hidden where the records are real."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from medsynth_engine.cohort.cells import AGE_BAND, HIDDEN, suppressed
from medsynth_engine.cohort.described import UNKNOWN
from medsynth_engine.kernel.escape import plain
from medsynth_engine.rows.bands import BANDS, age_band

ROLES = ("age", "sex", "ethnicity", "finding", "condition")
MOST_VALUES = 40


def attributes(table: pd.DataFrame, schema: Mapping[str, Any]) -> dict[str, pd.Series]:
    """The attributes a person would ask about: age by its band, sex, ethnicity, finding, conditions."""
    found: dict[str, pd.Series] = {}
    for role in ROLES:
        for column in schema["columns"]:
            name = column["name"]
            if column.get("role") != role or name not in table:
                continue
            if column["kind"] not in ("number", "integer"):
                found.setdefault(name, table[name])
            elif role == "age":
                found[AGE_BAND] = table[AGE_BAND] if AGE_BAND in table else age_band(table[name])
    return found


def composition(table: pd.DataFrame, schema: Mapping[str, Any], suppress: bool) -> dict[str, dict[str, Any]]:
    """{attribute: {value: count}}, age bands in their order, other values by size, missing as "unknown" at the end.

    suppress  for real records: counts of 1 to 10 records, or of records of 1 to 10 patients, read "<11", and beside
              them as many "hidden" as it takes that no subtraction tells them (`cells.suppressed`)
    """
    patients = table["patient"] if "patient" in table else pd.Series(range(len(table)), index=table.index)
    whole: dict[str, dict[str, Any]] = {}
    for name, series in attributes(table, schema).items():
        words = series.astype(object).where(series.notna(), UNKNOWN).map(lambda value: plain(value, 80))
        groups = patients.groupby(words).agg(["size", "nunique"])
        counts = {str(value): (int(row["size"]), int(row["nunique"])) for value, row in groups.iterrows()}
        ordered = sorted(counts, key=lambda value: _place(name, value, counts[value][0]))
        kept = ordered[:MOST_VALUES]
        shown_counts: dict[str, Any] = {value: counts[value][0] for value in kept}
        if suppress:
            told = suppressed({**counts, UNKNOWN: counts.get(UNKNOWN, (0, 0))})
            shown_counts = {value: told[value] for value in kept}
        if len(ordered) > len(kept):
            shown_counts[f"{len(ordered) - len(kept)} more values"] = HIDDEN
        whole[name] = shown_counts
    return whole


def _place(name: str, value: str, count: int) -> tuple[int, int, str]:
    if value == UNKNOWN:
        return 2, 0, value
    if name == AGE_BAND and value in BANDS:
        return 0, BANDS.index(value), value
    return 1, -count, value
