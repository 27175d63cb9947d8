"""An identifier may hide in a column that stays: a record number as a level, a name that became a category."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import replace

import numpy as np
import pandas as pd

from medsynth_engine.intake.tables import shapes
from medsynth_engine.intake.tables.columns import Typed
from medsynth_engine.intake.tables.known_people import Identifiers
from medsynth_engine.intake.tables.shown import SHARED
from medsynth_engine.intake.tables.surnames import is_surname
from medsynth_engine.intake.tables.vocabulary import strange

_LONG_NUMBER = re.compile(r"\d{5}")
GUESSED = ("finding", "ethnicity")
SHORTEST_RECORD = 10**6
"""A whole number from here on, among others that are a hundred times smaller, is a record or telephone number."""


def without_identifiers(
    column: Typed, known: Identifiers, people: np.ndarray, vouched: bool = False
) -> tuple[Typed, int]:
    """The column without what names somebody, and how many cells lost it. `people` are codes of patients, one a row.

    A level goes missing; what only looks like a name, a code or a sentence goes where fewer than five patients have it;
    of several findings only the part that names somebody goes; a number goes where it is the record number of anybody,
    or as long as one. A role's level with a word that no vocabulary knows goes where fewer than five patients have it,
    unless it is `vouched` for (a person mapped the column) and does not read as two names.
    """
    if column.kind in ("number", "integer"):
        return _without_numbers(column, known)
    if column.kind not in ("category", "multi"):
        return column, 0
    parts_of = {level: _parts(column, level) for level in column.series.dropna().unique()}
    parts = {part for listed in parts_of.values() for part in listed}
    bad = {part for part in parts if known.names_somebody(part)}
    if column.role == "column":  # in a finding or a condition a name alone may be that of a disease
        bad |= {part for part in parts if _is_name(part)}
    else:
        bad |= {part for part in parts if shapes.has_name(part, _is_name)}
    coded = sum(map(_is_coded, parts)) * 2 > len(parts)  # a column of codes: one of them tells nothing
    doubtful = {part for part in parts - bad if known.doubtful(part) or (not coded and _is_coded(part))}
    if column.role in GUESSED:
        suspects = (part for part in parts - bad if not vouched or shapes.TWO_NAMES.fullmatch(part))
        doubtful |= {part for part in suspects if strange(part, eponyms=True)}
    bad |= _of_few(column.series, parts_of, doubtful, people)
    if not bad:
        return column, 0
    kept_of = {level: "|".join(part for part in listed if part not in bad) for level, listed in parts_of.items()}
    changed = column.series.isin([level for level, kept in kept_of.items() if kept != level])
    levels = {level: kept or None for level, kept in kept_of.items()}
    series = column.series.where(~changed, column.series.map(levels))
    return replace(column, series=series, values=tuple(v for v in column.values if v not in bad)), int(changed.sum())


def _is_name(word: str) -> bool:
    return shapes.is_given_name(word) or is_surname(word)


def _is_coded(part: str) -> bool:
    return shapes.has_code(part) or bool(_LONG_NUMBER.search(part))


def _parts(column: Typed, level: str) -> list[str]:
    return level.split("|") if column.kind == "multi" else [level]


def _of_few(series: pd.Series, parts_of: dict[str, list[str]], doubtful: set[str], people: np.ndarray) -> set[str]:
    """Of the doubtful parts those that fewer than five patients have."""
    if not doubtful:
        return set()
    suspects = {level: doubtful.intersection(parts) for level, parts in parts_of.items()}
    rows = series.isin([level for level, found in suspects.items() if found]).to_numpy()
    pairs = pd.DataFrame({"level": series.to_numpy(dtype=object)[rows], "person": people[rows]}).drop_duplicates()
    shared = Counter(pairs["level"])
    owners: dict[str, set[int]] = defaultdict(set)
    often = {part for level, count in shared.items() if count >= SHARED for part in suspects[level]}
    for level, person in pairs.itertuples(index=False):
        for part in suspects[level] - often:
            owners[part].add(person)
    return {part for part, found in owners.items() if len(found) < SHARED}


def _without_numbers(column: Typed, known: Identifiers) -> tuple[Typed, int]:
    """Record numbers of anybody, and whole numbers of seven digits among shorter ones."""
    values = column.series.astype("float64")
    hit = values.isin(known.numbers)
    middle = values.abs().median()
    if pd.notna(middle):
        hit |= (values % 1 == 0) & (values.abs() >= SHORTEST_RECORD) & (values.abs() > 100 * max(middle, 1))
    count = int(np.count_nonzero(hit))
    return (replace(column, series=column.series.mask(hit)), count) if count else (column, 0)
