"""How the bytes of a table stand for text, and what parts its cells. Nothing is decoded as a whole."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterable

from medsynth_engine.kernel.errors import BadInput

DELIMITERS = (",", ";", "\t", "|")
SAMPLE = 256 * 2**10
CHUNK = 2**20
NOT_TEXT = (
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"%PDF",
    b"PK\x05\x06",
    b"\x1f\x8b",
    b"SQLite",
    b"BZh",
    b"7z\xbc\xaf",
    b"\xfd7zXZ",
)
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def not_text() -> BadInput:
    return BadInput(
        "not_a_table",
        "The table cannot be read as one. It holds binary data.",
        "Save the sheet as CSV in UTF-8, with one line of column names.",
    )


def encoding_of(data: bytes) -> tuple[str, list[str]]:
    """The name of the encoding, and what to say about it. Raises BadInput for what is no text.

    UTF-8, UTF-16 (with its mark, or told by its zeros), else Windows-1252 or Latin-1.
    """
    if data.startswith(NOT_TEXT):
        raise not_text()
    head = data[:SAMPLE]
    if data.startswith(UTF16):
        encoding = "utf-16"
    elif head[1::2].count(0) > 0.3 * len(head) / 2 and not head[::2].count(0):
        encoding = "utf-16-le"
    elif head[::2].count(0) > 0.3 * len(head) / 2 and not head[1::2].count(0):
        encoding = "utf-16-be"
    elif b"\0" in data:
        raise not_text()
    elif _decodes(data, "utf-8"):
        return "utf-8-sig", []
    else:
        encoding = (
            "cp1252" if any(0x80 <= byte < 0xA0 for byte in set(data)) and _decodes(data, "cp1252") else "latin-1"
        )
        odd = sum(byte < 32 and byte not in b"\r\n\t\f" for byte in head)
        if odd > len(head) * 0.01:
            raise not_text()
        name = "Latin-1" if encoding == "latin-1" else "Windows-1252"
        return encoding, [f"The table is not in UTF-8; it was read as {name}. Check letters with accents."]
    if not _decodes(data, encoding):
        raise not_text()
    return encoding, ["The table is in UTF-16."]


def _decodes(data: bytes, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for start in range(0, len(data), CHUNK):
            decoder.decode(data[start : start + CHUNK])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def lines_of(data: bytes, encoding: str) -> io.TextIOWrapper:
    """The text, decoded as it is read; the bytes are not copied."""
    return io.TextIOWrapper(io.BytesIO(data), encoding, newline="")


def delimiter_of(sample: str) -> str:
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
