"""An identifier may hide in a column that stays: a record number as a level, a name that became a category."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from medsynth_engine.intake import shapes
from medsynth_engine.intake.columns import Typed
from medsynth_engine.intake.normalise import clean

_TOKEN = re.compile(r"[\w-]+")
LONGEST_NAME = 4
"""Words of a name; the one with more is found by its first four."""


class Identifiers:
    """The values of the columns that name people. Codes count with a letter and four characters, or six digits; names
    only with two words, because `White` and `Brown` are names as well; e-mail addresses and the like as they are."""

    def __init__(self) -> None:
        self.codes: set[str] = set()
        self.names: set[tuple[str, ...]] = set()
        self.numbers: set[float] = set()

    def __bool__(self) -> bool:
        return bool(self.codes or self.names)

    def add_codes(self, values: Iterable[str]) -> None:
        for value in values:
            word = value.strip().casefold().removesuffix(".0")
            if word.isdecimal() and word.isascii():
                digits = len(word)
            else:
                digits = sum(map(str.isdigit, word))
            if digits >= 6 or (digits and len(word) >= 4 and any(map(str.isalpha, word))):
                self.codes.add(word)
                if word.isdecimal() and len(word) < 16:
                    self.numbers.add(float(word))

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

    def names_somebody(self, text: str) -> bool:
        """Whether a text holds a known identifier, or something of the shape of one."""
        return self.inside(text) or bool(shapes.kind_inside(text))


def without_identifiers(column: Typed, known: Identifiers) -> tuple[Typed, int]:
    """The column without what names somebody, and how many cells lost it.

    A level goes missing; of several findings only the part that names somebody goes; a number goes where it is the
    record number of anybody.
    """
    if column.kind in ("number", "integer"):
        return _without_numbers(column, known)
    if column.kind not in ("category", "multi"):
        return column, 0
    parts = {part for level in column.series.dropna().unique() for part in _parts(column, level)}
    bad = {part for part in parts if known.names_somebody(part)}
    if not bad:
        return column, 0
    levels = {
        level: "|".join(part for part in _parts(column, level) if part not in bad) or None
        for level in column.series.dropna().unique()
    }
    changed = column.series.isin([level for level, kept in levels.items() if kept != level])
    series = column.series.where(~changed, column.series.map(levels))
    return replace(column, series=series, values=tuple(v for v in column.values if v not in bad)), int(changed.sum())


def _parts(column: Typed, level: str) -> list[str]:
    return level.split("|") if column.kind == "multi" else [level]


def _without_numbers(column: Typed, known: Identifiers) -> tuple[Typed, int]:
    if not known.numbers:
        return column, 0
    hit = column.series.isin(known.numbers)
    count = int(np.count_nonzero(hit.fillna(False)))
    return (replace(column, series=column.series.mask(hit)), count) if count else (column, 0)
