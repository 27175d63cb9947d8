"""Numbers as people and spreadsheets write them, read for a whole column: one comma alone can mean two things.

What can be read in two ways is not read. A spreadsheet's damage (`1-Feb` for 1/2) is no number either.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
_SCIENTIFIC = re.compile(r"[+-]?\d+(\.\d+[eE][+-]?|[eE][+-])\d{1,3}")
"""`1.2E5` and `1E+05`; `1e3` without a sign or a point is as often a code."""
_GROUPED_BY = {mark: re.compile(rf"[+-]?[1-9]\d{{0,2}}({re.escape(mark)}\d{{3}})+") for mark in ",. '’"}
_COMMA = re.compile(r"[+-]?\d+,\d+")
_MIXED_ENGLISH = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+\.\d+")
_MIXED_GERMAN = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+,\d+")
_ASCII_DIGITS = str.maketrans({"−": "-", "‐": "-", "–": "-"})
LARGEST = 2.0**53
MISSING_CODES = (-9.0, -99.0, -999.0, -9999.0, 999.0, 9999.0, 99999.0)
"""What registries write for "not known"; see `missing_codes`."""


def numbers_of(words: Iterable[str]) -> dict[str, float]:
    """Cleaned word -> its number, for those words of one column that can be read in one way only.

    Understands decimal commas, thousands separators (comma, point, blank, apostrophe), percent signs where all numbers
    carry one, minus signs of typography, digits of all scripts, `1.2E5`.
    """
    read: dict[str, float] = {}
    small = False
    every = []
    for word in words:
        if word.isdigit() and word.isascii() and len(word) < 16:  # nearly all, and in need of no thought
            read[word] = float(word)
            small = small or (len(word) <= 3 and word != "0")
        else:
            every.append((word, _bare(word)))
    marked = [word.endswith("%") for _, word in every if word[:1].isdigit() or word[:1] in "+-."]
    percent = bool(marked) and all(marked) and not read
    stripped = [(word, bare[:-1].rstrip() if percent and bare.endswith("%") else bare) for word, bare in every]
    comma, point = _conventions({bare for _, bare in stripped}, small)
    for word, bare in stripped:
        number = _number(bare, comma, point)
        if number is not None:
            read[word] = number
    return read


def _bare(word: str) -> str:
    text = word.translate(_ASCII_DIGITS)
    if not text.isascii() and any(character.isdigit() for character in text):
        text = "".join(_digit(character) for character in text)
    return text


def _digit(character: str) -> str:
    return str(int(character)) if character.isdecimal() else character


def _conventions(words: set[str], small: bool) -> tuple[str, str]:
    """What one comma, and one point, before three digits mean in a column: `thousands`, `decimal`, or "" for unknown.

    A comma is decimal where another word can only be read so, thousands where points are decimal or plain whole numbers
    under 1,000 (`small`) stand beside it. A point is decimal unless the column's commas are.
    """
    decimal_comma = any(_COMMA.fullmatch(word) and not _GROUPED_BY[","].fullmatch(word) for word in words)
    decimal_comma = decimal_comma or any(map(_MIXED_GERMAN.fullmatch, words))
    decimal_point = any(
        _PLAIN.fullmatch(word) and not _GROUPED_BY["."].fullmatch(word) for word in words if "." in word
    )
    decimal_point = decimal_point or any(map(_MIXED_ENGLISH.fullmatch, words))
    comma_groups = any(word.count(",") > 1 for word in words)
    point_groups = any(word.count(".") > 1 for word in words)
    if decimal_comma:
        comma = "" if decimal_point or comma_groups else "decimal"
    else:
        comma = "thousands" if decimal_point or comma_groups or small else ""
    if decimal_comma or point_groups:
        return comma, "" if decimal_point else "thousands"
    return comma, "decimal"


def _number(word: str, comma: str, point: str) -> float | None:
    text = word
    if "," in text:
        text = _without_comma(text, comma)
    elif _GROUPED_BY["."].fullmatch(text) and (point != "decimal" or text.count(".") > 1):
        text = text.replace(".", "") if point == "thousands" else ""
    elif any(mark in text and _GROUPED_BY[mark].fullmatch(text) for mark in " '’"):
        text = re.sub(r"[ '’]", "", text)
    if not (_PLAIN.fullmatch(text) or _SCIENTIFIC.fullmatch(text)):
        return None
    number = float(text)
    return number if math.isfinite(number) and abs(number) < LARGEST else None


def _without_comma(text: str, comma: str) -> str:
    """The number with a point or none; empty where it cannot be told."""
    if _MIXED_ENGLISH.fullmatch(text) or (_GROUPED_BY[","].fullmatch(text) and text.count(",") > 1):
        return text.replace(",", "")
    if _MIXED_GERMAN.fullmatch(text):
        return text.replace(".", "").replace(",", ".")
    if _GROUPED_BY[","].fullmatch(text):
        return text.replace(",", {"thousands": "", "decimal": "."}[comma]) if comma else ""
    return text.replace(",", ".") if _COMMA.fullmatch(text) else ""


def missing_codes(counts: dict[float, int]) -> set[float]:
    """Which numbers of a column (number -> cells) mean "not known".

    A negative code where nothing else is negative, or one of nines at least twice and five times the next largest.
    """
    others = [number for number in counts if number not in MISSING_CODES]
    if not others:
        return set()
    low, high = min(others), max(others)
    return {
        code
        for code in MISSING_CODES
        if code in counts and ((code < 0 <= low) or (code > 0 and counts[code] >= 2 and high > 0 and code > 5 * high))
    }


def written(number: float) -> str:
    """A number as it is shown: `1234`, `0.5`."""
    return str(int(number)) if number.is_integer() else repr(number)
