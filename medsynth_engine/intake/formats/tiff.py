"""The directories of a TIFF file (TIFF 6.0, BigTIFF), which EXIF blocks have too: pages, and tags that say something of
people, places or devices."""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import dataclass

from medsynth_engine.intake.formats.readable import LOOKED_AT, lines, markup, runs
from medsynth_engine.intake.reasons import Code, Rejected

MOST_DIRECTORIES = 20_000
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
NUMBERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
NEW_SUBFILE, OLD_SUBFILE, WIDTH, HEIGHT, PHOTOMETRIC = 254, 255, 256, 257, 262
STRIPS, STRIP_BYTES, SUB_DIRECTORIES, TILES, TILE_BYTES = 273, 279, 330, 324, 325
PICTURE_TAGS = (
    {*range(254, 267), 273, 274, 277, 278, 279, 280, 281, 282, 283, 284, 290, 291, 292, 293, 296, 297, 301, 317, 318}
    | {319, 320, 321, 322, 323, 324, 325, 330, 332, 334, 336, 338, 339, 340, 341, 342, 347, 529, 530, 531, 532}
    | {*range(512, 522)}
)
"""Tags that say how the picture is coded; they are dropped all the same."""
DEEPER = {34665: "exif", 34853: "geography", 40965: ""}
"""Tags that lead to a directory of their own (EXIF, GPS, interoperability), and what it is counted as."""
KINDS = {
    **{269: "file_names", 270: "free_text", 285: "free_text", 306: "time", 315: "names", 316: "device_identifiers"},
    **{700: "xmp", 33432: "names", 33723: "iptc", 34377: "iptc", 34675: "icc_profile"},
    **{36867: "time", 36868: "time", 37510: "free_text", 42016: "other_identifiers", 42032: "names"},
    **{42033: "device_identifiers", 42037: "device_identifiers"},
}
"""Tag -> what it is counted as; any other one that is text is `text_tag`, what nobody registered is `private_tag`."""


@dataclass(frozen=True)
class Entry:
    """kind: of the values, as TIFF numbers them; place: of the first byte of `size` bytes."""

    kind: int
    count: int
    place: int
    size: int


@dataclass(frozen=True)
class Directory:
    """One page, or one block of EXIF."""

    data: bytes
    order: str
    entries: dict[int, Entry]

    def numbers(self, tag: int, most: int = 2**20) -> tuple[int, ...]:
        """The whole numbers of a tag; empty where there are none."""
        entry = self.entries.get(tag)
        letter = NUMBERS.get(entry.kind) if entry else None
        if entry is None or letter is None or entry.place + entry.size > len(self.data):
            return ()
        count = min(entry.count, most)
        return struct.unpack_from(f"{self.order}{count}{letter}", self.data, entry.place)

    def number(self, tag: int, otherwise: int = 0) -> int:
        return next(iter(self.numbers(tag, 1)), otherwise)

    @property
    def reduced(self) -> bool:
        """A thumbnail, a mask, or the label of a slide: anything but a page."""
        return bool(self.number(NEW_SUBFILE) & 5) or self.number(OLD_SUBFILE) == 2

    @property
    def size(self) -> tuple[int, int]:
        return self.number(WIDTH), self.number(HEIGHT)

    @property
    def end(self) -> int:
        """Where what belongs to this page ends in the file."""
        ends = [entry.place + entry.size for entry in self.entries.values()]
        for starts, sizes in ((STRIPS, STRIP_BYTES), (TILES, TILE_BYTES)):
            pairs = zip(self.numbers(starts), self.numbers(sizes), strict=False)
            ends.append(max((start + size for start, size in pairs), default=0))
        return max(ends, default=0)


def is_tiff(data: bytes) -> bool:
    return data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def directories(data: bytes) -> tuple[list[Directory], int]:
    """The chain of pages, and where in the file the last of their lists ends; what is damaged ends the chain.

    Raises Rejected where there are more than any file of pictures has.
    """
    order = "<" if data.startswith(b"II") else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    start = _number(data, order, 8 if big else 4, "Q" if big else "I")
    found: list[Directory] = []
    seen: set[int] = set()
    end = 8
    while start and start not in seen:
        seen.add(start)
        read = _directory(data, order, big, start)
        if read is None:
            break
        directory, start, after = read
        found.append(directory)
        end = max(end, after)
        if len(found) > MOST_DIRECTORIES:
            raise Rejected(Code.TOO_MANY_PIXELS)
    return found, end


