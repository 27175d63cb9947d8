"""Pictures that people took out of a dataset for good, so that the same file added again does not come back to them.

`removed.parquet` has the id and the reason of each. An intake ledger knows those of its own version alone, and is
looked at for datasets that have no such file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from medsynth_engine.intake.reasons import Code

NAME = "removed.parquet"
BY_PEOPLE = (Code.BY_REVIEWER.value, Code.EXPIRED.value)


def read_removed(folder: Path, submissions: pd.DataFrame) -> dict[str, str]:
    """Record -> why it was taken out, of a dataset's folder and its intake ledger."""
    path = folder / NAME
    tables = [submissions, *([pd.read_parquet(path)] if path.exists() else [])]
    found: dict[str, str] = {}
    for table in tables:
        if "record" in table:
            rows = table[table["reason"].isin(BY_PEOPLE) & (table["record"] != "")]  # what is not opened has no id
            found |= dict(zip(rows["record"], rows["reason"], strict=True))
    return found


def removed_table(removed: Mapping[str, str]) -> pd.DataFrame:
    """record, reason, sorted: what NAME holds."""
    listed = sorted(removed.items())
    return pd.DataFrame(
        {"record": [record for record, _ in listed], "reason": [reason for _, reason in listed]}, dtype="str"
    )
