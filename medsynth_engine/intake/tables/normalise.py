"""Messy values of tables made plain, one small pure function each. What cannot be read is missing, never guessed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from medsynth_engine.intake.tables.words import MISSING, lined

OLDEST = 90
"""Ages of 90 and older are one group (45 CFR 164.514(b)(2)(i)(C)); it is stored as 90."""
HIGHEST_AGE = 125
BANDS = ("0-17", "18-39", "40-64", "65-79", "80+")
BAND_STARTS = (0, 18, 40, 65, 80)

_NUMBER = r"(\d{1,3}(?:\.\d+|,\d{1,2})?)"  # `1,234` is a thousand, not an age
_YEARS = r"(?:\s*(?:y|yr|yrs|year|years|jahre|ans|anni|anos|años)\b\.?)?"
_OLD = r"(?:[\s-]*(?:of\s+age|old|o|/o|y/o)\b)?"
_EXACT = re.compile(rf"(?:age[d:]?\s*)?{_NUMBER}{_YEARS}{_OLD}", re.I)
_SLASHED = re.compile(r"(\d{1,3})\s*-?(?:y/o|yo|y\.o\.|yrs?\.?\s*old)", re.I)
_DICOM = re.compile(r"(\d{3})([DWMY])")
_SMALL_UNIT = re.compile(
    r"(\d{1,5}(?:[.,]\d{1,2})?)\s*-?(d|days?|tage|w|wks?|weeks?|wochen|mo|mos|months?|m|monate|mois|jours)(?:\s+old)?",
    re.I,
)
_YEARS_OF_A_MAN = re.compile(r"\d{2,}(?:[.,]\d+)?\s*-?m", re.I)
"""`65M` is as often a man of 65; `006M` is DICOM."""
_WITH_SEX = re.compile(r"(\d{2,3})\s*/?\s*([MF])", re.I)
_RANGE = re.compile(r"[\[(]?\s*(\d|[1-9]\d{1,2})\s*(?:-|–|—|to|bis|\.\.)\s*(\d|[1-9]\d{1,2})\s*([\])]?)" + _YEARS, re.I)
_OPEN_END = re.compile(r"(?:>=?|≥|over|above|at least)\s*(\d{1,3})" + _YEARS, re.I)
_PLUS = re.compile(r"(\d{1,3})\s*(?:\+|plus|and\s+(?:over|older|above))" + _YEARS, re.I)
_OPEN_START = re.compile(r"(<=?|≤|under|below|up to)\s*(\d{1,3})" + _YEARS, re.I)
_DECADE = re.compile(r"(early|mid|late)?[\s-]*(\d)0\s*'?s", re.I)
_DECADE_PARTS = {"": (0, 10), "early": (0, 4), "mid": (4, 7), "late": (7, 10)}


def clean(text: str) -> str:
    """One line, compatibility forms folded (full-width letters and commas), blanks single, what is
    invisible gone; missing words empty."""
    if text.isascii() and text.isprintable():
        line = " ".join(text.split())
        return "" if line.casefold() in MISSING else line
    folded = unicodedata.normalize("NFKC", text)
    marks = {c: unicodedata.category(c) for c in set(folded)}
    seen = (" " if marks[c] in ("Cc", "Cs") else c for c in folded if marks[c] != "Cf")
    line = " ".join("".join(seen).split())
    return "" if line.casefold() in MISSING else line


def without_sex(texts: Iterable[str]) -> dict[str, str]:
    """Cleaned text -> the age alone, for a column in which `65M` stands beside `34F`; empty for every other column."""
    found = {text: match for text in texts if (match := _WITH_SEX.fullmatch(text))}
    both = {match[2].upper() for match in found.values()} == {"F", "M"}
    return {text: match[1] for text, match in found.items()} if both else {}


def age_interval(text: str) -> tuple[float, float] | None:
    """The years [from, to) that a text allows; equal ends for an exact age; "50+" has no end. None if unreadable.

    Reads `65`, `65.0`, `65Y`, `094Y`, `6 months`, `94 y/o`, `[70-80)`, `70-79`, `50+`, `>89`, `<18`, `early 40s`.
    """
    word = clean(text).rstrip(".").replace("，", ",")
    if not word:
        return None
    interval = _exact(word) or _interval(word)
    if interval is None or not 0 <= interval[0] <= HIGHEST_AGE or interval[1] < interval[0]:
        return None
    return interval


def _exact(word: str) -> tuple[float, float] | None:
    found = _DICOM.fullmatch(word if word.endswith("m") else word.upper())
    if found:
        years = int(found[1]) / {"D": 365.25, "W": 52.18, "M": 12, "Y": 1}[found[2]]
        return years, years
    found = _SMALL_UNIT.fullmatch(word)
    if found and not _YEARS_OF_A_MAN.fullmatch(word):
        years = _float(found[1]) / {"d": 365.25, "t": 365.25, "j": 365.25, "w": 52.18, "m": 12}[found[2][0].lower()]
        return years, years
    found = _EXACT.fullmatch(word) or _SLASHED.fullmatch(word)
    if found:
        return _float(found[1]), _float(found[1])
    return None


def _interval(word: str) -> tuple[float, float] | None:
    found = _RANGE.fullmatch(word)
    if found:
        low, high = int(found[1]), int(found[2])
        half_open = found[3] == ")" or (high % 5 == 0 and low % 5 == 0 and high > low)
        return float(low), float(high if half_open else high + 1)
    found = _PLUS.fullmatch(word) or _OPEN_END.fullmatch(word)
    if found:
        beyond = word.startswith((">", "over", "above")) and not word.startswith(">=")
        return float(int(found[1]) + (1 if beyond else 0)), float("inf")
    found = _OPEN_START.fullmatch(word)
    if found:
        through = found[1] in ("<=", "≤", "up to")
        return 0.0, float(int(found[2]) + (1 if through else 0))
    found = _DECADE.fullmatch(word)
    if found:
        start, end = _DECADE_PARTS[(found[1] or "").lower()]
        return float(int(found[2]) * 10 + start), float(int(found[2]) * 10 + end)
    return None


def _float(text: str) -> float:
    return float(text.replace(",", "."))


def age_years(text: str) -> float | None:
    """An exact age in years, 90 for 90 and older; None for a range, and for what cannot be read."""
    interval = age_interval(text)
    if interval is None or interval[0] != interval[1]:
        return None
    return float(min(interval[0], OLDEST))


def band_of_years(years: float) -> str:
    """The band (DESIGN: 0-17, 18-39, 40-64, 65-79, 80+) of an age in years."""
    return BANDS[sum(years >= start for start in BAND_STARTS[1:])]


def age_band(text: str) -> str:
    """The band of an age or of a range; a closed range that straddles two bands goes where its middle lies.

    An open range ("50+") has a band only where it is all in one. Empty where there is none.
    """
    interval = age_interval(text)
    if interval is None:
        return ""
    low, high = interval
    if low == high:
        return band_of_years(low)
    if high == float("inf"):
        return BANDS[-1] if low >= BAND_STARTS[-1] else ""
    if high - low > 20:
        return BANDS[0] if high <= BAND_STARTS[1] else ""
    return band_of_years((low + high) / 2)


SEX_WORDS = {
    **dict.fromkeys(
        lined(
            "f|female|females|fem|woman|women|girl|w|weiblich|frau|femme|féminin|feminin|femenino|femenina|feminino|mujer|"
            "mulher|femmina|donna|femminile|vrouw|vrouwelijk|kvinna|kvinde|kobieta|женский|жен|ж|женщина|kadın|女|女性"
        ),
        "F",
    ),
    **dict.fromkeys(
        lined(
            "m|male|males|masc|man|men|boy|männlich|maennlich|mann|homme|masculin|masculino|masculina|hombre|homem|"
            "maschio|uomo|maschile|mannelijk|mand|mężczyzna|мужской|муж|м|мужчина|erkek|男|男性"
        ),
        "M",
    ),
}


def sex(text: str) -> str:
    """`F`, `M`, or empty for everything else."""
    return SEX_WORDS.get(clean(text).casefold(), "")


def sex_map(values: Iterable[str]) -> dict[str, str]:
    """How each raw value of a whole column is read; what is not read maps to empty.

    Numbers only make sense together: 0 and 1 (1 is male, as in the common research tables), or 1 and 2 (1 is male, 2
    female, 0 and 9 not known: ISO/IEC 5218). `0, 1, 9` could be either and is not read, nor is 0 alone.
    """
    raw = {value: clean(value) for value in values}
    numbers = {word.removesuffix(".0") for word in raw.values() if re.fullmatch(r"\d(\.0)?", word)}
    if "2" in numbers or numbers == {"1"}:
        codes = {"1": "M", "2": "F"}
    elif numbers == {"0", "1"}:
        codes = {"0": "F", "1": "M"}
    else:
        codes = {}
    return {
        value: SEX_WORDS.get(word.casefold()) or codes.get(word.removesuffix(".0"), "") for value, word in raw.items()
    }


_HARD_SEPARATORS = re.compile(r"\s*[|;]\s*")
_COMMAS = re.compile(r"\s*[,、，]\s*")


def finding_map(values: Iterable[str]) -> dict[str, str]:
    """Raw finding -> its parts joined by `|`, each once, in the order in which they came. Empty for missing.

    `|` and `;` always part. A comma parts only where one of the parts also stands alone somewhere in the column: a
    comma may belong to a name.
    """
    cleaned = {value: clean(value) for value in values}
    alone = {
        word.casefold() for word in cleaned.values() if not _COMMAS.search(word) and not _HARD_SEPARATORS.search(word)
    }
    spelling: dict[str, str] = {}
    mapped = {}
    for value, word in cleaned.items():
        parts = []
        for piece in _HARD_SEPARATORS.split(word):
            pieces = _COMMAS.split(piece)
            parts.extend(pieces if len(pieces) > 1 and any(p.casefold() in alone for p in pieces) else [piece])
        kept: dict[str, None] = {}
        for part in parts:
            if part and part.casefold() not in MISSING:
                kept.setdefault(spelling.setdefault(part.casefold(), part))
        mapped[value] = "|".join(kept)
    return mapped


def category_map(values: Iterable[str]) -> dict[str, str]:
    """Raw value -> one spelling: blanks and case do not make a new level; the spelling that sorts first is kept."""
    spelling: dict[str, str] = {}
    mapped = {}
    for value in sorted(values):
        word = clean(value)
        mapped[value] = spelling.setdefault(word.casefold(), word) if word else ""
    return mapped
