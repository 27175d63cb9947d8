"""Reads a table as text: encoding, delimiter and shape are found out, and what is no table is said to be none.

Every cell stays a string here; what it means is decided in `roles`, `normalise` and `columns`.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from medsynth_engine.intake.options import Limits
from medsynth_engine.intake.sources import TableFile
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.escape import plain

DELIMITERS = (",", ";", "\t", "|")
SAMPLE = 256 * 2**10
RAGGED_SHARE = 0.05
"""Where more rows than this have another number of cells than the header, it is no table."""
HINT = "Save the sheet as CSV in UTF-8, with one line of column names and the same number of cells in every row."
NOT_TEXT = (b"\x89PNG", b"\xff\xd8\xff", b"%PDF", b"PK\x03\x04", b"\x1f\x8b", b"\xd0\xcf\x11\xe0", b"SQLite", b"PAR1")


@dataclass(frozen=True)
class Table:
    """frame: one column of text a column of the file, names as they came but made unique. warnings: what was odd."""

    frame: pd.DataFrame
    warnings: tuple[str, ...] = ()


def read_table(file: TableFile, limits: Limits) -> Table:
    """Raises BadInput where it is no table, or beyond the limits."""
    if file.size > limits.file_bytes:
        raise BadInput("table_too_large", f"The table is larger than {limits.file_bytes // 2**20} MB.", "Split it.")
    try:
        data = file.read()
    except OSError:
        raise BadInput("unreadable_table", "The table cannot be read.", "Check its rights.") from None
    return parse_table(data, limits)


def parse_table(data: bytes, limits: Limits) -> Table:
    """A table from its bytes; see `read_table`."""
    _check_bytes(data, limits)
    text, warnings = _decoded(data)
    if text.lstrip()[:200].lower().startswith(("<!doctype", "<html", "<?xml", "{", "[{")):
        raise _no_table("It is a web page or a document of another kind.")
    delimiter = _delimiter(text[:SAMPLE])
    header, rows, long_rows, short_rows = _shape(text, delimiter, limits)
    if rows == 0:
        raise BadInput("empty_table", "The table has no rows under its column names.", HINT)
    if long_rows + short_rows > max(rows * RAGGED_SHARE, 1 if rows > 20 else 0):
        raise _no_table(
            f"{long_rows + short_rows:,} of {rows:,} rows have another number of cells than the first line."
        )
    _check_header(header, text, delimiter)
    if long_rows:
        warnings.append(f"{long_rows} rows of the table have too many cells and were left out.")
    if short_rows:
        warnings.append(f"{short_rows} rows of the table have too few cells; the missing ones count as empty.")
    return Table(_frame(text, delimiter, header), tuple(warnings))


def _no_table(why: str) -> BadInput:
    return BadInput("not_a_table", f"The table cannot be read as one. {why}", HINT)


def _check_bytes(data: bytes, limits: Limits) -> None:
    if not data.strip():
        raise BadInput("empty_table", "The table is empty.", HINT)
    if data.startswith(NOT_TEXT):
        raise _no_table("It is a file of another kind.")
    utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    if b"\0" in data[:SAMPLE] and not utf16:
        raise _no_table("It holds binary data.")
    longest = 4 * limits.cell_characters
    start = 0
    while start + longest < len(data):  # a line without end must not reach the parser
        end = data.rfind(b"\n", start, start + longest)
        if end < 0:
            raise BadInput("line_too_long", "A line of the table is longer than the limit.", HINT)
        start = end + 1


def _decoded(data: bytes) -> tuple[str, list[str]]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16"), ["The table is in UTF-16."]
        except UnicodeDecodeError:
            raise _no_table("It holds binary data.") from None
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    odd = sum(ord(character) < 32 and character not in "\r\n\t\f" for character in text[:SAMPLE])
    if odd > len(text[:SAMPLE]) * 0.01:
        raise _no_table("It holds binary data.")
    return text, ["The table is not in UTF-8; it was read as Latin-1. Check letters with accents."]


def _delimiter(sample: str) -> str:
    """The one that gives most lines the same number of cells, and the most cells."""
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        counts = Counter(len(row) for row in _some_rows(sample, delimiter))
        if not counts:
            continue
        cells, lines = counts.most_common(1)[0]
        score = (lines / sum(counts.values()) if cells > 1 else 0.0, cells)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _some_rows(sample: str, delimiter: str) -> Iterable[list[str]]:
    rows = []
    try:
        for row in csv.reader(io.StringIO(sample), delimiter=delimiter):
            if row:
                rows.append(row)
            if len(rows) >= 200:
                break
    except csv.Error:
        return rows
    return rows[:-1] if len(rows) > 2 and len(sample) >= SAMPLE else rows


def _shape(text: str, delimiter: str, limits: Limits) -> tuple[list[str], int, int, int]:
    """Header, rows, and how many of those are too long and too short. Raises BadInput beyond the limits."""
    previous = csv.field_size_limit(limits.cell_characters)
    header: list[str] = []
    rows = long_rows = short_rows = 0
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if not cells:
                continue
            if not header:
                header = cells
                if len(header) > limits.table_columns:
                    raise BadInput(
                        "too_many_columns",
                        f"The table has more than {limits.table_columns} columns.",
                        "Leave some out.",
                    )
                continue
            rows += 1
            long_rows += len(cells) > len(header)
            short_rows += len(cells) < len(header)
            if rows > limits.table_rows:
                raise BadInput(
                    "too_many_rows", f"The table has more than {limits.table_rows:,} rows.", "Bring it in in parts."
                )
    except csv.Error:
        raise BadInput(
            "cell_too_large", "A cell of the table is larger than the limit, or a quote is never closed.", HINT
        ) from None
    finally:
        csv.field_size_limit(previous)
    return header, rows, long_rows, short_rows


def _check_header(header: list[str], text: str, delimiter: str) -> None:
    """A first line of data instead of names would put a patient's values where names are shown."""
    names = [name.strip() for name in header]
    if len(names) == 1 and (len(names[0]) > 60 or len(names[0].split()) > 5):
        raise _no_table("It has a single column of sentences.")
    values = sum(_looks_like_a_value(name) for name in names)
    if values * 2 >= len(names):
        raise BadInput("no_column_names", "The first line of the table holds values where column names belong.", HINT)


def _looks_like_a_value(name: str) -> bool:
    bare = name.replace(".", "").replace("-", "").replace("/", "").replace(":", "").replace(" ", "")
    return bare.isdigit() or name.strip() in ("?", "NA")


def _frame(text: str, delimiter: str, header: list[str]) -> pd.DataFrame:
    try:
        frame = pd.read_csv(
            io.StringIO(text, newline=""),
            sep=delimiter,
            dtype=str,
            header=0,
            names=_unique(header),
            index_col=False,
            keep_default_na=False,
            na_filter=False,
            on_bad_lines="skip",
            skip_blank_lines=True,
            engine="c",
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
        raise _no_table(f"The reader stopped at {plain(type(error).__name__, 40)}.") from None
    return frame.fillna("")


def _unique(header: list[str]) -> list[str]:
    """Column names on one line, brackets around them gone, none twice, none empty."""
    names: list[str] = []
    for place, raw in enumerate(header, start=1):
        name = plain(raw, 80).strip().strip("()[]\"'").strip() or f"column {place}"
        base, count = name, 2
        while name.casefold() in {other.casefold() for other in names}:
            name = f"{base} {count}"
            count += 1
        names.append(name)
    return names
