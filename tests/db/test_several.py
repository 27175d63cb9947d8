"""One proof for several records: it holds for every choice of them, and for nothing that was bent."""

from __future__ import annotations

import hashlib
import itertools
import sqlite3
from collections.abc import Iterator

import pytest
import sqlalchemy

from db import several
from db.merkle import Peaks, included


def leaf(number: int) -> bytes:
    return hashlib.sha256(b"\x00" + bytes([number])).digest()


def tree(size: int) -> Peaks:
    peaks = Peaks()
    for number in range(1, size + 1):
        peaks.add(leaf(number))
    return peaks


@pytest.fixture
def connection() -> Iterator[sqlalchemy.Connection]:
    engine = sqlalchemy.create_engine("sqlite://", creator=lambda: sqlite3.connect(":memory:"))
    with engine.connect() as made:
        made.exec_driver_sql("CREATE TABLE audit (seq INTEGER PRIMARY KEY, hash BLOB)")
        for number in range(1, 20):
            made.exec_driver_sql("INSERT INTO audit VALUES (?, ?)", (number, leaf(number)))
        yield made


def test_every_choice_of_records_is_proved_in_trees_of_every_size_whatever_was_sealed(
    connection: sqlalchemy.Connection,
) -> None:
    for size, sealed in itertools.product(range(1, 20), (0, 1, 3, 6, 8, 11)):
        behind = list(range(sealed + 1, size + 1))
        for chosen in (behind[:1], behind[-1:], behind[::3], behind[1::2], behind):
            if chosen:
                proof = several.proof(connection, tree(sealed), size, chosen)
                assert several.root({number: leaf(number) for number in chosen}, size, proof) == tree(size).root()


def test_of_one_record_it_is_the_path_of_rfc_9162(connection: sqlalchemy.Connection) -> None:
    for size in range(1, 20):
        for number in range(1, size + 1):
            proof = several.proof(connection, Peaks(), size, [number])
            assert included(leaf(number), number - 1, size, proof, tree(size).root())


def test_nothing_bent_is_proved(connection: sqlalchemy.Connection) -> None:
    chosen, root = {3: leaf(3), 7: leaf(7), 19: leaf(19)}, tree(19).root()
    proof = several.proof(connection, Peaks(), 19, chosen)
    assert several.root(chosen, 19, proof) == root
    bent = [{**chosen, 3: leaf(4)}, {3: leaf(3), 8: leaf(7), 19: leaf(19)}, {3: leaf(7), 7: leaf(3), 19: leaf(19)}]
    for wrong in bent:
        try:
            assert several.root(wrong, 19, proof) != root
        except ValueError:
            continue
    for leaves, size, nodes in (
        (chosen, 19, proof[:-1]), (chosen, 19, [*proof, root]), (chosen, 18, proof), ({**chosen, 20: root}, 19, proof),
        ({0: root, **chosen}, 19, proof), (chosen, 19, [b"short", *proof[1:]]), ({3: leaf(3)}, 19, proof),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"proof|beyond"):
            several.root(leaves, size, nodes)
