"""An identifier may hide in a column that stays: a record number as a level, a name that became a category."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from medsynth_engine.intake.columns import Typed
from medsynth_engine.intake.normalise import clean

_TOKEN = re.compile(r"[\w-]+")
LONGEST_NAME = 4
"""Words of a name; the one with more is found by its first four."""


class Identifiers:
    """The values of the columns that name people. Codes count with a letter and four characters, or six digits; names
    only with two words, because `White` and `Brown` are names as well."""

    def __init__(self) -> None:
        self.codes: set[str] = set()
        self.names: set[tuple[str, ...]] = set()

    def add_codes(self, values: Iterable[str]) -> None:
        for value in values:
            word = value.strip().casefold().removesuffix(".0")
            digits = sum(map(str.isdigit, word))
            if digits >= 6 or (digits and len(word) >= 4 and any(map(str.isalpha, word))):
                self.codes.add(word)

    def add_names(self, values: Iterable[str]) -> None:
        for value in values:
            words = tuple(_TOKEN.findall(clean(value.replace("^", " ")).casefold()))[:LONGEST_NAME]
            if len(words) >= 2:
                self.names |= {words, words[::-1]}

    def inside(self, text: str) -> bool:
        """Whether a code or a name is the text, or a part of it between word boundaries."""
        folded = text.casefold()
        if folded in self.codes:
            return True
        words = _TOKEN.findall(folded)
        if any(word in self.codes for word in words):
            return True
        return any(
            tuple(words[start : start + length]) in self.names
            for length in range(2, LONGEST_NAME + 1)
            for start in range(len(words) - length + 1)
        )


def without_identifiers(column: Typed, known: Identifiers) -> tuple[Typed, int]:
    """The column with every level that holds an identifier made missing, and how many cells that were."""
    if column.kind not in ("category", "multi") or not (known.codes or known.names):
        return column, 0
    bad = {level for level in column.series.dropna().unique() if known.inside(level)}
    if not bad:
        return column, 0
    hit = column.series.isin(bad)
    series = column.series.mask(hit)
    values = tuple(value for value in column.values if value not in bad and not known.inside(value))
    return replace(column, series=series, values=values), int(np.count_nonzero(hit))
