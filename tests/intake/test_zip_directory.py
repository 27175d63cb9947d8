"""The entries of a zip are counted before they are listed, whatever its end record claims."""

from __future__ import annotations

import contextlib
import io
import tracemalloc
import zipfile
from pathlib import Path

import intake_bombs as bombs
import numpy as np
import pytest

from medsynth_engine.intake.archives.archive import open_zip
from medsynth_engine.intake.archives.arrays import open_npz
from medsynth_engine.intake.archives.directory import count_entries
from medsynth_engine.intake.options import Limits, Options
from medsynth_engine.intake.tables.table import parse_table
from medsynth_engine.kernel.errors import BadInput

MANY = 1_000_000


def packed(count: int, comment: bytes = b"", before: bytes = b"") -> io.BytesIO:
    stream = io.BytesIO(before)
    stream.seek(0, 2)
    with zipfile.ZipFile(stream, "a") as archive:
        for number in range(count):
            archive.writestr(f"{number}.png", b"x" * number)
        archive.comment = comment
    return stream


@pytest.mark.parametrize("claimed", [MANY, 3])
def test_a_zip_that_lists_a_million_is_refused_in_little_memory(claimed: int, tmp_path: Path) -> None:
    bombs.zip_of_names(tmp_path / "many.zip", MANY, claimed)
    tracemalloc.start()
    try:
        with pytest.raises(BadInput) as caught:
            open_zip(tmp_path / "many.zip", Options())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert caught.value.code == "too_many_members"
    assert peak < 2**20


def test_arrays_and_workbooks_of_too_many_members_are_refused(tmp_path: Path) -> None:
    bombs.zip_of_names(tmp_path / "many.npz", 10_001, 1)
    with pytest.raises(BadInput) as caught:
        open_npz(tmp_path / "many.npz", Options())
    assert caught.value.code == "too_many_arrays"
    with pytest.raises(BadInput) as caught:
        parse_table((tmp_path / "many.npz").read_bytes(), Limits())
    assert caught.value.code == "table_too_large"


@pytest.mark.parametrize("count", [0, 1, 7])
@pytest.mark.parametrize("comment", [b"", b"a comment", b"PK\5 almost", b"c" * 65_535])
@pytest.mark.parametrize("before", [b"", b"#!/bin/sh\n" * 100])
def test_the_count_is_that_of_the_list(count: int, comment: bytes, before: bytes) -> None:
    stream = packed(count, comment, before)
    assert count_entries(stream, 100) == count == len(zipfile.ZipFile(stream).infolist())
    if count == 7:
        assert count_entries(stream, 6) == 7


def test_a_large_zip_is_counted_by_its_own_record(tmp_path: Path) -> None:
    bombs.zip_of_names(tmp_path / "large.zip", 70_000)
    with (tmp_path / "large.zip").open("rb") as stream:
        assert count_entries(stream, 300_000) == 70_000


def test_a_directory_of_endless_names_counts_as_too_many(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "names.zip", "w") as archive:
        for number in range(20):
            archive.writestr("n" * 60_000 + str(number), b"x")
    with pytest.raises(BadInput) as caught:
        open_zip(tmp_path / "names.zip", Options(limits=Limits(archive_members=1_000)))
    assert caught.value.code == "too_many_members"


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_zip_is_refused_as_such_or_listed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    data = bytearray(packed(5, b"comment").getvalue())
    for place in rng.integers(len(data) // 2, len(data), 4):
        data[place] = rng.integers(256)
    with contextlib.suppress(zipfile.BadZipFile):
        assert count_entries(io.BytesIO(bytes(data)), 100) <= 101
