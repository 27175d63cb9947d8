"""The two columns that every cohort has: ages, in years or bands, and sex."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from medsynth_engine.intake.tables import normalise
from medsynth_engine.intake.tables.columns import Levels, Typed
from medsynth_engine.intake.tables.naming import words_of
from medsynth_engine.intake.tables.shown import readings

WITH_SEX = "The ages have the letter of a sex behind them (`65M`): the age was read, the letter was not."
AGE_UNITS = ("months", "weeks", "days")
"""An age column called so holds another unit than years."""


def sex(column: pd.Series) -> tuple[Typed, dict[str, str]]:
    """F and M, and how each raw value that is read was read."""
    levels = Levels.of("sex", column)
    mapping = normalise.sex_map(levels.raw)
    mapped: list[object] = [mapping[value] or None for value in levels.raw]
    present = tuple(letter for letter in ("F", "M") if letter in mapped)
    return levels.read("sex", "category", mapped, present), {raw: read for raw, read in mapping.items() if read}


def ages(column: pd.Series) -> tuple[Typed, pd.Series, int]:
    """The age column (a number, or bands where the table has only bands), the band of every row, and ages over 89."""
    levels = Levels.of("age", column)
    paired = normalise.without_sex(set(levels.cleaned))
    texts = _in_years(tuple(paired.get(word, word) for word in levels.cleaned), str(column.name))
    intervals = [normalise.age_interval(text) for text in texts]
    unknown = _ninety_nine(levels, intervals)
    if unknown:
        texts = ["" if interval == (99, 99) else text for text, interval in zip(texts, intervals, strict=True)]
    years: list[object] = [normalise.age_years(text) for text in texts]
    bands: list[object] = [normalise.age_band(text) or None for text in texts]
    band_series = replace(levels, name="age_band").apply(bands, "category")
    exact = levels.cells([year is not None for year in years])
    readable = levels.cells([band is not None for band in bands])
    old = [text and found and found[0] >= normalise.OLDEST for text, found in zip(texts, intervals, strict=True)]
    note = f"{unknown} ages are 99 and no other is over 89: they were taken for not known." if unknown else ""
    if paired:
        note = f"{note} {WITH_SEX}".strip()
    if exact * 2 < readable:
        values = tuple(band for band in normalise.BANDS if band in bands)
        named = replace(levels, name="age_band")
        return named.read("age", "category", bands, values, note), band_series, levels.cells(old)
    made = levels.read("age", "number", years, note=note)
    either = [band if year is None else year for year, band in zip(years, bands, strict=True)]  # `early 40s` has a band
    seen = readings(levels.raw, levels.cleaned, either, levels.counts.tolist())
    lost = levels.cells([word and read is None for word, read in zip(levels.cleaned, either, strict=True)])
    return replace(made, readings=seen, unreadable=lost), band_series, levels.cells(old)


def _in_years(words: tuple[str, ...], name: str) -> list[str]:
    """Bare numbers of a column called `age in months` get their unit."""
    unit = next((unit for unit in AGE_UNITS if {unit, unit[:-1]} & set(words_of(name))), "")
    return [f"{word} {unit}" if unit and word.replace(".", "", 1).isdecimal() else word for word in words]


def _ninety_nine(levels: Levels, intervals: list[tuple[float, float] | None]) -> int:
    """How many cells are 99 where that is a code for "not known": at least two, and nobody else is over 89."""
    old = {interval for interval in intervals if interval and interval[0] >= normalise.OLDEST}
    cells = levels.cells([interval == (99, 99) for interval in intervals])
    return cells if old == {(99, 99)} and cells >= 2 else 0
