"""Workbooks and Parquet become CSV in a process of their own.

`python -m medsynth_engine.intake.tables.sheet KIND ROWS COLUMNS BYTES`: the file on stdin, one line of JSON and then
the CSV (UTF-8) on stdout.

What reads them is native code, and the files come from anywhere: a crash, a hang, or memory without end stays in the
child. Formulas are never computed: their last values count. Macros are not looked at.
"""

from __future__ import annotations

import csv
import datetime
import io
import json
import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any

from medsynth_engine.intake.archives.directory import count_entries
from medsynth_engine.intake.options import Limits
from medsynth_engine.kernel.errors import BadInput

SECONDS = 60
MEMBERS = 10_000
RATIO = 200
"""Of one large member of a zipped workbook; sheets of a hospital shrink ten to forty times."""
LARGE_MEMBER = 8 * 2**20
MAGIC = ((b"PAR1", "parquet"), (b"PK\x03\x04", "book"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "book"))
NOT_A_SHEET, TOO_LARGE, NO_ROWS = 3, 4, 5
"""How the child ends where it does not end well."""
WHY = {
    NOT_A_SHEET: (
        "not_a_table",
        "The table cannot be read: it is no Excel, OpenDocument or Parquet file.",
        "Save it as CSV.",
    ),
    TOO_LARGE: ("table_too_large", "The table is larger unpacked than the limits allow.", "Bring it in in parts."),
    NO_ROWS: ("empty_table", "No sheet has a line of column names with rows under it.", "Save the right sheet as CSV."),
}
BROKEN = ("table_reader_stopped", "The table could not be read: its reader stopped.", "Save the sheet as CSV in UTF-8.")
SLOW = ("table_reader_slow", f"Reading the table took more than {SECONDS} seconds.", "Save the sheet as CSV in UTF-8.")


def kind_of(data: bytes) -> str:
    """`book` (Excel, OpenDocument), `parquet`, or empty for everything else, by content."""
    return next((kind for magic, kind in MAGIC if data.startswith(magic)), "")


def as_csv(data: bytes, kind: str, limits: Limits, most_bytes: int) -> tuple[bytes, list[str]]:
    """The table as CSV of at most `most_bytes`, and what to say about it. Raises BadInput."""
    numbers = (limits.table_rows, limits.table_columns, most_bytes, limits.worker_bytes)
    command = [sys.executable, "-m", __name__, kind, *map(str, numbers)]
    try:
        ended = subprocess.run(
            command, input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise BadInput(*SLOW) from None
    if ended.returncode:
        raise BadInput(*WHY.get(ended.returncode, BROKEN))
    said, _, made = ended.stdout.partition(b"\n")
    return made, [str(line) for line in json.loads(said)["say"]]


class Refused(Exception):
    """The child gives up, with one of the codes above."""


def main(arguments: list[str]) -> int:
    """The child."""
    kind, rows, columns, most_bytes, memory = arguments[0], *map(int, arguments[1:5])
    if sys.platform.startswith("linux"):
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    data = sys.stdin.buffer.read()
    try:
        said, lines = (_parquet if kind == "parquet" else _book)(data, rows, columns)
        sys.stdout.buffer.write(json.dumps({"say": said}).encode() + b"\n")
        _write(lines, sys.stdout.buffer, rows, columns, most_bytes)
    except Refused as refused:
        return int(refused.args[0])
    except MemoryError:
        return TOO_LARGE
    return 0


def _write(lines: Iterable[Iterable[Any]], out: IO[bytes], rows: int, columns: int, most_bytes: int) -> None:
    written = 0
    for number, line in enumerate(lines):
        cells = [as_text(cell) for cell in line]
        if number > rows or len(cells) > columns:
            raise Refused(TOO_LARGE)
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow(cells)
        encoded = text.getvalue().encode("utf-8", "replace")
        written += len(encoded)
        if written > most_bytes:
            raise Refused(TOO_LARGE)
        out.write(encoded)
    out.flush()


def as_text(cell: Any) -> str:
    """A cell as CSV has it: ISO dates, whole numbers without `.0`, `true` and `false`; what is no value is empty."""
    if cell is None or isinstance(cell, bytes | list | tuple | dict):
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        if cell != cell:
            return ""
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime):
        midnight = (cell.hour, cell.minute, cell.second, cell.microsecond) == (0, 0, 0, 0)
        return cell.date().isoformat() if midnight else cell.replace(microsecond=0).isoformat()
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell).replace("\0", "")


