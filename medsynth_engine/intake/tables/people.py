"""What the table says about who is who, looked at with suspicion: one person under two ids, two people under one."""

from __future__ import annotations

import re
from collections import defaultdict

import numpy as np
import pandas as pd

from medsynth_engine.intake.tables.columns import Typed
from medsynth_engine.intake.tables.normalise import clean

_LEADING_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")
_MARKS = re.compile(r"[\W_]+")
CONSTANT = ("sex", "ethnicity")
"""Roles that do not change from one row of a patient to the next."""


def loose_form(identifier: str) -> str:
    """An id without case, blanks, marks, leading zeros and a trailing `.0`: what its spellings share."""
    if identifier.isdecimal() and identifier.isascii():
        return identifier.lstrip("0") or "0"
    return _LEADING_ZEROS.sub("", _MARKS.sub("", clean(identifier).removesuffix(".0").casefold()))


def id_warnings(identifiers: pd.Series) -> list[str]:
    """Ids that differ only in case, blanks, marks or leading zeros may be one person: that is said, they stay apart."""
    if identifiers.str.fullmatch(r"([1-9]\d*)?").all():
        return []
    spellings: dict[str, set[str]] = defaultdict(set)
    for raw in identifiers.unique():
        word = clean(raw).removesuffix(".0")
        if word:
            spellings[loose_form(word)].add(word)
    families = [words for form, words in spellings.items() if form and len(words) > 1]
    if not families:
        return []
    count = sum(map(len, families))
    return [
        f"{count} patient ids differ from another only in case, blanks, marks or leading zeros ({len(families)} "
        "families). They count as different patients; where they are not, one person may lie in two folds."
    ]


def conflict_warnings(typed: list[Typed], people: np.ndarray) -> list[str]:
    """Patients whose rows disagree about what does not change. `people` are codes of the patients, one a row."""
    warnings = []
    for column in typed:
        if column.role not in CONSTANT:
            continue
        given = pd.DataFrame({"patient": people, "value": column.series}).dropna()
        several = int((given.groupby("patient")["value"].nunique() > 1).sum())
        if several:
            warnings.append(f"{several} patients have more than one {column.role} in the table.")
    return warnings
