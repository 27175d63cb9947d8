"""From the columns of a table to the coded columns that are learned, and back.

Most columns are one coded column. Age in years brings its band along, which is drawn first and can be asked for. A
finding of many combinations becomes a yes or no for each label, joined again after drawing. Days become a patient's
first day, drawn once, and the days since: what lies between the dates of a patient is what they say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from medsynth_engine.rows.bands import BANDS, EDGES, band_numbers
from medsynth_engine.rows.coding import SMALLEST, Bins, Coding, Levels, coding_from_document, support
from medsynth_engine.rows.table import SEPARATOR, Column, Schema, numbers

AGE_BAND = "age_band"
FIRST_DAY = f"{SEPARATOR}first day"
"""The coded column that all columns of days are counted from."""
COMBINATIONS = 50
"""A finding of at most so many combinations is learned as one category."""


@dataclass(frozen=True)
class Inner:
    """One coded column. `source` is the table's column it serves, `label` the finding it stands for, if it is one.

    `within` names the coded column whose value it lies inside of (age inside its band): one tree for each value.
    `since` names the coded column that is added to it after drawing (days since the first day).
    """

    name: str
    source: str
    coding: Coding
    per: str
    role: str = "column"
    label: str | None = None
    within: str | None = None
    since: str | None = None

    def document(self) -> dict[str, Any]:
        kept = {"name": self.name, "source": self.source, "coding": self.coding.document(), "per": self.per}
        since = {"since": self.since} if self.since else {}
        return {**kept, "role": self.role, "label": self.label, "within": self.within, **since}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Inner:
        return cls(**{**document, "coding": coding_from_document(document["coding"])})


@dataclass(frozen=True)
class Coded:
    """A coded column beside its codes for the table at hand: int32 (n,)."""

    inner: Inner
    codes: np.ndarray


def code_columns(table: pd.DataFrame, schema: Schema, patients: np.ndarray) -> list[Coded]:
    """Code every column of the schema, protecting rare values first. `patients`: int (n,) numbers."""
    dated = _dated(table, schema, patients)
    coded: list[Coded] = _days(table, dated, patients)
    for column in schema.columns:
        if (column.name == AGE_BAND and schema.age is not None) or column in dated:
            continue  # follows from the age; is coded
        series = table[column.name]
        if column.per == "patient":
            series = _of_the_patient(series, patients)
        if column is schema.age:
            coded += _age(column, series, patients)
        elif column.numeric:
            bins = Bins.learn(series, patients)
            coded.append(Coded(Inner(column.name, column.name, bins, column.per, column.role), bins.encode(series)))
        elif column.kind == "multi" and series.nunique() > COMBINATIONS:
            coded += _labels(column, series, patients)
        else:
            levels = Levels.learn(series, patients, words=_is_text(series))
            coded.append(Coded(Inner(column.name, column.name, levels, column.per, column.role), levels.encode(series)))
    return coded


def _of_the_patient(series: pd.Series, patients: np.ndarray) -> pd.Series:
    """Each patient's first known value, on all of the patient's rows."""
    first = series.groupby(patients).first()
    return pd.Series(first.reindex(patients).to_numpy(), index=series.index, dtype=series.dtype)


def _dated(table: pd.DataFrame, schema: Schema, patients: np.ndarray) -> tuple[Column, ...]:
    """The columns of days, where there is something between them: two of them, or several records of a patient."""
    dated = tuple(column for column in schema.columns if column.dated and table[column.name].notna().any())
    several = len(np.unique(patients)) < len(patients)
    return dated if len(dated) > 1 or several else ()


def _days(table: pd.DataFrame, dated: tuple[Column, ...], patients: np.ndarray) -> list[Coded]:
    """The earliest day of each patient, and for each column of days how many days later."""
    if not dated:
        return []
    days = pd.DataFrame({column.name: numbers(table[column.name]) for column in dated}, index=table.index)
    first = days.min(axis=1).groupby(patients).transform("min")
    start = Bins.learn(first, patients)
    coded = [Coded(Inner(FIRST_DAY, dated[0].name, start, "patient"), start.encode(first))]
    for column in dated:
        later = days[column.name] - first
        bins = Bins.learn(later, patients)
        inner = Inner(f"{column.name}{SEPARATOR}later", column.name, bins, column.per, since=FIRST_DAY)
        coded.append(Coded(inner, bins.encode(later)))
    return coded


def _age(column: Column, series: pd.Series, patients: np.ndarray) -> list[Coded]:
    bins = Bins.learn(series, patients, cuts=EDGES)
    codes = bins.encode(series)
    of_bin = band_numbers((np.array(bins.lows) + np.array(bins.highs)) / 2)
    present = sorted(set(of_bin.tolist()) - {-1})
    levels = Levels(tuple(BANDS[number] for number in present), None, bins.missing_learned, ordered=True)
    place = {number: code for code, number in enumerate(present)}
    band_of_code = np.array([place.get(number, levels.missing) for number in of_bin] + [levels.missing], dtype=np.int32)
    return [
        Coded(Inner(AGE_BAND, column.name, levels, column.per, "age"), band_of_code[codes]),
        Coded(Inner(column.name, column.name, bins, column.per, "age", within=AGE_BAND), codes),
    ]


def _labels(column: Column, series: pd.Series, patients: np.ndarray) -> list[Coded]:
    """A yes or no for each label that at least eleven patients have, the most frequent first."""
    lists = series.map(split, na_action="ignore")
    exploded = lists.explode()
    who = pd.Series(patients, index=series.index).loc[exploded.index].to_numpy()
    counts = support(exploded.reset_index(drop=True), who)
    names = sorted((name for name, count in counts.items() if count >= SMALLEST), key=lambda n: (-counts[n], n))
    coded = []
    for label in names:
        held = lists.map(lambda found, label=label: label in found, na_action="ignore").astype("boolean")
        levels = Levels.learn(held, patients, words=False)
        inner = Inner(f"{column.name}{SEPARATOR}{label}", column.name, levels, column.per, column.role, label=label)
        coded.append(Coded(inner, levels.encode(held)))
    if not coded:
        nothing = Levels((), None, True)
        coded = [Coded(Inner(column.name, column.name, nothing, column.per), nothing.encode(series))]
    return coded


def ages_of_bands(age: Inner, band: Inner) -> np.ndarray:
    """bool (bands and missing, ages and missing): which codes of an age lie in which band."""
    assert isinstance(age.coding, Bins) and isinstance(band.coding, Levels)
    of_age = np.r_[band_numbers((np.array(age.coding.lows) + np.array(age.coding.highs)) / 2), -1]
    of_band = np.array([*(BANDS.index(value) for value in band.coding.values), -1])
    return of_band[:, None] == of_age[None, :]


def split(text: Any) -> tuple[str, ...]:
    """The labels of one finding."""
    return tuple(dict.fromkeys(part.strip() for part in str(text).split(SEPARATOR) if part.strip()))


def join_labels(parts: list[Inner], drawn: list[np.ndarray]) -> np.ndarray:
    """Findings as text from the drawn answers (object arrays of True, False, None) of their labels; None for none."""
    held = np.stack([np.equal(answers, True) for answers in drawn], axis=1).astype(bool)
    names = [str(part.label) for part in parts]
    joined = [SEPARATOR.join(name for name, has in zip(names, row, strict=True) if has) or None for row in held]
    return np.array(joined, dtype=object)


def as_before(values: np.ndarray, dtype: str, index: pd.Index) -> pd.Series:
    """`values` with the column type of the training table, or the nearest that can hold what is missing."""
    series = pd.Series(values, index=index)
    missing = series.isna()
    if dtype in ("str", "string", "object") or dtype.startswith("string"):
        kind = "str" if dtype == "str" else object
        return pd.Series(np.where(missing, None, series), index=index, dtype=kind)
    if dtype == "category":
        return pd.Series(np.where(missing, None, series), index=index, dtype="category")
    if missing.any() and (dtype == "bool" or dtype.startswith(("int", "uint"))):
        dtype = "object" if dtype == "bool" else "float64"
    try:
        return series.astype(dtype)
    except (TypeError, ValueError):
        return series


def _is_text(series: pd.Series) -> bool:
    known = series.dropna()
    return bool(len(known)) and all(isinstance(value, str) for value in known.unique())
