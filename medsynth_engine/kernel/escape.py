"""Whatever a person or a file supplies is made inert here before it is shown, logged or written to a table."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable

_BIDI = {chr(c) for c in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C)}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_BRACKET = re.compile(r"(?<!\\)(\\*)\[([a-z#/@][^\[]*?\])?")
_UNFINISHED = re.compile(r"(\\|\[[^\[\]]*)$")
_NOTHING = "[none][/none]"
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def plain(text: object, limit: int = 200) -> str:
    """`text` on one line without control, escape, bidirectional or unassigned characters, at most `limit` long."""
    kept = []
    for character in str(text)[: limit * 4]:
        if character in "\n\r\t":
            kept.append(" ")
        elif character in _BIDI or unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp"):
            continue
        else:
            kept.append(character)
    line = "".join(kept).strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"


def markup(text: object, limit: int = 200) -> str:
    """`plain`, and inert in Rich's markup: it is shown as it is, whatever markup stands before and behind it.

    Rich takes a bracket for a tag where a small letter, #, / or @ follows, and a ] before the next [. It halves the
    backslashes before a tag, and takes away one before any other bracket. What stands behind may make a tag of what
    is unfinished: behind that we put a pair of tags without a style, which settles it.
    """
    line = plain(text, limit)
    inert = _BRACKET.sub(lambda found: found[1] * (2 if found[2] else 1) + "\\[" + (found[2] or ""), line)
    if not _UNFINISHED.search(line):
        return inert
    return inert + "\\" * (len(line) - len(line.rstrip("\\"))) + _NOTHING


def table_cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula: a leading = + - @ that is not a number gets an apostrophe."""
    text = plain(value, 10_000)
    if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text):
        return "'" + text
    return text


def csv_row(cells: Iterable[object]) -> bytes:
    """A row of a CSV table (RFC 4180, UTF-8), each cell as `table_cell` makes it; None is empty, truth yes or no."""
    text = io.StringIO()
    csv.writer(text).writerow([table_cell(_spelled(cell)) for cell in cells])
    return text.getvalue().encode()


def _spelled(cell: object) -> object:
    return "" if cell is None else ("yes" if cell else "no") if isinstance(cell, bool) else cell
