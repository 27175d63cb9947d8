"""Whatever a person or a file supplies is made inert here before it is shown, logged or written to a table."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable

_BIDI = {chr(c) for c in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C)}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_TAG = re.compile(r"(\\*)\[(?=[a-zA-Z#/@][^\[]*(?:\]|$))")
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
    """`plain`, and inert in Rich's markup, whatever markup stands before and behind it.

    Rich takes a bracket for a tag where a letter, #, / or @ follows, and halves the backslashes before one: a name such
    as `\\[link=…]` would be a link if its own backslash were not doubled, and one at the end would undo the next tag.
    """
    line = _TAG.sub(lambda found: f"{found[1] * 2}\\[", plain(text, limit))
    return line + "\\" * (len(line) - len(line.rstrip("\\")))


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
