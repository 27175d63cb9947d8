"""How many entries a zip lists, counted before the list is made: a list of millions takes gigabytes.

APPNOTE.TXT 6.3.10 (PKWARE), sections 4.3.12 to 4.3.16. The end of the central directory is looked for as `zipfile`
looks for it, and what it says is not believed: the entries are counted, one by one, in memory of a fixed size.
"""

from __future__ import annotations

import struct
import zipfile
from typing import BinaryIO

END, END_MARK = struct.Struct("<4s4H2LH"), b"PK\5\6"
LOCATOR, LOCATOR_MARK = struct.Struct("<4sLQL"), b"PK\6\7"
END64, END64_MARK = struct.Struct("<4sQ2H2L4Q"), b"PK\6\6"
ENTRY, ENTRY_MARK = struct.Struct("<4s4B4H3L5H2L"), b"PK\1\2"
LONGEST_COMMENT = 2**16
ENTRY_BYTES = 448
"""So many of the directory are allowed for each entry: the 46 that it has, a name, and what else is noted."""


def count_entries(stream: BinaryIO, most: int) -> int:
    """The entries of a zip; more than `most` where it lists more, claims more, or its directory has no bounds.

    stream  can be sought; is left anywhere. Raises zipfile.BadZipFile where there is no directory, OSError.
    """
    claimed, size, start = _end(stream)
    if claimed > most or size > most * ENTRY_BYTES:
        return most + 1
    stream.seek(start)
    counted = done = 0
    while done < size and counted <= most:
        entry = stream.read(ENTRY.size)
        if len(entry) < ENTRY.size or entry[:4] != ENTRY_MARK:
            raise zipfile.BadZipFile("no entry where the directory should have one")
        beside = sum(ENTRY.unpack(entry)[12:15])  # name, extra field, comment
        stream.seek(beside, 1)
        done += ENTRY.size + beside
        counted += 1
    return counted


def _end(stream: BinaryIO) -> tuple[int, int, int]:
    """Entries and bytes of the directory as the end record says, and where it starts."""
    length = stream.seek(0, 2)
    first = max(0, length - LONGEST_COMMENT - END.size)
    stream.seek(first)
    tail = stream.read(LONGEST_COMMENT + END.size)
    bare = tail[-END.size :]
    place = len(tail) - END.size if bare[:4] == END_MARK and bare[-2:] == b"\0\0" else tail.rfind(END_MARK)
    if place < 0 or len(tail) - place < END.size:
        raise zipfile.BadZipFile("no end of a directory")
    *_, claimed, size, _, _ = END.unpack_from(tail, place)
    stop = first + place
    large = _end64(stream, stop)
    if large is not None:
        claimed, size = large
        stop -= LOCATOR.size + END64.size
    if size > stop:
        raise zipfile.BadZipFile("the directory would begin before the file")
    return claimed, size, stop - size


def _end64(stream: BinaryIO, stop: int) -> tuple[int, int] | None:
    """What the record of a large zip says, that stands right before the end record."""
    if stop < LOCATOR.size + END64.size:
        return None
    stream.seek(stop - LOCATOR.size - END64.size)
    record, locator = stream.read(END64.size), stream.read(LOCATOR.size)
    if locator[:4] != LOCATOR_MARK or record[:4] != END64_MARK:
        return None
    *_, claimed, size, _ = END64.unpack(record)
    return claimed, size
