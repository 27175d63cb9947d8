"""Turns columns of text into typed ones, or drops them. Every distinct value is looked at once, however long the table.

Kinds: number (float64), integer (Int64), boolean, category (text, a closed list), multi (several, joined by `|`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property

import numpy as np
import pandas as pd

from medsynth_engine.intake.tables import amounts, normalise
from medsynth_engine.intake.tables.dates import OLDEST_YEARS
from medsynth_engine.intake.tables.identifying import CODE_WORDS, FEW_LEVELS, Values, Verdict, judge
from medsynth_engine.intake.tables.naming import words_of
from medsynth_engine.intake.tables.shown import Reading, readings
from medsynth_engine.intake.tables.vocabulary import strange
from medsynth_engine.intake.tables.words import TRUE_WORDS, yes_or_no
from medsynth_engine.kernel.small_cells import SMALLEST

ALONE = 2
OTHER = "other"
STRANGE = "Its words are no medical ones that are known here: map it, if it names nobody."
_CODE = re.compile(r"[A-Za-z]+[-.]?\d[\w.]*|\d+[-.]?[A-Za-z]+\d*")
"""`V57`, `E11.9`, `3b`: one such value, and the numbers beside it are codes too."""
_SPREADSHEET_DATE = re.compile(r"\d{1,2}-[A-Z][a-z]{2}|[A-Z][a-z]{2}-\d{2}")
"""`1-Feb`: what a spreadsheet makes of 1/2 or 1-2. Not a code, and no longer a number."""
_GROUPED = re.compile(r"\d{1,3}[.,]\d{3}")
UNREADABLE_SHARE = 0.05
FEW_NUMBERS = 20


@dataclass(frozen=True)
class Typed:
    """One column that stays. role, kind and values as in schema.json; unreadable: cells that hold something else;
    readings: how its commonest raw values were read, see `shown`."""

    name: str
    role: str
    kind: str
    series: pd.Series
    values: tuple[str, ...] = ()
    unreadable: int = 0
    note: str = ""
    readings: tuple[Reading, ...] = ()


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

    @cached_property
    def numbers(self) -> dict[str, float] | None:
        """word -> number where the column holds numbers (see `amounts`), else None.

        One cell in twenty may hold something else (`<0.5`, `not done`) where there are more than 20 different numbers:
        it is then missing, and counted. A column of few numbers and a word is one of levels, as are few numbers with a
        0 in front.
        """
        numbers = amounts.numbers_of(set(self.cleaned) - {""})
        if not numbers:
            return None
        others = {word for word in self.cleaned if word and word not in numbers}
        if any(_CODE.fullmatch(word) and not _SPREADSHEET_DATE.fullmatch(word) for word in others):
            return None
        other = self.cells([word in others for word in self.cleaned])
        if other and (other > UNREADABLE_SHARE * self.cells(self.cleaned) or len(numbers) <= FEW_NUMBERS):
            return None
        few = len(numbers) <= FEW_LEVELS
        padded = few and any(word[0] == "0" and word.isdigit() and len(word) > 1 for word in numbers)
        return None if padded else numbers

    def values(self, patients: np.ndarray | None = None) -> Values:
        """What `judge` sees. `patients`: a code a row; without them no value counts as one patient's own."""
        words = tuple(sorted(set(self.cleaned) - {""}))
        if patients is None:
            return Values(words, self.cells(self.cleaned))
        place = {word: number for number, word in enumerate(words)}
        level = np.array([place.get(word, -1) for word in self.cleaned], dtype=np.int64)[self.codes]
        owned = pd.unique((level * (int(patients.max()) + 1) + patients)[level >= 0]) // (int(patients.max()) + 1)
        return Values(words, self.cells(self.cleaned), int((np.bincount(owned, minlength=len(words)) == 1).sum()))

    def cells(self, which: Sequence[object]) -> int:
        """Cells of the raw values whose counterpart in `which` is true."""
        return int(sum(count for wanted, count in zip(which, self.counts.tolist(), strict=True) if wanted))

    def apply(self, mapped: list[object], kind: str) -> pd.Series:
        """The column with every raw value replaced; None is missing."""
        dtype = {"number": "float64", "integer": "Int64", "boolean": "boolean"}.get(kind, "str")
        levels = pd.Series(mapped, dtype="object", name=self.name).astype(dtype)
        return levels.take(self.codes).reset_index(drop=True)

    def read(self, role: str, kind: str, mapped: list[object], values: tuple[str, ...] = (), note: str = "") -> Typed:
        """The typed column in which every raw value became its counterpart of `mapped`."""
        lost = self.cells([word and made is None for word, made in zip(self.cleaned, mapped, strict=True)])
        seen = readings(self.raw, self.cleaned, mapped, self.counts.tolist())
        return Typed(self.name, role, kind, self.apply(mapped, kind), values, lost, note, seen)


