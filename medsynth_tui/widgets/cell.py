"""A cell of a list that is sorted by something else than the words it shows: a time, a size, a name that was cut."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from medsynth_tui.words import when

BEFORE = re.compile(r"^[^\w<(-]+")
"""Marks and signs in front of a cell's words."""
NUMBER = re.compile(r"<?-?\d[\d,]*(\.\d+)?(e[-+]\d+)?( ?%)?")
PARTS = re.compile(r"(\d+)")
Key = tuple[int, Any]
"""Of what kind a value is, and the value: values of two kinds are never compared."""
NUMBERS, TIMES, WORDS, NOTHING = range(4)


@dataclass(frozen=True)
class Cell:
    """by: a number, a time or text to sort by; None: what the cell shows. `style` as in a pair of text and style."""

    text: str
    style: str = ""
    by: Any = None


def at(moment: Any) -> Cell:
    """A time of the ledger as people read it, sorted as it is."""
    try:
        by = datetime.fromisoformat(str(moment))
    except ValueError:
        return Cell(when(moment))
    return Cell(when(moment), by=by.replace(tzinfo=UTC) if by.tzinfo is None else by)


def day(date: str) -> Cell:
    """A day of the calendar, as the ledger writes it."""
    return Cell(date, by=at(date).by)


def text_of(value: Any) -> str:
    """What a cell shows, whatever it was given as: text, a pair of text and style, or a Cell."""
    if isinstance(value, Cell):
        return value.text
    return str(value[0] if isinstance(value, tuple) else value)


def key_of(value: Any) -> Key:
    """What to sort a cell by. Numbers, also `1,234`, `12 %` and `4.0e-05`, by size; of text `set-2` before `set-10`."""
    by = value.by if isinstance(value, Cell) and value.by is not None else text_of(value)
    if isinstance(by, datetime):
        return TIMES, by.timestamp()
    if isinstance(by, int | float):
        return NUMBERS, float(by)
    words = BEFORE.sub("", str(by)).strip()
    if NUMBER.fullmatch(words):
        below = words.startswith("<")  # fewer than eleven: just under eleven
        return NUMBERS, float(words.strip("<% ").replace(",", "")) - below / 2
    return (WORDS, _natural(words)) if words else (NOTHING, ())


def _natural(words: str) -> tuple[Any, ...]:
    parts = PARTS.split(words.casefold())
    return tuple(_size(part) if at % 2 else part for at, part in enumerate(parts))


def _size(digits: str) -> tuple[int, str, str]:
    """Orders whole numbers of any length, which `int` does not read; of two that are equal, 7 before 07."""
    counted = digits.lstrip("0")
    return len(counted), counted, digits
