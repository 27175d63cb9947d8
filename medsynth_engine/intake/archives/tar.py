"""The members of a tar (POSIX ustar and pax, GNU long names), plain or in gzip, bzip2 or xz: read once, in order.

Own reader, because it runs in the process that must never die: no header can make it allocate more than HEADER_BYTES,
and what is packed is unpacked in blocks of BLOCK.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from medsynth_engine.kernel.errors import BadInput

MOST_DIGITS = 18
"""Of a size; a number with more is none."""
RECORD = 512
BLOCK = 2**20
HEADER_BYTES = 2**20
"""A longer pax header or long name is damage, or an attack."""
MOST_HEADERS = 8
"""Headers of one member: real ones have three at most."""
DICTIONARY_BYTES = 128 * 2**20
"""An xz that needs a larger dictionary is refused (the highest preset of xz needs 65 MB)."""
FILE, DIRECTORY, LINK, OTHER = "file", "directory", "link", "other"
TYPES = {b"0": FILE, b"\0": FILE, b"7": FILE, b"5": DIRECTORY, b"1": LINK, b"2": LINK}
"""Type flags (POSIX.1-2001, pax); devices, sparse files and whatever else are `other`."""
DAMAGED = (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError)


def _damaged() -> BadInput:
    return BadInput("damaged_archive", "The tar is damaged and cannot be read.", "Pack it again.")


@dataclass(frozen=True)
class Member:
    """number: its place among all members, from 0; kind: FILE, DIRECTORY, LINK or OTHER; size: bytes that follow."""

    number: int
    name: str
    size: int
    kind: str


class Body:
    """The bytes of the member in hand; what of them is not asked for is skipped."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self._stream, self.left = stream, size

    def blocks(self) -> Iterator[bytes]:
        """All that is left, block by block. Raises BadInput."""
        while self.left:
            block = _exactly(self._stream, min(self.left, BLOCK))
            self.left -= len(block)
            yield block


@contextmanager
def opened(path: Path) -> Iterator[Iterator[tuple[Member, Body]]]:
    """Members in order; the body of one is there until the next is asked for. Raises BadInput, also on the way."""
    try:
        file = path.open("rb")
    except OSError:
        raise _damaged() from None
    with file:
        yield _members(_unpacking(file))


def _unpacking(file: IO[bytes]) -> IO[bytes]:
    head = file.read(6)
    file.seek(0)
    if head.startswith(b"\x1f\x8b"):
        return cast(IO[bytes], gzip.GzipFile(fileobj=file, mode="rb"))
    if head.startswith(b"BZh"):
        return bz2.BZ2File(file)
    if head.startswith((b"\xfd7zXZ", b"]\0\0")):
        return io.BufferedReader(_Xz(file), BLOCK)
    return file


class _Xz(io.RawIOBase):
    """An xz file read forward, with a bound on the memory that it may ask for (which lzma.open does not have)."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._inner = file, lzma.LZMADecompressor(memlimit=DICTIONARY_BYTES)

    def readable(self) -> bool:
        return True

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        while not self._inner.eof:
            packed = self._file.read(64 * 1024) if self._inner.needs_input else b""
            if self._inner.needs_input and not packed:
                raise EOFError
            data = self._inner.decompress(packed, len(target))
            if data:
                target[: len(data)] = data
                return len(data)
        return 0


def _read(stream: IO[bytes], size: int) -> bytes:
    """At most `size` bytes, fewer only at the end. Raises BadInput."""
    try:
        return stream.read(size)
    except DAMAGED:
        raise _damaged() from None


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = _read(stream, size)
    if len(data) < size:
        raise _damaged()
    return data


def _members(stream: IO[bytes]) -> Iterator[tuple[Member, Body]]:
    number, headers, told = 0, 0, dict[str, str]()
    while True:
        record = _read(stream, RECORD)
        if len(record) < RECORD or record == bytes(RECORD):  # the end is two empty records; some writers forget them
            if number == 0 and record != bytes(RECORD):
                raise _damaged()
            return
        _check(record)
        flag, size = record[156:157], _size(record)
        if flag in (b"x", b"g", b"L", b"K"):
            headers += 1
            if size > HEADER_BYTES or headers > MOST_HEADERS:
                raise _damaged()
            text = _exactly(stream, size)
            _exactly(stream, -size % RECORD)
            if flag == b"x":
                told |= _pax(text)
            elif flag == b"L":
                told["path"] = _word(text)
            continue
        sparse = flag == b"S" or any(key.startswith("GNU.sparse") for key in told)
        if flag == b"S":
            _skip_map(stream, record)
        said = told.get("size", "")
        size = int(said) if said.isascii() and said.isdigit() and len(said) <= MOST_DIGITS else size
        name = told.get("path") or _name(record)
        kind = OTHER if sparse else DIRECTORY if name.endswith("/") else TYPES.get(flag, OTHER)
        body = Body(stream, 0 if kind in (LINK, DIRECTORY) else size)
        yield Member(number, name, body.left, kind), body
        for _ in body.blocks():
            pass
        _exactly(stream, -(0 if kind in (LINK, DIRECTORY) else size) % RECORD)
        number, headers, told = number + 1, 0, {}


def _skip_map(stream: IO[bytes], record: bytes) -> None:
    """What follows the header of a sparse file (old GNU format): more records as long as each says so."""
    more = record[482]
    for _ in range(HEADER_BYTES // RECORD):
        if not more:
            return
        more = _exactly(stream, RECORD)[504]
    raise _damaged()


def _check(record: bytes) -> None:
    """The sum of a header's bytes, its own field counted as spaces; some writers summed signed bytes."""
    try:
        said = int(record[148:156].strip(b" \0") or b"0", 8)
    except ValueError:
        raise _damaged() from None
    counted = record[:148] + b" " * 8 + record[156:]
    high = sum(byte > 127 for byte in counted)
    if said not in (sum(counted), sum(counted) - 256 * high):
        raise _damaged()


def _size(record: bytes) -> int:
    field = record[124:136]
    if field[0] & 0x80:  # GNU: a binary number
        return int.from_bytes(field[1:], "big")
    try:
        size = int(field.strip(b" \0") or b"0", 8)
    except ValueError:
        raise _damaged() from None
    if size < 0:
        raise _damaged()
    return size


def _name(record: bytes) -> str:
    name = _word(record[:100])
    prefix = _word(record[345:500]) if record[257:263] == b"ustar\0" else ""
    return f"{prefix}/{name}" if prefix else name


def _word(field: bytes) -> str:
    """Up to the first NUL. What is not UTF-8 stays apart from every other name, and is no clean one."""
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _pax(text: bytes) -> dict[str, str]:
    """Records `length key=value` of a pax header."""
    told: dict[str, str] = {}
    place = 0
    while place < len(text) and text[place]:
        space = text.find(b" ", place, place + 8)
        digits = text[place:space] if space > 0 else b""
        end = place + int(digits) if digits.isdigit() else 0
        if not space < end <= len(text):
            raise _damaged()
        key, _, value = text[space + 1 : end].removesuffix(b"\n").partition(b"=")
        told[key.decode("utf-8", "replace")] = value.decode("utf-8", "surrogateescape")
        place = end
    return told
