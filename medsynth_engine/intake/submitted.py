"""The intake ledger: what became of every submitted record. Nothing submitted is ever missing from it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from medsynth_engine.intake.reasons import outcome

COLUMNS = ("ordinal", "record", "outcome", "reason", "digest")


def of_answers(answers: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """One row an answer: ordinal, record (empty where it got none), outcome, reason, keyed digest of its source."""
    rows = [
        (number, answer.get("record", ""), outcome(answer["code"]), answer["code"], answer.get("digest", ""))
        for number, answer in enumerate(answers)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def of_rows(count: int, base: pd.DataFrame) -> pd.DataFrame:
    """The same for a table alone: one row a row of the table. A record's id is already the keyed digest of its row.

    base holds `ordinal`, `record` and `code` of all rows, or of those that were not refused before.
    """
    known = base.set_index("ordinal")
    numbers = pd.RangeIndex(count)
    records = known["record"].reindex(numbers).fillna("")
    codes = known["code"].reindex(numbers).fillna("")
    outcomes = {code: outcome(code) for code in codes.unique()}
    return pd.DataFrame(
        {
            "ordinal": numbers.to_numpy(),
            "record": records.to_numpy(),
            "outcome": codes.map(outcomes).to_numpy(),
            "reason": codes.to_numpy(),
            "digest": records.to_numpy(),
        }
    )
