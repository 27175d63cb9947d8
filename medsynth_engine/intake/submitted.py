"""The intake ledger: what became of every submitted record. Nothing submitted is ever missing from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from medsynth_engine.intake.reasons import Code, outcome


@dataclass(frozen=True)
class Submitted:
    """One place a submitted record: its id (empty where it got none), its code, and the keyed digest of its source."""

    records: np.ndarray
    codes: np.ndarray
    digests: np.ndarray

    @classmethod
    def of_answers(cls, answers: list[dict[str, Any]]) -> Submitted:
        keys = ("record", "code", "digest")
        return cls(*(np.array([answer.get(key, "") for answer in answers], dtype=object) for key in keys))

    @classmethod
    def of_rows(cls, records: np.ndarray) -> Submitted:
        """Of a table alone. A record's id is already the keyed digest of its row."""
        return cls(records, np.full(len(records), "", dtype=object), records)

    def refuse(self, places: np.ndarray, code: Code) -> None:
        self.codes[places] = code.value

    def table(self) -> pd.DataFrame:
        """ordinal, record, outcome, reason, digest: submissions.parquet."""
        outcomes = {code: outcome(code) for code in set(self.codes)}
        return pd.DataFrame(
            {
                "ordinal": np.arange(len(self.codes)),
                "record": self.records,
                "outcome": [outcomes[code] for code in self.codes],
                "reason": self.codes,
                "digest": self.digests,
            }
        )