def _number(data: bytes, order: str, place: int, letter: str) -> int:
    try:
        return struct.unpack_from(order + letter, data, place)[0]
    except struct.error:
        return 0


def _directory(data: bytes, order: str, big: bool, start: int) -> tuple[Directory, int, int] | None:
    """The directory at `start`, the place of the next one, and where this one's list ends."""
    counted, letter, step, inline = (8, "Q", 20, 8) if big else (2, "H", 12, 4)
    count = _number(data, order, start, letter)
    first = start + counted
    if not count or first + count * step > len(data) or count > 65535:
        return None
    entries = {}
    for place in range(first, first + count * step, step):
        tag, kind, many = struct.unpack_from(f"{order}HH{'Q' if big else 'I'}", data, place)
        size = SIZES.get(kind, 1) * many
        here = place + step - inline
        entries[tag] = Entry(
            kind, many, here if size <= inline else _number(data, order, here, "Q" if big else "I"), size
        )
    after = first + count * step
    return Directory(data, order, entries), _number(data, order, after, "Q" if big else "I"), after + inline


def said(directory: Directory, depth: int = 0) -> tuple[Counter[str], list[bytes]]:
    """Kind -> how many tags beside the picture, and the texts in them; EXIF and GPS directories are followed."""
    found: Counter[str] = Counter()
    texts: list[bytes] = []
    for tag, entry in directory.entries.items():
        if tag in PICTURE_TAGS:
            continue
        if tag in DEEPER:
            found.update(filter(None, [DEEPER[tag]]))
            below = _directory(directory.data, directory.order, False, directory.number(tag)) if depth < 2 else None
            if below is not None:
                more, words = said(below[0], depth + 1)
                found, texts = found + more, texts + words
            continue
        value = directory.data[entry.place : entry.place + min(entry.size, LOOKED_AT)]
        kind = KINDS.get(tag) or ("text_tag" if entry.kind == 2 else "private_tag" if depth == 0 else "")
        found.update(filter(None, [kind]))
        texts += lines(value) if entry.kind == 2 else markup(value) if kind == "xmp" else runs(value)
    return found, texts


def said_by_exif(block: bytes) -> tuple[Counter[str], list[bytes]]:
    """What an EXIF block says: the same by its tags, its thumbnail, and every run of letters where it is damaged."""
    found: Counter[str] = Counter(exif=1)
    texts: list[bytes] = []
    if is_tiff(block):
        for directory in directories(block)[0][:2]:
            more, words = said(directory, 0)
            found, texts = found + more, texts + words
        found.pop("private_tag", None)
    found["exif"] = 1
    if b"\xff\xd8\xff" in block:
        found["thumbnail"] += 1
    return found, texts or runs(block)


def pages(data: bytes) -> tuple[list[int], list[Directory], Counter[str], list[bytes]]:
    """The numbers of the pages that are pictures, all pages, what is beside the pictures, and its texts.

    A page that says it is reduced, or whose size is not that of the first page, is a thumbnail, the label or the
    overview of a slide: not taken. Raises Rejected.
    """
    chain, end = directories(data)
    found: Counter[str] = Counter()
    texts: list[bytes] = []
    taken: list[int] = []
    for place, page in enumerate(chain):
        if not page.reduced and (not taken or page.size == chain[taken[0]].size):
            taken.append(place)
        else:
            found["extra_frames"] += 1
        found["extra_frames"] += page.entries[SUB_DIRECTORIES].count if SUB_DIRECTORIES in page.entries else 0
        more, words = said(page)
        found, texts = found + more, texts + words
        end = max(end, page.end)
    if data[end:].strip(b"\0"):
        found["trailing_bytes"] += 1
        texts += runs(data[end:])
    return taken, chain, +found, texts
