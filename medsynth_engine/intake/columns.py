"""Turns columns of text into typed ones, or drops them. Every distinct value is looked at once, however long the table.

Kinds: number (float64), integer (Int64), boolean, category (text, a closed list), multi (several, joined by `|`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from medsynth_engine.intake import normalise
from medsynth_engine.intake.identifying import FEW_LEVELS, Values, Verdict, judge, listed, words_of

RARE = 11
"""A level that fewer people have is merged into `other` where a column has many levels (CMS cell size policy)."""
OTHER = "other"
CODE_WORDS = listed(
    "id code type class grade stage group cluster category race ethnicity site location side laterality position "
    "diag diagnosis icd histology histological"
)
"""Whole numbers under such a name are names of levels, not amounts."""
_CODE = re.compile(r"[A-Za-z]+[-.]?\d[\w.]*|\d+[-.]?[A-Za-z]+\d*")
"""`V57`, `E11.9`, `3b`: one such value, and the numbers beside it are codes too."""
UNREADABLE_SHARE = 0.05
FEW_NUMBERS = 20
TRUE_FALSE = (
    {"yes", "no"},
    {"y", "n"},
    {"true", "false"},
    {"t", "f"},
    {"0", "1"},
    {"ja", "nein"},
    {"oui", "non"},
    {"si", "no"},
)
TRUE_WORDS = {"yes", "y", "true", "t", "1", "ja", "oui", "si"}


@dataclass(frozen=True)
class Typed:
    """One column that stays. role, kind and values as in schema.json; unreadable: cells that hold something else."""

    name: str
    role: str
    kind: str
    series: pd.Series
    values: tuple[str, ...] = ()
    unreadable: int = 0
    note: str = ""


@dataclass(frozen=True)
class Dropped:
    """One column that does not stay, with how many cells it held."""

    name: str
    verdict: Verdict
    cells: int


@dataclass(frozen=True)
class Levels:
    """A column of text as codes into its distinct raw values: everything below works on those."""

    name: str
    codes: np.ndarray
    raw: tuple[str, ...]
    counts: np.ndarray
    cleaned: tuple[str, ...]

    @classmethod
    def of(cls, name: str, column: pd.Series) -> Levels:
        codes, raw = pd.factorize(column, use_na_sentinel=False)
        texts = tuple(raw.tolist())
        return cls(name, codes, texts, np.bincount(codes, minlength=len(texts)), tuple(map(normalise.clean, texts)))

    def values(self) -> Values:
        cells = int(sum(count for word, count in zip(self.cleaned, self.counts, strict=True) if word))
        return Values(tuple(sorted(set(self.cleaned) - {""})), cells)

    def apply(self, mapped: list[object], kind: str) -> pd.Series:
        """The column with every raw value replaced; None is missing."""
        dtype = {"number": "float64", "integer": "Int64", "boolean": "boolean"}.get(kind, "str")
        levels = pd.Series(mapped, dtype="object", name=self.name).astype(dtype)
        return levels.take(self.codes).reset_index(drop=True)

    def lost(self, mapped: list[object]) -> int:
        """Cells that held something which could not be read."""
        return int(
            sum(
                count
                for word, made, count in zip(self.cleaned, mapped, self.counts, strict=True)
                if made is None and word
            )
        )


def typed(
    name: str, column: pd.Series, patients: np.ndarray, role: str = "column", asked: bool = False
) -> Typed | Dropped:
    """Judge and type one column. `patients` are codes, one a row. `asked`: mapped by a person; few texts stay.

    A column whose values could name people is dropped even when it was asked for.
    """
    levels = Levels.of(name, column)
    values = levels.values()
    if not values.words:
        return Dropped(name, Verdict("", "It is empty."), 0)
    numbers = _numbers(levels)
    verdict = judge(name, values, numbers is not None)
    if verdict is not None and not (asked and verdict.by_name and len(values.words) <= FEW_LEVELS):
        return Dropped(name, verdict, values.cells)
    words = {word.casefold() for word in values.words}
    plain_words = {word.removesuffix(".0") for word in words}
    if len(plain_words) == 2 and plain_words in TRUE_FALSE:
        return _made(levels, role, "boolean", lambda word: word.casefold().removesuffix(".0") in TRUE_WORDS)
    if numbers is not None and not _is_code(name, numbers):
        if all(float(number).is_integer() for number in numbers.values()):
            return _made(levels, role, "integer", lambda word: int(numbers[word]) if word in numbers else None)
        return _made(levels, role, "number", numbers.get)
    return category(name, column, patients, role)


def _numbers(levels: Levels) -> dict[str, float] | None:
    """word -> number where the column holds numbers (a decimal comma counts), else None.

    One cell in twenty may hold something else (`<0.5`, `not done`) where there are more than 20 different numbers: it
    is then missing, and counted. A column of few numbers and a word is one of levels.
    """
    numbers: dict[str, float] = {}
    other = cells = 0
    for word, count in zip(levels.cleaned, levels.counts, strict=True):
        if not word:
            continue
        cells += int(count)
        number = _number(word)
        if number is None:
            if _CODE.fullmatch(word):
                return None
            other += int(count)
        else:
            numbers[word] = number
    if not numbers or (other and (other > UNREADABLE_SHARE * cells or len(numbers) <= FEW_NUMBERS)):
        return None
    return numbers


def _number(word: str) -> float | None:
    for text in (word, word.replace(",", ".") if word.count(",") == 1 and "." not in word else ""):
        try:
            number = float(text)
        except ValueError:
            continue
        return number if np.isfinite(number) and abs(number) < 2**53 and "_" not in text else None
    return None


def _is_code(name: str, numbers: dict[str, float]) -> bool:
    whole = all(number.is_integer() for number in numbers.values())
    return whole and len(numbers) <= FEW_LEVELS and bool(CODE_WORDS & set(words_of(name)))


def _made(levels: Levels, role: str, kind: str, make: Callable[[str], object]) -> Typed:
    mapped = [make(word) if word else None for word in levels.cleaned]
    return Typed(levels.name, role, kind, levels.apply(mapped, kind), (), levels.lost(mapped))


def category(name: str, column: pd.Series, patients: np.ndarray, role: str = "column") -> Typed:
    """A closed list of levels. More than 50 of them: those of fewer than 11 patients become `other`."""
    levels = Levels.of(name, column)
    mapping = normalise.category_map(levels.raw)
    if _whole(levels):
        mapping = {raw: word.removesuffix(".0") for raw, word in mapping.items()}
    mapped: list[object] = [mapping[value] or None for value in levels.raw]
    distinct = {word for word in mapped if word is not None}
    note = ""
    if len(distinct) > FEW_LEVELS:
        rare = _rare(levels, mapped, patients)
        if rare:
            mapped = [OTHER if word in rare else word for word in mapped]
            note = (
                f"{len(rare)} of its {len(distinct)} values belong to fewer than {RARE} patients each: now `{OTHER}`."
            )
    series = levels.apply(mapped, "category")
    return Typed(name, role, "category", series, tuple(sorted({str(word) for word in mapped if word})), 0, note)


def _whole(levels: Levels) -> bool:
    """Whether all levels are whole numbers: `3.0` is then the level `3`."""
    numbers = _numbers(levels)
    return numbers is not None and all(number.is_integer() for number in numbers.values())


def _rare(levels: Levels, mapped: list[object], patients: np.ndarray) -> set[object]:
    taken = pd.Series(np.array(mapped, dtype=object)[levels.codes])
    people = pd.Series(patients).groupby(taken.to_numpy()).nunique()
    return set(people.index[people < RARE])


def multi(name: str, column: pd.Series, role: str) -> Typed:
    """A finding: `multi` where a row has several, else `category`; values are the single ones."""
    levels = Levels.of(name, column)
    mapping = normalise.finding_map(levels.raw)
    mapped: list[object] = [mapping[value] or None for value in levels.raw]
    several = any("|" in str(word) for word in mapped if word)
    parts = {part for word in mapped if word for part in str(word).split("|")}
    kind = "multi" if several else "category"
    return Typed(name, role, kind, levels.apply(mapped, kind), tuple(sorted(parts)), levels.lost(mapped))


def sex(column: pd.Series) -> tuple[Typed, dict[str, str]]:
    """F and M, and how each raw value was read."""
    levels = Levels.of("sex", column)
    mapping = normalise.sex_map(levels.raw)
    mapped: list[object] = [mapping[value] or None for value in levels.raw]
    present = tuple(letter for letter in ("F", "M") if letter in mapped)
    made = Typed("sex", "sex", "category", levels.apply(mapped, "category"), present, levels.lost(mapped))
    return made, {raw: read for raw, read in sorted(mapping.items()) if read}


def ages(column: pd.Series) -> tuple[Typed, pd.Series, int]:
    """The age column (a number, or bands where the table has only bands), the band of every row, and ages over 89."""
    levels = Levels.of("age", column)
    years: list[object] = [normalise.age_years(value) for value in levels.raw]
    bands: list[object] = [normalise.age_band(value) or None for value in levels.raw]
    named = replace(levels, name="age_band")
    band_series = named.apply(bands, "category")
    exact = sum(int(count) for year, count in zip(years, levels.counts, strict=True) if year is not None)
    readable = sum(int(count) for band, count in zip(bands, levels.counts, strict=True) if band is not None)
    oldest = sum(
        int(count)
        for value, count in zip(levels.raw, levels.counts, strict=True)
        if (interval := normalise.age_interval(value)) and interval[0] == interval[1] > normalise.OLDEST - 1
    )
    if exact * 2 < readable:
        values = tuple(band for band in normalise.BANDS if band in bands)
        return Typed("age_band", "age", "category", band_series, values, levels.lost(bands)), band_series, oldest
    return Typed("age", "age", "number", levels.apply(years, "number"), (), levels.lost(years)), band_series, oldest