def _book(data: bytes, rows: int, columns: int) -> tuple[list[str], Iterator[list[Any]]]:
    """The first visible sheet that has a line of names with rows under it."""
    if data.startswith(b"PK"):
        _check_zip(data)
    from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = [sheet.name for sheet in book.sheets_metadata if sheet.visible == SheetVisibleEnum.Visible]
        for name in names or book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            if sheet.height > rows + 1000 or sheet.width > columns:
                raise Refused(TOO_LARGE)
            found = _with_header(sheet.iter_rows)
            if found is not None:
                return [*_several(len(book.sheet_names)), *found[0]], found[1]
    except (CalamineError, ValueError, OSError, KeyError):
        raise Refused(NOT_A_SHEET) from None
    raise Refused(NO_ROWS)


def _several(count: int) -> list[str]:
    return [f"The workbook has {count} sheets; the first with column names was taken."] if count > 1 else []


def _check_zip(data: bytes) -> None:
    """Before anything is unpacked: it is a workbook, and does not grow beyond measure."""
    try:
        if count_entries(io.BytesIO(data), MEMBERS) > MEMBERS:
            raise Refused(TOO_LARGE)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise Refused(NOT_A_SHEET) from None
    names = {member.filename for member in members}
    if not any(name.startswith("xl/") for name in names) and "content.xml" not in names:
        raise Refused(NOT_A_SHEET)
    large = (member for member in members if member.file_size > LARGE_MEMBER)
    if sum(member.file_size for member in members) > 2**30 or any(
        member.file_size > RATIO * max(1, member.compress_size) for member in large
    ):
        raise Refused(TOO_LARGE)


def _with_header(rows_of: Callable[[], Iterable[list[Any]]]) -> tuple[list[str], Iterator[list[Any]]] | None:
    """What to say, and the rows from the line of names on: the first with more than half of its cells in text, as wide
    as any before it. Titles above it are left out."""
    first: list[list[Any]] = []
    for number, row in enumerate(rows_of()):
        first.append(row)
        if number >= 30:
            break
    widths = [sum(as_text(cell) != "" for cell in row) for row in first]
    widest = max(widths, default=0)
    for number, row in enumerate(first[:-1]):
        texts = sum(isinstance(cell, str) and cell.strip() != "" for cell in row)
        if texts * 2 > widths[number] >= max(1, 0.5 * widest) and any(widths[number + 1 :]):
            left = sum(width > 0 for width in widths[:number])
            say = [f"{left} lines above the column names were left out."] if left else []
            return say, _rows(rows_of(), number)
    return None


def _rows(rows: Iterable[list[Any]], skipped: int) -> Iterator[list[Any]]:
    """Rows from the header on, without empty ones."""
    for number, row in enumerate(rows):
        if number >= skipped and any(as_text(cell) != "" for cell in row):
            yield row


def _parquet(data: bytes, rows: int, columns: int) -> tuple[list[str], Iterator[list[Any]]]:
    """All columns that hold plain values; nested and binary ones are left out."""
    import pyarrow
    from pyarrow import parquet, types

    try:
        file = parquet.ParquetFile(pyarrow.BufferReader(data))
        facts, schema = file.metadata, file.schema_arrow
    except (pyarrow.ArrowException, OSError, ValueError):
        raise Refused(NOT_A_SHEET) from None
    unpacked = sum(facts.row_group(number).total_byte_size for number in range(facts.num_row_groups))
    if facts.num_rows > rows or len(schema) > columns or unpacked > 2**30:
        raise Refused(TOO_LARGE)
    if facts.num_rows == 0:
        raise Refused(NO_ROWS)

    def is_plain(kind: Any) -> bool:
        value = kind.value_type if types.is_dictionary(kind) else kind
        return not (types.is_nested(value) or types.is_binary(value) or types.is_large_binary(value))

    names = [field.name for field in schema if is_plain(field.type)]
    say = (
        [f"{len(schema) - len(names)} columns hold lists or bytes and were left out."]
        if len(names) < len(schema)
        else []
    )

    def every() -> Iterator[list[Any]]:
        yield names
        try:
            for batch in file.iter_batches(batch_size=10_000, columns=names, use_threads=False):
                yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
        except (pyarrow.ArrowException, OSError, ValueError):
            raise Refused(NOT_A_SHEET) from None

    return say, every()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
