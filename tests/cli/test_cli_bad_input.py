"""Bad input gets a clear sentence and exit code 4, and nothing is stored."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from cli_people import Hospital

Case = Callable[[Path, Path], tuple[str | Path, ...]]


def missing_path(folder: Path, pictures: Path) -> tuple[str | Path, ...]:
    return (folder / "absent",)


def missing_table(folder: Path, pictures: Path) -> tuple[str | Path, ...]:
    return (pictures / "images", "--metadata", folder / "absent.csv")


def empty_folder(folder: Path, pictures: Path) -> tuple[str | Path, ...]:
    (folder / "empty").mkdir()
    return (folder / "empty",)


def table_that_names_no_file(folder: Path, pictures: Path) -> tuple[str | Path, ...]:
    (folder / "table.csv").write_text("filename,sex\nother1.png,F\nother2.png,M\n")
    return (pictures / "images", "--metadata", folder / "table.csv")


def table_that_is_no_table(folder: Path, pictures: Path) -> tuple[str | Path, ...]:
    (folder / "table.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
    return (pictures / "images", "--metadata", folder / "table.csv")


def arrays_of_objects(folder: Path, pictures: Path) -> tuple[str | Path, ...]:
    images = np.empty(3, dtype=object)
    images[:] = [{"a": 1}, [2], "three"]
    np.savez(folder / "data.npz", train_images=images, train_labels=np.zeros(3))
    return (folder / "data.npz",)


def column_that_is_not_there(folder: Path, pictures: Path) -> tuple[str | Path, ...]:
    return (pictures / "images", "--metadata", pictures / "metadata.csv", "--columns", "age=NoSuchColumn")


CASES: list[Case] = [
    missing_path,
    missing_table,
    empty_folder,
    table_that_names_no_file,
    table_that_is_no_table,
    arrays_of_objects,
    column_that_is_not_there,
]


def stored(hospital: Hospital) -> tuple[object, list[Path]]:
    """What the ledger and the disk have of datasets: others of this file may have come first."""
    return hospital.alice.gets("datasets", "list"), sorted((hospital.home / "data" / "datasets").glob("[!.]*"))


@pytest.mark.family(share=0.3)
@pytest.mark.parametrize(
    ("verb", "case"),
    [*(("add", case) for case in CASES), ("scan", missing_path), ("scan", arrays_of_objects)],
    ids=lambda value: getattr(value, "__name__", str(value)).replace("_", " "),
)
def test_bad_input_ends_with_4_and_stores_nothing(
    hospital: Hospital, pictures: Path, tmp_path: Path, verb: str, case: Case
) -> None:
    source = case(tmp_path, pictures)
    before = stored(hospital)
    answer = hospital.alice.asks("datasets", verb, *(("bad",) if verb == "add" else ()), *source)
    assert answer.code == 4, answer.out + answer.err
    error = answer.document["error"]
    assert error["message"].endswith(".") and error["hint"]
    assert str(tmp_path) not in answer.out and "Traceback" not in answer.err
    assert stored(hospital) == before


def test_a_truncated_picture_among_good_ones_is_rejected_alone(
    hospital: Hospital, pictures: Path, tmp_path: Path
) -> None:
    shutil.copytree(pictures / "images", tmp_path / "images")
    broken = sorted((tmp_path / "images").iterdir())[0]
    os.truncate(broken, broken.stat().st_size // 2)
    document = hospital.alice.gets("datasets", "add", "mostly", tmp_path / "images")
    assert (document["rejected"], document["accepted"], document["submitted"]) == (1, 239, 240)
    assert sum(document["reasons"].values()) == 1
