"""Thousands of damaged files through the real intake: each ends in the ledger, and the intake lives.

`make fuzz` runs all of them, `make test` a tenth. A number and the seed name a file: the same on every machine.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from intake_apart import GIGABYTE, Ended, check_balance, take_apart
from intake_mutations import SEED, mutated, mutated_inside, sound_files

PICTURES = {"dicom": 2000, "png": 1000, "jpeg": 1000, "tiff": 300, "bmp": 300, "webp": 300, "nifti": 300}
CONTAINERS = {"npz": 500, "zip": 500, "csv": 500, "tar": 300, "xlsx": 300, "parquet": 300}
AT_ONCE = 500
ENDINGS = {"tar": ".tar", "nifti": ".nii"}


def damaged(kind: str, count: int, folder: Path, data_folder: Path) -> list[Path]:
    """`count` damaged files of a kind, written into the folder."""
    folder.mkdir()
    sound = sound_files(kind, data_folder)
    made = []
    for number in range(count):
        rng = np.random.default_rng([SEED, number, *kind.encode()])
        damage = mutated if number % 2 else mutated_inside
        data = damage(sound[number % len(sound)], sound[int(rng.integers(len(sound)))], rng)
        made.append(folder / f"{number:05d}{ENDINGS.get(kind, f'.{kind}')}")
        made[-1].write_bytes(data)
    return made


def check(ended: list[Ended]) -> None:
    for number, one in enumerate(ended):
        assert not one.uncaught, f"container {number}: {one.uncaught}"
        assert one.peak < GIGABYTE
        if not one.code:
            check_balance(one.document)
            assert "timeout" not in one.document["reasons"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", PICTURES)
def test_a_damaged_file_costs_itself_alone(kind: str, share: float, data_folder: Path, tmp_path: Path) -> None:
    count = int(PICTURES[kind] * share)
    files = damaged(kind, count, tmp_path / "all", data_folder)
    folders = []
    for number in range(0, count, AT_ONCE):
        folders.append(tmp_path / f"part{number}")
        folders[-1].mkdir()
        for file in files[number : number + AT_ONCE]:
            file.rename(folders[-1] / file.name)
    ended = take_apart(folders, tmp_path / "out", seconds=300 + count)
    check(ended)
    assert sum(one.document["submitted"] for one in ended) >= count
    assert sum(one.document["accepted"] + one.document["quarantined"] for one in ended) > 0
    assert sum(one.document["rejected"] for one in ended) > 0
    crashed = sum(one.document["reasons"].get("crashed", 0) for one in ended)
    assert crashed <= count / 100, f"{crashed} files killed their decoder"


@pytest.mark.slow
@pytest.mark.parametrize("kind", CONTAINERS)
def test_a_damaged_container_is_refused_or_taken(kind: str, share: float, data_folder: Path, tmp_path: Path) -> None:
    count = int(CONTAINERS[kind] * share)
    files = damaged(kind, count, tmp_path / "all", data_folder)
    ended = take_apart(files, tmp_path / "out", seconds=300 + 5 * count, scans=True)
    check(ended)
    assert max(one.seconds for one in ended) < 30
    assert any(one.code for one in ended)
    assert kind == "parquet" or any(not one.code for one in ended)  # Parquet breaks at the first wrong bit
