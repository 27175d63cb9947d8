"""The Merkle tree of RFC 6962 over the records of the chain: one hash that stands for all of them.

A record's own hash is a leaf of it: SHA-256(0x00 || fields || hash before). An inner node is SHA-256(0x01 || left ||
right). Only the peaks are kept (the roots of the whole trees that the size's binary digits name), so that a million
records are added one by one in constant memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

EMPTY = hashlib.sha256(b"").digest()
"""The root of no records."""
WIDTH = 32


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Peaks:
    """A tree that grows at its right edge. `size` is how many leaves it has."""

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size = size
        self.peaks = list(peaks)
        if len(self.peaks) != size.bit_count() or any(len(peak) != WIDTH for peak in self.peaks):
            raise ValueError("these are not the peaks of a tree of that size")

    def add(self, leaf: bytes) -> None:
        size = self.size
        while size & 1:
            leaf = hashlib.sha256(b"\x01" + self.peaks.pop() + leaf).digest()
            size >>= 1
        self.peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        if not self.peaks:
            return EMPTY
        found = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            found = node(peak, found)
        return found

    def packed(self) -> bytes:
        return b"".join(self.peaks)

    @classmethod
    def unpacked(cls, size: int, packed: bytes) -> Peaks:
        """Raises ValueError where these are not the peaks of a tree of that size."""
        return cls(size, (packed[start : start + WIDTH] for start in range(0, len(packed), WIDTH)))


def included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `path` proves that `leaf` is record `index` (from 0) of the tree: RFC 9162, section 2.1.3.2."""
    if not 0 <= index < size:
        return False
    found, last, rest = leaf, size - 1, list(path)
    while last:
        if index & 1 or index < last:
            if not rest:
                return False
            beside = rest.pop(0)
            found = node(beside, found) if index & 1 else node(found, beside)
        index, last = index >> 1, last >> 1
    return not rest and found == root
