"""Texts in bytes that nobody described: what an identifier would be looked for by, once its carrier is dropped."""

from __future__ import annotations

import re
import zlib

LONGEST = 256
"""Of a text that a file carries, what is looked for in the output is its first line, at most so long."""
LOOKED_AT = 64 * 1024
"""Bytes of one carrier that are read; also the most that a packed one is unpacked to."""
MOST = 64
"""Texts of one carrier."""
SHORTEST = 4

_LINES = re.compile(rb"[\r\n\0]+")
_RUNS = re.compile(rb"[\x20-\x7e\xa0-\xff]{6,256}")
_WIDE = re.compile(rb"(?:[\x20-\x7e]\0){4,256}|(?:\0[\x20-\x7e]){4,256}")
_BETWEEN_TAGS = re.compile(rb">\s*([^<>]{4,256}?)\s*<|=\"([^\"<>]{4,256})\"")
_NAMESPACE = (b"http://", b"https://", b"adobe:", b"uuid:", b"xmp.")


def lines(text: bytes) -> list[bytes]:
    """The lines of what is known to be text."""
    return [line[:LONGEST] for line in _LINES.split(text[:LOOKED_AT])[:MOST] if len(line) >= SHORTEST]


def runs(data: bytes) -> list[bytes]:
    """Runs of letters in binary data, of one or of two bytes a letter (the latter as one byte a letter)."""
    part = data[:LOOKED_AT]
    wide = [match.group().replace(b"\0", b"") for match in _WIDE.finditer(part)]
    return [*wide, *(match.group().strip() for match in _RUNS.finditer(part))][:MOST]


def markup(text: bytes) -> list[bytes]:
    """What stands between the tags, and in the attributes, of XMP and other XML; names of schemas are left out."""
    found = (match.group(1) or match.group(2) for match in _BETWEEN_TAGS.finditer(text[:LOOKED_AT]))
    return [value for value in found if not value.startswith(_NAMESPACE)][:MOST]


def inflated(packed: bytes) -> bytes:
    """The start of a zlib stream; as much as can be read of a damaged one."""
    try:
        return zlib.decompressobj().decompress(packed, LOOKED_AT)
    except zlib.error:
        return b""
