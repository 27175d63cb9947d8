"""Columns that must not leave: nearly unique text, and values that look like an identifier of a person."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from medsynth_engine.evidence.tables import words

UNIQUE_TEXT = 0.9
FEWEST = 50
OWN = frozenset({"file_name", "patient", "record", "blank"})
"""Columns that MedSynth itself puts there."""
LOOKS = re.compile(
    r"[^@\s]+@[^@\s]+\.\w+"  # an e-mail address
    r"|\b\d{3}-\d{2}-\d{4}\b"  # a US social security number
    r"|\b\d{4}-\d{2}-\d{2}\b"  # a whole date
    r"|(?<![\d.])\d{7,}(?![\d.])"  # a long number: record, insurance or telephone
)


def identifying(table: pd.DataFrame) -> tuple[str, ...]:
    """Text columns of which over 90 % is unique (from 50 rows on), or where a value looks like an identifier."""
    found = []
    for name in table:
        if str(name) in OWN or pd.api.types.is_numeric_dtype(table[name]) or pd.api.types.is_bool_dtype(table[name]):
            continue
        known = np.array([word for word in words(table[name]) if word is not None], dtype=str)
        distinct = np.unique(known)
        unique = len(known) >= FEWEST and len(distinct) > UNIQUE_TEXT * len(known)
        if unique or any(LOOKS.search(word) for word in distinct):
            found.append(str(name))
    return tuple(found)
