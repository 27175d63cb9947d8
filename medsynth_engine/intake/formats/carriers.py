"""What a PNG, JPEG, WebP or BMP carries besides its picture: found by walking its own blocks, since decoders hide most
of it. Each walk gives kind -> count, and the texts that must not occur in what is written. `tiff` does the same."""

from __future__ import annotations

import re
import struct
from collections import Counter
from collections.abc import Iterator

from medsynth_engine.intake.formats.readable import LOOKED_AT, inflated, lines, markup, runs
from medsynth_engine.intake.formats.tiff import said_by_exif

Carried = tuple[Counter[str], list[bytes]]

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
PNG_NEEDED = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"eXIf"}
"""What a decoder is given: no chunk that could be a bomb, or that its author forgot to fear."""
PNG_KINDS = {
    b"tEXt": "text_chunk",
    b"zTXt": "text_chunk",
    b"iTXt": "text_chunk",
    b"iCCP": "icc_profile",
    b"tIME": "time",
    b"acTL": "extra_frames",
    b"fcTL": "",
    b"fdAT": "",
}
XMP_KEYWORD = b"XML:com.adobe.xmp"
RIFF_PICTURE = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM"}
RIFF_KINDS = {b"ICCP": "icc_profile", b"XMP ": "xmp"}
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def _trailing(found: Counter[str], texts: list[bytes], rest: bytes, kind: str = "trailing_bytes") -> None:
    if rest.strip(b"\0"):
        found[kind] += 1
        texts.extend(runs(rest))


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of each chunk up to IEND; one that runs over the end of the file is the last (ISO 15948)."""
    place, name = 8, b""
    while place + 12 <= len(data) and name != b"IEND":
        length, name = struct.unpack_from(">I4s", data, place)
        yield name, place, place + 12 + length
        place += 12 + length


def found_in_png(data: bytes) -> Carried:
    """Text, EXIF, XMP, ICC, time, private chunks, further frames, and what follows the picture."""
    found: Counter[str] = Counter()
    texts: list[bytes] = []
    end = 8
    for name, start, end in _png_chunks(data):
        if name in PNG_PICTURE:
            continue
        body = data[start + 8 : min(end - 4, start + 8 + LOOKED_AT)]
        if name == b"eXIf":
            more, words = said_by_exif(body)
            found, texts = found + more, texts + words
            continue
        xmp = name == b"iTXt" and body.startswith(XMP_KEYWORD)
        kind = "xmp" if xmp else PNG_KINDS.get(name, "private_chunk")
        if kind:
            found[kind] += 1
            texts += _png_texts(name, body, xmp)
    _trailing(found, texts, data[end:])
    return found, texts


def _png_texts(name: bytes, body: bytes, xmp: bool) -> list[bytes]:
    after = body.partition(b"\0")[2]
    if name == b"tEXt":
        return lines(after)
    if name in (b"zTXt", b"iCCP"):  # one byte says how it is packed
        unpacked = inflated(after[1:])
        return lines(unpacked) if name == b"zTXt" else runs(unpacked)
    if name == b"iTXt":
        text = after[2:].partition(b"\0")[2].partition(b"\0")[2]
        text = inflated(text) if after[:1] == b"\1" else text
        return markup(text) if xmp else lines(text)
    return runs(body)


def plain_png(data: bytes) -> bytes:
    """The file with the chunks of PNG_NEEDED alone."""
    kept, end = [data[:8]], 8
    for name, start, end in _png_chunks(data):
        if name in PNG_NEEDED or end > len(data):
            kept.append(data[start:end])
    return b"".join(kept)


def found_in_jpeg(data: bytes) -> Carried:
    """Comments, application segments, and what follows the picture (ITU-T T.81, annex B)."""
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
            _trailing(found, texts, data[place + 2 :])
            return found, texts
        length = struct.unpack_from(">H", data, place + 2)[0]
        more, words = _segment(marker, data[place + 4 : place + 2 + length])
        found.update(more)
        texts += words
        place += 2 + length
        if marker == 0xDA:  # the coded picture follows, up to the next real marker
            following = _NEXT_MARKER.search(data, place)
            if following is None:
                break
            place = following.start()
    return found, texts


def _segment(marker: int, body: bytes) -> Carried:
    if marker == 0xFE:
        return Counter(comment=1), lines(body)
    if not 0xE0 <= marker <= 0xEF or (marker == 0xEE and body.startswith(b"Adobe")):  # the latter: how colour is coded
        return Counter(), []
    if marker == 0xE0 and body.startswith(b"JFIF\0"):
        return Counter(thumbnail=1) if len(body) > 14 else Counter(), []
    if marker == 0xE1 and body.startswith(b"Exif\0"):
        return said_by_exif(body[6:])
    if marker == 0xE1 and body.startswith(b"http://ns.adobe.com/"):
        return Counter(xmp=1), markup(body)
    if marker == 0xE2 and body.startswith(b"ICC_PROFILE\0"):
        return Counter(icc_profile=1), runs(body[14:])
    if marker == 0xE2 and body.startswith(b"MPF\0"):
        return Counter(extra_frames=1), []
    return Counter({"iptc" if marker == 0xED else "application_segment": 1}), runs(body)


def found_in_webp(data: bytes) -> Carried:
    """EXIF, XMP, ICC, unknown chunks, frames after the first, and what follows (the WebP container specification)."""
    found: Counter[str] = Counter()
    texts: list[bytes] = []
    end = min(len(data), 8 + struct.unpack_from("<I", data, 4)[0])
    place, frames = 12, 0
    while place + 8 <= end:
        name, length = struct.unpack_from("<4sI", data, place)
        body = data[place + 8 : min(place + 8 + length, place + 8 + LOOKED_AT)]
        place += 8 + length + length % 2
        if name == b"ANMF":
            frames += 1
        elif name == b"EXIF":
            more, words = said_by_exif(body.removeprefix(b"Exif\0\0"))
            found, texts = found + more, texts + words
        elif name not in RIFF_PICTURE:
            found[RIFF_KINDS.get(name, "private_chunk")] += 1
            texts += markup(body) if name == b"XMP " else runs(body)
    if frames > 1:
        found["extra_frames"] += frames - 1
    _trailing(found, texts, data[end:])
    return found, texts


def found_in_bmp(data: bytes) -> Carried:
    """What lies between header and pixels and behind them, and a colour profile (BITMAPV5HEADER)."""
    found: Counter[str] = Counter()
    texts: list[bytes] = []
    if len(data) < 54:
        return found, texts
    start, size = struct.unpack_from("<II", data, 10)
    if size == 12:  # of OS/2: fewer fields, three bytes a colour
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        packing = coded = colours = 0
    else:
        width, height, _, bits, packing, coded, _, _, colours = struct.unpack_from("<iiHHIIiiI", data, 18)
    masks = {3: 12, 6: 16}.get(packing, 0) if size == 40 else 0
    palette = (3 if size == 12 else 4) * (colours or (2**bits if bits <= 8 else 0))
    if size >= 124 and len(data) >= 14 + 124:
        place, length = struct.unpack_from("<II", data, 14 + 112)
        if place and length:
            found["icc_profile"] += 1
            texts += runs(data[14 + place : 14 + place + length])
    _trailing(found, texts, data[14 + size + masks + palette : start], "hidden_bytes")
    rows = (width * bits + 31) // 32 * 4 * abs(height)
    end = start + (coded if packing in (1, 2, 4, 5) else rows)
    _trailing(found, texts, data[end:])
    return found, texts
