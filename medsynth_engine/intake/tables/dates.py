"""Dates of a table: dropped, cut to their year, or shifted by a secret of each patient (requirement A-9).

Only a year is Safe Harbor (45 CFR 164.514(b)(2)(i)(C)). Shifting keeps every interval of a patient exactly, and so more
than Safe Harbor allows: it needs an expert's determination (164.514(b)(1)). It is what DICOM PS3.15 calls the Retain
Longitudinal Temporal Information with Modified Dates Option.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from medsynth_engine.intake.pseudonym import keyed
from medsynth_engine.intake.tables.words import listed

EPOCH = date(1970, 1, 1).toordinal()
FARTHEST_DAYS = 3650
OLDEST_YEARS = 89
BIRTH_WORDS = listed(
    "birth dob yob birthday birthdate birthyear born geburtsdatum geburtsjahr geburtstag geb jahrgang naissance "
    "nacimiento nascita"
)
NEEDS_EXPERT = (
    "Dates are shifted by a secret number of days for each patient. This is not Safe Harbor: it needs an expert's "
    "determination."
)
_MONTHS = {
    word: number
    for number, words in enumerate(
        (
            "jan january januar janv janvier enero ene gen gennaio",
            "feb february februar fév fev févr fevr février fevrier febrero febbraio",
            "mar march mär märz maerz mars marzo",
            "apr april avr avril abril aprile abr",
            "may mai mayo maggio",
            "jun june juni juin junio giugno",
            "jul july juli juil juillet julio luglio",
            "aug august août aout agosto ago",
            "sep sept september septembre septiembre settembre",
            "oct october okt oktober octobre octubre ottobre",
            "nov november novembre noviembre",
            "dec december dez dezember déc décembre decembre dic diciembre dicembre",
        ),
        start=1,
    )
    for word in words.split()
}
_CLOCK = r"(?:[T ]\s*\d{1,2}[:h]?\d{2}(?::?\d{2}(?:\.\d+)?)?\s*(?:[AP]M)?\s*(?:Z|UTC|[+-]\d{2}:?\d{2})?)?"
_ISO = re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){_CLOCK}", re.I)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T?\d{4,6}(?:\.\d+)?)?(?:\.0)?", re.I)
_NUMBERS = re.compile(rf"(\d{{1,2}})([-/.])\s?(\d{{1,2}})\2\s?(\d{{4}}){_CLOCK}", re.I)
_DAY_FIRST = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|\.)?[\s-]*(?:of\s+|de\s+)?([^\W\d_]+)\.?,?[\s-]*(?:de\s+)?(\d{4})", re.I
)
_MONTH_FIRST = re.compile(r"([^\W\d_]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})", re.I)
_MONTH_ONLY = re.compile(r"(?:([^\W\d_]+)\.?,?[\s-]+(\d{4})|(\d{4})[-/.](\d{1,2})|(\d{1,2})[/.](\d{4}))", re.I)
_YEAR = re.compile(r"(\d{4})(?:\.0)?")


@dataclass(frozen=True)
class Dates:
    """What becomes of dates. mode: `drop`, `year` or `shift`; offset: a patient's id as in the table -> days."""

    mode: str = "drop"
    offset: Callable[[str], int] | None = None

    @classmethod
    def of(cls, mode: str, key: bytes) -> Dates:
        """As asked for, under the store's secret."""
        return cls(mode, (lambda patient: offset_days(key, patient)) if mode == "shift" else None)


@dataclass(frozen=True)
class Read:
    """A date: its year, and its day (proleptic Gregorian ordinal) where the text gives one."""

    year: int
    day: int | None = None


def offset_days(key: bytes, patient: str) -> int:
    """The days by which all dates of a patient move: -3650 to 3650, never 0; the same for the same key and patient.

    Outer blanks and a trailing `.0` of the id do not count, as for its pseudonym.
    """
    number = int(keyed(key, "date shift", patient.strip().removesuffix(".0")), 16) % (2 * FARTHEST_DAYS)
    return number - FARTHEST_DAYS if number < FARTHEST_DAYS else number - FARTHEST_DAYS + 1


def read_dates(words: Iterable[str]) -> tuple[dict[str, Read], str]:
    """Cleaned word -> date for one column, and why some are not read (empty if none are unclear).

    `3/4/2020` can be read in two ways: the column's own dates must settle it, by one number over 12. A year of two
    digits names no century and is not read, nor is a spreadsheet's serial number.
    """
    every = list(words)
    numeric = {word: found for word in every if (found := _NUMBERS.fullmatch(word))}
    day_first = any(int(found[1]) > 12 for found in numeric.values())
    month_first = any(int(found[3]) > 12 for found in numeric.values())
    why = ""
    if numeric and day_first == month_first:
        both = "contradict each other" if day_first else "could be either"
        why = f"Its dates do not say whether the day or the month comes first: they {both}."
    read: dict[str, Read] = {}
    for word in every:
        if word in numeric:
            if why:
                continue
            one, other, year = int(numeric[word][1]), int(numeric[word][3]), int(numeric[word][4])
            made = _day(year, other, one) if day_first else _day(year, one, other)
        else:
            made = _clear(word)
        if made is not None:
            read[word] = made
    return read, why


def _clear(word: str) -> Read | None:
    """A date that can be read in one way only."""
    if found := _ISO.fullmatch(word):
        return _day(int(found[1]), int(found[3]), int(found[4]))
    if found := _COMPACT.fullmatch(word):
        return _day(int(found[1]), int(found[2]), int(found[3]))
    if (found := _DAY_FIRST.fullmatch(word)) and found[2].casefold() in _MONTHS:
        return _day(int(found[3]), _MONTHS[found[2].casefold()], int(found[1]))
    if (found := _MONTH_FIRST.fullmatch(word)) and found[1].casefold() in _MONTHS:
        return _day(int(found[3]), _MONTHS[found[1].casefold()], int(found[2]))
    if found := _MONTH_ONLY.fullmatch(word):
        month = _MONTHS.get(found[1].casefold(), 0) if found[1] else int(found[4] or found[5])
        return _year(int(found[2] or found[3] or found[6])) if 1 <= month <= 12 else None
    found = _YEAR.fullmatch(word)
    return _year(int(found[1])) if found else None


def _year(year: int) -> Read | None:
    return Read(year) if 1850 <= year <= 2100 else None


def _day(year: int, month: int, day: int) -> Read | None:
    if not 1850 <= year <= 2100:
        return None
    try:
        return Read(year, date(year, month, day).toordinal())
    except ValueError:
        return None


def too_old(read: dict[str, Read]) -> set[str]:
    """Dates so long before the column's latest that they tell an age over 89."""
    if not read:
        return set()
    latest = max(one.year for one in read.values())
    return {word for word, one in read.items() if latest - one.year > OLDEST_YEARS}


def is_birth(words: Iterable[str]) -> bool:
    """Whether the words of a column's name say that it holds dates of birth; those stay in no mode, the age does."""
    return bool(BIRTH_WORDS & set(words))
