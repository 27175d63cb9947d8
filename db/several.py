"""That several records are in what was signed: one proof for all of them, as short as their neighbours allow.

The tree is that of RFC 6962. `proof` are the nodes beside the ways from the records to the root, each once, from the
leaves up and from left to right, without those that the records themselves make. For one record it is the path of
RFC 9162, section 2.1.3.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection

from db.dialect import rows
from db.merkle import EMPTY, WIDTH, Peaks, node


def proof(connection: Connection, before: Peaks, size: int, numbers: Iterable[int]) -> list[bytes]:
    """The proof of the records `numbers` (from 1; all behind `before`, what was sealed) in the tree of `size`."""
    leaves = rows(connection, "SELECT hash FROM audit WHERE seq > ? AND seq <= ? ORDER BY seq", (before.size, size))
    level, first, peaks = bytearray().join(leaf for (leaf,) in leaves), before.size, list(before.peaks)
    known, width, found = {number - 1 for number in numbers}, size, []
    while width > 1:
        if first & 1:  # the sealed part ends with a whole tree of just this height
            level, first = bytearray(peaks.pop()) + level, first - 1
        nodes = [bytes(level[at : at + WIDTH]) for at in range(0, len(level), WIDTH)]
        found += [nodes[index - first] for index in _beside(known, width)]
        pairs = [node(nodes[at], nodes[at + 1]) for at in range(0, len(nodes) - 1, 2)]
        level = bytearray().join([*pairs, *nodes[2 * len(pairs) :]])
        known, first, width = {index >> 1 for index in known}, first >> 1, (width + 1) >> 1
    return found


def root(leaves: Mapping[int, bytes], size: int, proof: Sequence[bytes]) -> bytes:
    """The root of the tree of `size` in which record `number` (from 1) has the hash `leaves[number]`.

    Raises ValueError where `proof` is not one of these records: too short, too long, or a record beyond the end.
    """
    if not all(0 < number <= size for number in leaves) or any(len(each) != WIDTH for each in proof):
        raise ValueError("there are records beyond the end of the tree")
    known, width, rest = {number - 1: leaf for number, leaf in leaves.items()}, size, iter(proof)
    while width > 1 and known:
        known.update(zip(_beside(known, width), rest, strict=False))
        if _beside(known, width):
            raise ValueError("the proof is too short")
        known = {
            index >> 1: node(known[index & ~1], known[index | 1]) if index | 1 < width else known[index]
            for index in known
        }
        width = (width + 1) >> 1
    if next(rest, None) is not None:
        raise ValueError("the proof is too long")
    return known[0] if known else EMPTY


def _beside(known: Iterable[int], width: int) -> list[int]:
    """The nodes that are needed beside the known ones of a level; the last of an odd number has none beside it."""
    have = set(known)
    return sorted(index ^ 1 for index in have if index ^ 1 not in have and index ^ 1 < width)
