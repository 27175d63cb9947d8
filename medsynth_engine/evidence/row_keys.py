"""Rows as what they say, so that equal records are equal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from medsynth_engine.evidence.tables import Column, numbers, words

Key = tuple[object, ...]


def row_keys(table: pd.DataFrame, columns: Sequence[Column]) -> list[Key]:
    """A key for each record, of these columns; numbers to nine digits, missing equals missing."""
    parts: list[list[object]] = []
    for column in columns:
        if column.kind == "number":
            values = numbers(table[column.name])
            parts.append([None if np.isnan(value) else float(f"{value:.9g}") for value in values])
        else:
            parts.append(list(words(table[column.name])))
    return list(zip(*parts, strict=True))
