"""The header of a NIfTI volume in a single file (NIfTI-1 and -2, plain or in gzip): its numbers and its texts.

Own reader: a few fields at fixed places, and never more of a packed file than is needed.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np

from medsynth_engine.intake.formats.faces import PLANES, Plane
from medsynth_engine.intake.formats.readable import LOOKED_AT, lines, runs
from medsynth_engine.intake.reasons import Code, Rejected

GZIP = b"\x1f\x8b"
HEADER_BYTES = 544
NIFTI_1 = {
    "dim": (40, "8h"),
    "intent": (68, "h"),
    "kind": (70, "h"),
    "pixdim": (76, "8f"),
    "offset": (108, "f"),
    "slope": (112, "f"),
    "qform": (252, "h"),
    "sform": (254, "h"),
    "quaternion": (256, "3f"),
    "rows": (280, "12f"),
}
NIFTI_2 = {
    "dim": (16, "8q"),
    "intent": (504, "i"),
    "kind": (12, "h"),
    "pixdim": (104, "8d"),
    "offset": (168, "q"),
    "slope": (176, "d"),
    "qform": (344, "i"),
    "sform": (348, "i"),
    "quaternion": (352, "3d"),
    "rows": (400, "12d"),
}
"""Field -> place and struct letters, as the two standards lay them out (nifti1.h, nifti2.h)."""
TEXTS_1 = ((4, 10), (14, 18), (148, 80), (228, 24), (328, 16))
TEXTS_2 = ((240, 80), (320, 24), (508, 16))
"""Place and length: data_type, db_name, descrip, aux_file, intent_name."""
LABEL_INTENT = 1002
KINDS = {
    **{2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8"},
    **{128: "3u1", 2304: "4u1"},
}
"""NIfTI's number of a data type -> numpy's; the last two are RGB and RGBA."""


@dataclass(frozen=True)
class Volume:
    """shape: voxels along the three axes as stored; dtype of a voxel; offset: of the first one; volumes: in the file.

    affine    3 x 3: millimetres to the right, to the front and up (RAS) for a step along each stored axis, or None
    inverted  higher numbers mean less (a negative slope)
    """

    shape: tuple[int, int, int]
    dtype: np.dtype
    offset: int
    volumes: int
    affine: np.ndarray | None
    inverted: bool
    labels: bool

    @property
    def bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def is_nifti(data: bytes) -> bool:
    """By the magic words; a header whose voxels lie in another file (`ni1`) is none."""
    start = unpacked(data, HEADER_BYTES) if data.startswith(GZIP) else data[:HEADER_BYTES]
    sizes = {struct.unpack(order + "i", start[:4])[0] for order in "<>"} if len(start) >= 352 else set()
    return (348 in sizes and start[344:348] == b"n+1\0") or (
        540 in sizes and start[4:7] == b"n+2" and len(start) >= 544
    )


def unpacked(data: bytes, most: int) -> bytes:
    """At most `most` bytes of a gzip file; what can be read of a damaged one."""
    try:
        return zlib.decompressobj(31).decompress(data, most)
    except zlib.error:
        return b""


def volume(start: bytes) -> Volume:
    """The header at the start of the unpacked file. Raises Rejected where it describes no volume."""
    order: Literal["<", ">"] = "<" if struct.unpack("<i", start[:4])[0] in (348, 540) else ">"
    fields = NIFTI_2 if struct.unpack(order + "i", start[:4])[0] == 540 else NIFTI_1
    read = {name: struct.unpack_from(order + letters, start, place) for name, (place, letters) in fields.items()}
    axes, *extents = read["dim"]
    extents = [int(extent) for extent in extents[:axes]] if 1 <= axes <= 7 else []
    kind = KINDS.get(read["kind"][0])
    offset = read["offset"][0]
    if len(extents) < 2 or min(extents) < 1 or kind is None or not 0 <= offset < 2**31:
        raise Rejected(Code.UNREADABLE)
    shape = (*extents[:3], 1)[:3]
    slope = read["slope"][0]
    return Volume(
        shape,
        np.dtype(kind).newbyteorder(order),
        max(int(offset), 352 if fields is NIFTI_1 else 544),
        math.prod(extents[3:]),
        _affine(read),
        math.isfinite(slope) and slope < 0,
        read["intent"][0] == LABEL_INTENT,
    )


def _affine(read: dict[str, tuple]) -> np.ndarray | None:
    """The better of the two orientations of the standard: the affine rows, else the quaternion; None without either."""
    if read["sform"][0] > 0:
        affine = np.array(read["rows"], float).reshape(3, 4)[:, :3]
    elif read["qform"][0] > 0:
        b, c, d = read["quaternion"]
        a = math.sqrt(max(0.0, 1 - b * b - c * c - d * d)) if all(map(math.isfinite, (b, c, d))) else math.nan
        turn = np.array(
            [
                [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
                [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
                [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
            ]
        )
        side, *steps = read["pixdim"][:4]
        affine = turn * np.abs(steps) * np.array([1, 1, -1 if side < 0 else 1])
    else:
        return None
    usable = np.isfinite(affine).all() and (np.abs(affine).max(axis=0) > 0).all()
    return affine if usable else None


def said(start: bytes, found_volume: Volume, data: bytes) -> tuple[Counter[str], list[bytes]]:
    """What beside voxels and numbers is in the file: texts of the header, its extensions, the names in gzip's header.

    start: the unpacked file up to its voxels, or as much of that as is looked at; data: the file.
    """
    found: Counter[str] = Counter()
    texts: list[bytes] = []
    second = start[4:7] == b"n+2"
    for place, length in TEXTS_2 if second else TEXTS_1:
        words = start[place : place + length].partition(b"\0")[0].strip()
        if words:
            found["header_text"] += 1
            texts += lines(words)
    extensions = start[544 if second else 352 : found_volume.offset]
    if start[540 if second else 348 :][:1] not in (b"", b"\0") or extensions.strip(b"\0"):
        found["header_extensions"] += 1
        texts += runs(extensions)
    if data.startswith(GZIP):
        more, names = _said_by_gzip(data)
        found, texts = found + more, texts + names
    return found, texts


def _said_by_gzip(data: bytes) -> tuple[Counter[str], list[bytes]]:
    """The fields of RFC 1952 that name a file, a time, or anything."""
    found: Counter[str] = Counter()
    texts: list[bytes] = []
    flags, place = data[3], 10
    if data[4:8] != bytes(4):
        found["time"] += 1
    if flags & 4:
        length = int.from_bytes(data[place : place + 2], "little")
        texts += runs(data[place + 2 : place + 2 + length])
        found["private_chunk"] += 1
        place += 2 + length
    for flag, kind in ((8, "file_names"), (16, "comment")):
        if flags & flag:
            text = data[place : place + LOOKED_AT].partition(b"\0")[0]
            found[kind] += 1
            texts += lines(text)
            place += len(text) + 1
    return found, texts


def stored_axes(affine: np.ndarray) -> tuple[tuple[int, ...], tuple[bool, ...]]:
    """For each axis of the body (right, front, up): the stored axis nearest to it, and whether that runs against it."""
    lengths = affine / np.linalg.norm(affine, axis=0)
    orders = ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))
    best = max(orders, key=lambda order: sum(abs(lengths[body, stored]) for body, stored in enumerate(order)))
    return best, tuple(bool(lengths[body, stored] < 0) for body, stored in enumerate(best))


def plane_number(axis: Plane) -> int:
    """The axis of the body on which slices of that plane stand: 0 right, 1 front, 2 up."""
    return PLANES.index(axis)
