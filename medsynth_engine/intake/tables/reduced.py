"""Columns that identify people as they came, but may stay in a lesser form: years or shifted days, three-digit ZIP."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from medsynth_engine.intake.tables import columns as typing
from medsynth_engine.intake.tables import postcode
from medsynth_engine.intake.tables.columns import Dropped, Levels, Typed
from medsynth_engine.intake.tables.dates import EPOCH, Dates, is_birth, read_dates, too_old
from medsynth_engine.intake.tables.guesses import AGE_WORDS
from medsynth_engine.intake.tables.identifying import Verdict
from medsynth_engine.intake.tables.naming import words_of
from medsynth_engine.intake.tables.normalise import HIGHEST_AGE, OLDEST
from medsynth_engine.intake.tables.shown import without_old
from medsynth_engine.intake.tables.words import listed

YEAR_WORDS = listed(
    "year years yr yrs old older onset lived survival survived death died lifespan lifetime birthday jahre lebensjahre "
    "jahr ans années años beginn"
)
PER_YEAR = {"months": 12, "weeks": 52, "days": 365}


def reduced(
    dropped: Dropped, column: pd.Series, people: list[str], dates: Dates, asked: bool, role: str
) -> Typed | Dropped:
    """The lesser form of a column that would be dropped, or `dropped` itself, with why where a form was asked for.

    people  the patient of each row as the table writes it, or something else that is the row's own
    asked   a person mapped the column
    """
    words = words_of(dropped.name)
    if asked and dropped.verdict.kind == "geography" and postcode.is_zip(words):
        return _zip(dropped, column, people, role)
    if dates.mode == "drop" or dropped.verdict.kind != "dates":
        return dropped
    if is_birth(words):
        return Dropped(dropped.name, Verdict("dates", "A date of birth is not kept in any form."), dropped.cells)
    return _dates(dropped, column, people, dates, role)


def capped(column: Typed, asked: bool = False) -> tuple[Typed, int]:
    """Another age than the patient's role (at death, of the mother) with 90 for all that are over 89, and how many.

    asked  a person mapped the column: then only a name with an age in it tells one
    """
    words = set(words_of(column.name))
    if column.kind not in ("integer", "number") or not (AGE_WORDS & words or (not asked and _may_be_years(column))):
        return column, 0
    years = next((per_year for unit, per_year in PER_YEAR.items() if {unit, unit[:-1]} & words), 1)
    old = (column.series >= OLDEST * years).fillna(False)
    if not old.any():
        return column, 0
    series = column.series.mask(old, OLDEST * years)
    return replace(column, series=series, readings=without_old(column.readings, years)), int(old.sum())


def _may_be_years(column: Typed) -> bool:
    """Whether whole numbers under a name such as `onset` or `years_lived` may be an age."""
    words = set(words_of(column.name))
    months = any({unit, unit[:-1]} & words for unit in PER_YEAR)
    if column.kind != "integer" or months or not YEAR_WORDS & words:
        return False
    return bool(column.series.dropna().between(0, HIGHEST_AGE).all())


def _zip(dropped: Dropped, column: pd.Series, people: list[str], role: str) -> Typed | Dropped:
    levels = Levels.of(dropped.name, column)
    three = postcode.zip3({word for word in levels.cleaned if word})
    if three is None:
        return Dropped(dropped.name, Verdict("geography", "It holds no ZIP codes of the United States."), dropped.cells)
    cut = column.map(dict(zip(levels.raw, (three.get(word, "") for word in levels.cleaned), strict=True))).astype("str")
    return typing.category(Levels.of(f"{dropped.name}3", cut), pd.factorize(np.array(people, dtype=object))[0], role)


def _dates(dropped: Dropped, column: pd.Series, people: list[str], dates: Dates, role: str) -> Typed | Dropped:
    levels = Levels.of(dropped.name, column)
    read, why = read_dates({word for word in levels.cleaned if word})
    for word in too_old(read):
        del read[word]
    days = {word: one.day for word, one in read.items() if one.day is not None}
    if not (read if dates.mode == "year" else days):
        return Dropped(dropped.name, Verdict("dates", why or "None of its dates can be read."), dropped.cells)
    if dates.mode == "year":
        years: list[object] = [read[word].year if word in read else None for word in levels.cleaned]
        made = Levels(f"{dropped.name}_year", levels.codes, levels.raw, levels.counts, levels.cleaned)
        return made.read(role, "integer", years, note=why)
    raw_days = [days.get(word) for word in levels.cleaned]
    return _shifted(dropped.name, levels, raw_days, people, dates, role, why)


def _shifted(
    name: str, levels: Levels, days: list[int | None], people: list[str], dates: Dates, role: str, why: str
) -> Typed:
    """Days since 1970-01-01 after the shift. No raw date is listed as read: beside its shifted day it would tell the
    secret of its patient."""
    assert dates.offset is not None
    code, names = pd.factorize(np.array(people, dtype=object))
    offsets = np.array([dates.offset(person) for person in names], dtype=np.int64)
    known = np.array([day is not None for day in days])[levels.codes]
    day = np.array([day or 0 for day in days], dtype=np.int64)[levels.codes] - EPOCH + offsets[code]
    series = pd.Series(pd.array(day, dtype="Int64"), name=f"{name}_day").mask(~known)
    lost = levels.cells([bool(word) and day is None for word, day in zip(levels.cleaned, days, strict=True)])
    return Typed(f"{name}_day", role, "integer", series, (), lost, why)