def typed(
    name: str, column: pd.Series, patients: np.ndarray, role: str = "column", asked: bool = False
) -> Typed | Dropped:
    """Judge and type one column. `patients` are codes, one a row. `asked`: mapped by a person; few texts stay.

    A column whose values could name people is dropped even when it was asked for.
    """
    levels = Levels.of(name, column)
    numbers, values = levels.numbers, levels.values(patients)
    if not values.words:
        return Dropped(name, Verdict("", "It is empty."), 0)
    verdict = judge(name, values, None if numbers is None else numbers.values())
    if asked and numbers is not None and verdict is not None and verdict.kind == "dates" and verdict.by_name:
        return _years(levels, numbers, role)
    if numbers is None and (verdict is None or verdict.kind == "other_identifiers") and _two_ways(levels):
        why = "Its numbers can be read in two ways: `1,234` may be a thousand or one."
        return Dropped(name, Verdict(verdict.kind if verdict else "", why), values.cells)
    few = asked and len(values.words) <= FEW_LEVELS
    if few and verdict is not None and verdict.kind == "free_text" and values.unique_share < 0.5:
        return category(levels, patients, role, many=0)  # a person vouches for it; rare texts go all the same
    vouched = verdict is not None and ((few and verdict.by_name) or (asked and verdict.mappable))
    if verdict is not None and not vouched:
        return Dropped(name, verdict, values.cells)
    if yes_or_no({word.casefold().removesuffix(".0") for word in values.words}):
        answers: list[object] = [_answer(word) for word in levels.cleaned]
        return levels.read(role, "boolean", answers)
    if numbers is not None and not _is_code(name, numbers):
        return _amounts(levels, numbers, role)
    if not asked and sum(map(strange, values.words)) * 2 > len(values.words):
        return Dropped(name, Verdict("free_text", STRANGE), values.cells)
    return category(levels, patients, role, asked=asked)


def _answer(word: str) -> bool | None:
    return word.casefold().removesuffix(".0") in TRUE_WORDS if word else None


def _amounts(levels: Levels, numbers: dict[str, float], role: str) -> Typed:
    cells: Counter[float] = Counter()
    for word, count in zip(levels.cleaned, levels.counts.tolist(), strict=True):
        if word in numbers:
            cells[numbers[word]] += count
    unknown = amounts.missing_codes(cells)
    note = f"{', '.join(map(amounts.written, sorted(unknown)))} was taken for not known." if unknown else ""
    kept = {word: number for word, number in numbers.items() if number not in unknown}
    if all(number.is_integer() for number in kept.values()):
        whole: list[object] = [int(kept[word]) if word in kept else None for word in levels.cleaned]
        return levels.read(role, "integer", whole, note=note)
    return levels.read(role, "number", [kept.get(word) for word in levels.cleaned], note=note)


def _years(levels: Levels, numbers: dict[str, float], role: str) -> Typed:
    """Years that somebody asked for, without those that may be the birth of a person over 89."""
    latest = datetime.now(UTC).year
    kept = {word for word, number in numbers.items() if latest - number <= OLDEST_YEARS}
    years: list[object] = [int(numbers[word]) if word in kept else None for word in levels.cleaned]
    made = levels.read(role, "integer", years, note="It holds years; those that could tell an age over 89 are missing.")
    return replace(made, readings=tuple(one for one in made.readings if one.read is not None))


def _two_ways(levels: Levels) -> bool:
    """Whether more than a few cells hold numbers whose comma or point may part thousands or decimals."""
    grouped = [bool(_GROUPED.fullmatch(word)) for word in levels.cleaned]
    if not any(grouped):
        return False
    read = amounts.numbers_of(set(levels.cleaned) - {""})
    unclear = [odd and word not in read for odd, word in zip(grouped, levels.cleaned, strict=True)]
    return levels.cells(unclear) > UNREADABLE_SHARE * levels.cells(levels.cleaned)


def _is_code(name: str, numbers: dict[str, float]) -> bool:
    whole = all(number.is_integer() for number in numbers.values())
    return whole and len(numbers) <= FEW_LEVELS and bool(CODE_WORDS & set(words_of(name)))


def category(
    levels: Levels, patients: np.ndarray, role: str = "column", many: int = FEW_LEVELS, asked: bool = True
) -> Typed:
    """A closed list of levels. More than `many` of them: those of fewer than 11 patients become `other`; in a column
    that nobody asked for those of one patient always do, for such a word may be anything, and below 11 patients those
    with a word that no vocabulary knows."""
    mapping = normalise.category_map(levels.raw)
    if levels.numbers is not None and all(number.is_integer() for number in levels.numbers.values()):  # `3.0` is `3`
        mapping = {raw: word.removesuffix(".0") for raw, word in mapping.items()}
    mapped: list[object] = [mapping[value] or None for value in levels.raw]
    distinct = {word for word in mapped if word is not None}
    note = ""
    fewest = SMALLEST if len(distinct) > many else 1 if asked else ALONE
    rare = _rare(levels, mapped, patients, fewest) if fewest > 1 else set()
    if not asked and fewest < SMALLEST:
        unknown = {word for word in distinct if strange(str(word))}
        if unknown - rare:
            rare, fewest = rare | (unknown & _rare(levels, mapped, patients, SMALLEST)), SMALLEST
    if rare:
        mapped = [OTHER if word in rare else word for word in mapped]
        note = f"{len(rare)} of its {len(distinct)} values belong to fewer than {fewest} patients each: now `{OTHER}`."
    return levels.read(role, "category", mapped, tuple(sorted({str(word) for word in mapped if word})), note)


def _rare(levels: Levels, mapped: list[object], patients: np.ndarray, fewest: int) -> set[object]:
    word_of, words = pd.factorize(np.array(mapped, dtype=object))  # several raw values may be one word
    taken = word_of[levels.codes].astype(np.int64)
    width = int(patients.max(initial=0)) + 1
    pairs = pd.unique(taken[taken >= 0] * width + patients[taken >= 0])
    people = np.bincount(pairs // width, minlength=len(words))
    return {word for word, count in zip(words.tolist(), people.tolist(), strict=True) if count < fewest}


def multi(name: str, column: pd.Series, role: str) -> Typed:
    """A finding: `multi` where a row has several, else `category`; values are the single ones."""
    levels = Levels.of(name, column)
    mapping = normalise.finding_map(levels.raw)
    mapped: list[object] = [mapping[value] or None for value in levels.raw]
    several = any("|" in str(word) for word in mapped if word)
    parts = {part for word in mapped if word for part in str(word).split("|")}
    return levels.read(role, "multi" if several else "category", mapped, tuple(sorted(parts)))
