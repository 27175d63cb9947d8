"""Reads a table as text: its encoding and shape are found out, and what is no table is said to be none.

Every cell stays a string here; what it means is decided in `roles`, `normalise` and `columns`. Excel, OpenDocument and
Parquet go through a process of their own first, see `sheet`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import pandas as pd

from medsynth_engine.intake.items import TableFile
from medsynth_engine.intake.options import Limits
from medsynth_engine.intake.tables import sheet
from medsynth_engine.intake.tables.encoding import SAMPLE, delimiter_of, encoding_of, lines_of
from medsynth_engine.intake.tables.headers import HIDDEN, is_a_row, look_like_values, named
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.escape import plain

MOST_BYTES = 128 * 2**20
"""Of a table of text: 5 million rows of 25 bytes, or 700,000 of 50 columns. Its frame takes three times that."""
RAGGED_SHARE = 0.05
"""Where more rows than this have another number of cells than the header, it is no table."""
HINT = "Save the sheet as CSV in UTF-8, with one line of column names and the same number of cells in every row."
END = "end of the table"


@dataclass(frozen=True)
class Table:
    """frame: one column of text a column of the file, names plain and unique. warnings: what was odd."""

    frame: pd.DataFrame
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shape:
    """What one reading finds: the first line, the rows under it; those too long, too short, or the first line again."""

    header: list[str]
    rows: int = 0
    long: int = 0
    short: int = 0
    repeated: int = 0


def read_table(file: TableFile, limits: Limits) -> Table:
    """Raises BadInput where it is no table, or beyond the limits."""
    if file.size > most_bytes(limits):
        raise _too_large(limits)
    try:
        data = file.read()
    except OSError:
        raise BadInput("unreadable_table", "The table cannot be read.", "Check its rights.") from None
    return parse_table(data, limits)


def most_bytes(limits: Limits) -> int:
    """The largest table of text that is read."""
    return min(limits.file_bytes, MOST_BYTES)


def parse_table(data: bytes, limits: Limits) -> Table:
    """A table from its bytes; see `read_table`."""
    if len(data) > most_bytes(limits):
        raise _too_large(limits)
    kind = sheet.kind_of(data)
    if kind:
        data, said = sheet.as_csv(data, kind, limits, most_bytes(limits) // 2)
        table = _parsed(data, limits)
        return Table(table.frame, (*said, *table.warnings))
    return _parsed(data, limits)


def _parsed(data: bytes, limits: Limits) -> Table:
    _check_lines(data, limits)
    encoding, warnings = encoding_of(data)
    with lines_of(data, encoding) as stream:
        sample = stream.read(SAMPLE)
    if sample.lstrip()[:200].lower().startswith(("<!doctype", "<html", "<?xml", "{", "[{")):
        raise _no_table("It is a web page or a document of another kind.")
    said = sample[:6].lower().startswith("sep=") and sample[5:6] in ("\r", "\n")  # Excel's own line about itself
    delimiter = sample[4] if said else delimiter_of(sample)
    shape = _shape(data, encoding, delimiter, limits, int(said))
    _check_shape(shape)
    if shape.long:
        warnings.append(f"{shape.long} rows of the table have too many cells and were left out.")
    if shape.short:
        warnings.append(f"{shape.short} rows of the table have too few cells; the missing ones count as empty.")
    if shape.repeated:
        warnings.append(f"{shape.repeated} rows repeat the column names and were left out.")
    frame = _frame(data, encoding, delimiter, shape, int(said))
    if is_a_row(shape.header, frame):
        raise _no_column_names()
    names, hidden = named(shape.header, frame)
    frame.columns = pd.Index(names)
    if hidden:
        warnings.append(HIDDEN.format(hidden))
    return Table(frame, tuple(warnings))


def _no_table(why: str) -> BadInput:
    return BadInput("not_a_table", f"The table cannot be read as one. {why}", HINT)


def _no_column_names() -> BadInput:
    return BadInput("no_column_names", "The first line of the table holds values where column names belong.", HINT)


def _too_large(limits: Limits) -> BadInput:
    return BadInput("table_too_large", f"The table is larger than {most_bytes(limits) // 2**20} MB.", "Split it.")


def _too_many_rows(limits: Limits) -> BadInput:
    return BadInput("too_many_rows", f"The table has more than {limits.table_rows:,} rows.", "Bring it in in parts.")


def _check_lines(data: bytes, limits: Limits) -> None:
    """A line without end must not reach the parser."""
    if not data.strip():
        raise BadInput("empty_table", "The table is empty.", HINT)
    longest = 4 * limits.cell_characters
    start = 0
    while start + longest < len(data):
        end = data.rfind(b"\n", start, start + longest)
        if end < 0:
            end = data.rfind(b"\r", start, start + longest)
        if end < 0:
            raise BadInput("line_too_long", "A line of the table is longer than the limit.", HINT)
        start = end + 1


def _rows(data: bytes, encoding: str, delimiter: str, skip: int) -> Iterator[list[str]]:
    """Rows that are not empty. Raises csv.Error where a quote is never closed: the rest would be one cell."""
    row: list[str] = []
    with lines_of(data, encoding) as stream:
        for _ in range(skip):
            stream.readline()
        last_line = chain(stream, ("\n", END))
        for following in csv.reader(last_line, delimiter=delimiter):
            if row:
                yield row
            row = following
    if row != [END]:
        raise csv.Error


def _shape(data: bytes, encoding: str, delimiter: str, limits: Limits, skip: int) -> Shape:
    """Raises BadInput beyond the limits."""
    if b'"' not in data and data.count(b"\n") > limits.table_rows + data.count(b"\n\n") + data.count(b"\n\r") + 1:
        raise _too_many_rows(limits)  # told without reading it
    previous = csv.field_size_limit(limits.cell_characters)
    header: list[str] = []
    rows = long_rows = short_rows = repeated = 0
    try:
        for cells in _rows(data, encoding, delimiter, skip):
            if not header:
                header = cells
                if len(header) > limits.table_columns:
                    why = f"The table has more than {limits.table_columns} columns."
                    raise BadInput("too_many_columns", why, "Leave some out.")
                continue
            rows += 1
            if len(cells) != len(header):
                long_rows += len(cells) > len(header)
                short_rows += len(cells) < len(header)
            elif cells[0] == header[0] and cells == header:
                repeated += 1
            if rows > limits.table_rows:
                raise _too_many_rows(limits)
    except csv.Error:
        why = "A cell of the table is larger than the limit, or a quote is never closed."
        raise BadInput("cell_too_large", why, HINT) from None
    finally:
        csv.field_size_limit(previous)
    return Shape(header, rows, long_rows, short_rows, repeated)


def _check_shape(shape: Shape) -> None:
    if shape.rows == shape.repeated:
        raise BadInput("empty_table", "The table has no rows under its column names.", HINT)
    odd = shape.long + shape.short
    if odd > max(shape.rows * RAGGED_SHARE, 1 if shape.rows > 20 else 0):
        raise _no_table(f"{odd:,} of {shape.rows:,} rows have another number of cells than the first line.")
    names = [name.strip() for name in shape.header]
    if len(names) == 1 and (len(names[0]) > 60 or len(names[0].split()) > 5):
        raise _no_table("It has a single column of sentences.")
    if look_like_values(names):  # a patient's values would stand where names are shown
        raise _no_column_names()


def _frame(data: bytes, encoding: str, delimiter: str, shape: Shape, skip: int) -> pd.DataFrame:
    """The cells, in columns that are numbered."""
    try:
        with lines_of(data, encoding) as stream:
            frame = pd.read_csv(
                stream,
                sep=delimiter,
                dtype=str,
                header=0,
                names=list(range(len(shape.header))),
                index_col=False,
                keep_default_na=False,
                na_filter=False,
                on_bad_lines="skip",
                skip_blank_lines=True,
                skiprows=skip,
                engine="c",
            )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
        raise _no_table(f"The reader stopped at {plain(type(error).__name__, 40)}.") from None
    frame = frame.fillna("")
    if shape.repeated:
        again = (frame == shape.header).all(axis=1)
        frame = frame[~again].reset_index(drop=True)
    return frame
