"""What a person is shown of a column's raw values: how they were read, and which could not be; never an identifier.

One rule (`masked`) for all that is shown: a raw value shows where what was read from it is stored anyway, where it is
a number of at most three digits, or where five patients share it; never with a code or a long number in it, or as text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from medsynth_engine.intake.tables import amounts, normalise, shapes
from medsynth_engine.intake.tables.surnames import is_surname
from medsynth_engine.kernel.escape import plain

MOST_READ = 200
MOST_UNREAD = 50
SAMPLE = 8
MOST_LOOKED_AT = 5000
LONGEST = 40
OLD = "90 and older"
SHARED = 5
"""Patients. What fewer of them have in common may name one."""
MOST_WORDS = 3
RARE = "(rare)"
_SHORT_NUMBER = re.compile(r"[<>≤≥~=+-]{0,2}\s?\d{1,3}([.,]\d{1,3})?\s?%?")
_SEX_BEHIND = re.compile(r"(?<=\d)\s*/?\s*[MF]$", re.I)
_LONG_NUMBER = re.compile(r"\d{5}")


@dataclass(frozen=True)
class Reading:
    """A raw value, what it became (None: it could not be read), how many cells hold it, and how many patients have it
    where that was counted."""

    raw: str
    read: str | None
    count: int
    people: int = 0

    @property
    def changed(self) -> bool:
        """Whether a person would want to see it: `36.50` for 36.5 is no change, `1,234` for 1234 is one."""
        if self.read is None or self.raw == self.read:
            return False
        try:
            return float(self.raw) != float(self.read)
        except ValueError:
            return True


def readings(
    raw: Sequence[str], cleaned: Sequence[str], mapped: Sequence[object], counts: Sequence[int]
) -> tuple[Reading, ...]:
    """Of every non-missing value what it became, commonest first: the changed, the unread, and a few of the others."""
    order = sorted(
        (place for place, word in enumerate(cleaned) if word), key=lambda place: (-counts[place], raw[place])
    )
    kept: list[Reading] = []
    left = {True: MOST_READ, False: SAMPLE, None: MOST_UNREAD}
    unread = [place for place in order[MOST_LOOKED_AT:] if mapped[place] is None]
    for place in [*order[:MOST_LOOKED_AT], *unread]:
        one = Reading(raw[place].strip(), as_text(mapped[place]), counts[place])
        which = None if one.read is None else one.changed
        if left[which]:
            left[which] -= 1
            kept.append(one)
        elif not any(left.values()):
            break
    return tuple(kept)


def as_text(value: object) -> str | None:
    """A typed value as a person writes it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return amounts.written(float(value))  # type: ignore[arg-type]


def with_people(seen: tuple[Reading, ...], column: pd.Series, people: np.ndarray) -> tuple[Reading, ...]:
    """The readings, with how many patients have what could not be read. `people` are codes of patients, one a row."""
    unread = [one.raw for one in seen if one.read is None]
    if not unread:
        return seen
    cells = column.str.strip()
    hit = cells.isin(unread).to_numpy()
    owners = pd.DataFrame({"raw": cells[hit], "person": people[hit]}).groupby("raw")["person"].nunique()
    return tuple(replace(one, people=int(owners.get(one.raw, 0))) if one.read is None else one for one in seen)


def masked(one: Reading, known: Callable[[str], bool]) -> str:
    """The raw value of a reading where it may be shown, else what it is in brackets. `known` says whether a text holds
    an identifier of somebody in the table."""
    word = normalise.clean(one.raw)
    kind = shapes.kind_inside(word) or _name(word, one.read is None) or ("other_identifiers" if known(word) else "")
    if kind:
        return f"({kind.replace('_', ' ')})"
    if shapes.has_code(word) or (one.read is None and _LONG_NUMBER.search(word)):
        return "(code)"
    if len(word.split()) > (MOST_WORDS if one.read is None else 2 * MOST_WORDS):
        return "(text)"
    if one.read is None and one.people < SHARED and not _SHORT_NUMBER.fullmatch(word):
        return RARE
    return plain(one.raw, LONGEST)


def _name(word: str, unread: bool) -> str:
    """What was not read needs less to look like a name."""
    alike = shapes.is_given_name(word) or is_surname(word) or shapes.COMMA_NAME.fullmatch(word)
    return "names" if unread and alike else ""


def value_map(
    seen: Iterable[Reading], known: Callable[[str], bool], kept: Container[str] | None = None, every: bool = False
) -> dict[str, str]:
    """raw -> read for what changed (or `every` value that was read), at most 200, the commonest first.

    What was merged into `other` is not shown: it is rare. kept: the single values that stayed in the column, where it
    has levels; what was read from a cell and taken out again is not shown either.
    """
    read = (one for one in seen if one.read not in (None, "other") and (every or one.changed) and _stays(one, kept))
    return {masked(one, known): one.read or "" for one in read}


def _stays(one: Reading, kept: Container[str] | None) -> bool:
    return one.read is None or kept is None or one.read in kept or all(part in kept for part in one.read.split("|"))


def unreadable(seen: Iterable[Reading], known: Callable[[str], bool]) -> dict[str, int]:
    """raw -> cells for what could not be read, at most 50, the commonest first."""
    found: dict[str, int] = {}
    for one in seen:
        if one.read is None:
            shown = masked(one, known)
            found[shown] = found.get(shown, 0) + one.count
    return found


def sample(
    seen: Iterable[Reading], known: Callable[[str], bool], kept: Container[str] | None = None
) -> list[dict[str, Any]]:
    """The commonest values and what became of them; those that were not read have `read` None."""
    shown = [one for one in seen if _stays(one, kept)][:SAMPLE]
    return [{"raw": masked(one, known), "read": one.read, "count": one.count} for one in shown]


def without_old(seen: Iterable[Reading], per_year: int = 1) -> tuple[Reading, ...]:
    """Ages of 90 and more in one line, whatever was written: `97` says more than may stay. `per_year`: their unit."""
    kept: list[Reading] = []
    old, read = 0, str(normalise.OLDEST * per_year)
    for one in seen:
        if _is_old(one.raw, per_year):
            old, read = old + one.count, one.read if one.read in normalise.BANDS else read
        else:
            kept.append(one)
    return (*kept, Reading(OLD, read, old)) if old else tuple(kept)


def _is_old(raw: str, per_year: int) -> bool:
    number = amounts.numbers_of([normalise.clean(raw)]).get(normalise.clean(raw))
    if number is not None:
        return number >= normalise.OLDEST * per_year
    interval = normalise.age_interval(raw) or normalise.age_interval(_SEX_BEHIND.sub("", raw.strip()))
    return interval is not None and interval[0] >= normalise.OLDEST
