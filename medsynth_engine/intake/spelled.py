"""Whether pixels spell an identifier: one that a file hid in its pixel data stays in a picture, however it is coded."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

LONG, VARIED = 12, 6
"""Pixels are no random bytes: noise of ten dark levels spells eight given digits in one picture in a hundred. So many
bytes, so many of them different, are found by chance in none of a million pictures."""
STRIDE = 8
"""Of each eight bytes only the first four are looked at: whatever has eleven bytes has four that begin there."""
Anchors = dict[bytes, list[tuple[int, bytes]]]


def spells(pixels: np.ndarray, identifiers: tuple[bytes, ...]) -> bool:
    """Whether the bytes of pixels, uint8 or uint16 of any shape, hold one of the identifiers that are long enough."""
    anchors, first, second = _anchors(identifiers)
    return bool(anchors) and any(_found(data, anchors, first, second) for data in _bytes(np.ascontiguousarray(pixels)))


def _bytes(pixels: np.ndarray) -> Iterator[np.ndarray]:
    """The pixels as they lie in memory; of 16 bits in both orders of bytes, and their low halves, a sign a pixel."""
    yield pixels.reshape(-1).view(np.uint8)
    if pixels.dtype == np.uint16:
        yield pixels.byteswap().reshape(-1).view(np.uint8)
        yield pixels.reshape(-1).astype(np.uint8)


def _found(data: np.ndarray, anchors: Anchors, first: np.ndarray, second: np.ndarray) -> bool:
    pairs = data[: len(data) // STRIDE * STRIDE].view("<u2").reshape(-1, STRIDE // 2)
    for number in np.flatnonzero(first[pairs[:, 0]] & second[pairs[:, 1]]).tolist():
        place = STRIDE * number
        for offset, value in anchors.get(data[place : place + 4].tobytes(), ()):
            begin = place - offset
            if begin >= 0 and data[begin : begin + len(value)].tobytes() == value:
                return True
    return False


@lru_cache(maxsize=2)  # all pictures of a file have the same identifiers
def _anchors(identifiers: tuple[bytes, ...]) -> tuple[Anchors, np.ndarray, np.ndarray]:
    """Four bytes -> where in which identifiers they stand, and which pairs of bytes begin, and end, such four."""
    anchors: Anchors = {}
    first, second = np.zeros(65536, bool), np.zeros(65536, bool)
    for value in dict.fromkeys(identifiers):
        if len(value) >= LONG and len(set(value)) >= VARIED:
            for offset in range(STRIDE):
                four = value[offset : offset + 4]
                anchors.setdefault(four, []).append((offset, value))
                first[int.from_bytes(four[:2], "little")] = True
                second[int.from_bytes(four[2:], "little")] = True
    return anchors, first, second
