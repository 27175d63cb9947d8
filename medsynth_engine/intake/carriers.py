"""What a PNG or a JPEG carries besides its picture: found by walking its own blocks, since decoders hide most of it."""

from __future__ import annotations

import re
import struct
from collections import Counter

PNG_PICTURE = {
    b"IHDR",
    b"PLTE",
    b"IDAT",
    b"IEND",
    b"tRNS",
    b"gAMA",
    b"cHRM",
    b"sRGB",
    b"sBIT",
    b"bKGD",
    b"pHYs",
    b"hIST",
}
"""Chunks of the PNG specification that describe the picture and cannot name anybody; they are dropped all the same."""
PNG_KINDS = {
    b"tEXt": "text_chunk",
    b"zTXt": "text_chunk",
    b"iTXt": "text_chunk",
    b"eXIf": "exif",
    b"iCCP": "icc_profile",
    b"tIME": "time",
    b"acTL": "extra_frames",
    b"fcTL": "",
    b"fdAT": "",
}
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
LONGEST_TEXT = 256
"""Of a text that a file carries, what is looked for in the output is its first line, at most so long."""


def found_in_png(data: bytes) -> tuple[Counter[str], list[bytes]]:
    """Kind -> count of what is beside the picture, and texts that must not occur in the output (ISO/IEC 15948)."""
    found: Counter[str] = Counter()
    texts: list[bytes] = []
    place = 8
    while place + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, place)
        body = data[place + 8 : place + 8 + min(length, 4096)]
        place += 12 + length
        if name == b"IEND":
            break
        if name in PNG_PICTURE:
            continue
        kind = PNG_KINDS.get(name, "private_chunk")
        if name == b"iTXt" and body.startswith(b"XML:com.adobe.xmp"):
            kind = "xmp"
        if kind:
            found[kind] += 1
        if name in (b"tEXt", b"iTXt") and kind != "xmp":
            texts.extend(_lines(body.partition(b"\0")[2]))
    if place < len(data):
        found["trailing_bytes"] += 1
    return found, texts


def found_in_jpeg(data: bytes) -> tuple[Counter[str], list[bytes]]:
    """Kind -> count of what is beside the picture, and texts that must not be in the output (ITU-T T.81, annex B)."""
    found: Counter[str] = Counter()
    texts: list[bytes] = []
    place = 2
    while place + 4 <= len(data):
        if data[place] != 0xFF:
            break
        marker = data[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        if marker == 0xD9:
            if place + 2 < len(data.rstrip(b"\0")):
                found["trailing_bytes"] += 1
            return found, texts
        length = struct.unpack_from(">H", data, place + 2)[0]
        body = data[place + 4 : place + 2 + length]
        kind = _segment(marker, body)
        if kind:
            found[kind] += 1
        if marker == 0xFE:
            texts.extend(_lines(body))
        place += 2 + length
        if marker == 0xDA:  # the coded picture follows, up to the next real marker
            following = _NEXT_MARKER.search(data, place)
            if following is None:
                break
            place = following.start()
    return found, texts


def _segment(marker: int, body: bytes) -> str:
    if marker == 0xFE:
        return "comment"
    if not 0xE0 <= marker <= 0xEF:
        return ""
    if marker == 0xE0 and body.startswith(b"JFIF\0"):
        return "thumbnail" if len(body) > 14 else ""
    if marker == 0xEE and body.startswith(b"Adobe"):
        return ""  # how the colours are coded
    if marker == 0xE1 and body.startswith(b"Exif\0"):
        return "exif"
    if marker == 0xE1 and body.startswith(b"http://ns.adobe.com/"):
        return "xmp"
    if marker == 0xE2 and body.startswith(b"ICC_PROFILE\0"):
        return "icc_profile"
    if marker == 0xED:
        return "iptc"
    return "application_segment"


def _lines(text: bytes) -> list[bytes]:
    return [line[:LONGEST_TEXT] for line in re.split(rb"[\r\n\0]+", text)[:64] if len(line) >= 4]
