"""DICOM: every file of a public zoo ends in a reason or a picture, whole, cut, zipped or mutated."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from intake_decoding import middle
from intake_dicom_zoo import EXPECTED, inventory, kind_of, outcomes
from PIL import Image

from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.intake.formats import decode
from medsynth_engine.intake.options import Reading
from medsynth_engine.intake.reasons import REASONS, Rejected


def test_every_file_of_the_zoo_ends_as_its_kind_does(zoo: Path) -> None:
    rows = inventory(zoo)
    assert len(rows) == 273
    wrong = {
        row["file"]: ends
        for row in rows
        if not (ends := outcomes((zoo / row["file"]).read_bytes())) <= EXPECTED[kind_of(row)]
    }
    assert not wrong
    assert sum(kind_of(row) == "image" for row in rows) >= 150


def test_the_zoo_as_a_whole_is_taken_in_and_its_counts_add_up(zoo: Path, take: Callable) -> None:
    document, folder = take(zoo, metadata=None)
    counts = [document[name] for name in ("accepted", "quarantined", "rejected")]
    assert sum(counts) == document["submitted"] > 274  # 273 files and their SOURCE.md; frames count one by one
    assert set(document["reasons"]) <= {code.value for code in REASONS}
    assert not {"crashed", "timeout", "out_of_memory"} & set(document["reasons"])
    assert counts[0] >= 50
    assert counts[1] >= 100
    assert len(list((folder / "images").iterdir())) == document["accepted"]
    assert len(list((folder / "quarantine").iterdir())) == document["quarantined"]
    assert (folder / "quarantine").stat().st_mode & 0o077 == 0


def test_a_header_says_how_many_pictures_the_file_gives(zoo: Path) -> None:
    for row in inventory(zoo):
        data = (zoo / row["file"]).read_bytes()
        try:
            total = decode.opened(data, Reading()).total
        except Rejected:
            continue
        header = decode.header(data, Reading())
        assert header.pictures == total, row["file"]
        assert header.modality in ("", row["modality"])
    report = next(row for row in inventory(zoo) if row["modality"] == "SR")
    assert decode.header((zoo / report["file"]).read_bytes(), Reading()).pictures == 0


def test_cut_files_are_rejected_never_silently_wrong(zoo: Path) -> None:
    names = [row["file"] for row in inventory(zoo) if row["pixels"].startswith("(")][::6]
    for name in names:
        data = (zoo / name).read_bytes()
        try:
            whole = middle(data).pixels
        except Rejected:
            continue
        for share in (0.5, 0.95):
            try:
                cut = middle(data[: int(len(data) * share)]).pixels
            except Rejected:
                continue
            assert np.array_equal(cut, whole), name


def test_the_zoo_in_a_zip_is_the_zoo(zoo: Path, tmp_path: Path, take: Callable) -> None:
    files = sorted((zoo / "pydicom" / "test_files").glob("*.dcm"))[:60]
    path = tmp_path / "zoo.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in files:
            archive.write(file, file.name)
    folder_source = tmp_path / "zoo"
    folder_source.mkdir()
    for file in files:
        (folder_source / file.name).write_bytes(file.read_bytes())
    zipped, one = take(path, "zipped")
    plain, other = take(folder_source, "plain")
    assert zipped["submitted"] == plain["submitted"] >= 60
    assert zipped["reasons"] == plain["reasons"]
    assert Dataset(one).digest() == Dataset(other).digest()
    for record in Dataset(one).records()["record"]:
        assert np.array_equal(
            np.asarray(Image.open(Dataset(one).path(record))), np.asarray(Image.open(Dataset(other).path(record)))
        )


def test_mutated_files_all_end_in_the_ledger_and_the_pool_lives(zoo: Path, tmp_path: Path, take: Callable) -> None:
    rng = np.random.default_rng(11)
    source = tmp_path / "in"
    source.mkdir()
    files = [path for path in sorted(zoo.rglob("*.dcm")) if path.stat().st_size < 60_000]
    (source / "good.dcm").write_bytes((zoo / "pydicom/test_files/MR_small.dcm").read_bytes())
    for number in range(150):
        data = bytearray(files[int(rng.integers(len(files)))].read_bytes())
        for _ in range(int(rng.integers(1, 12))):
            data[int(rng.integers(0, min(len(data), 3000)))] = int(rng.integers(0, 256))
        (source / f"{number}.dcm").write_bytes(bytes(data))
    document, folder = take(source)
    assert document["submitted"] == 151
    assert document["accepted"] + document["quarantined"] + document["rejected"] == 151
    assert len(Dataset(folder).submissions()) == 151
    assert document["accepted"] >= 1
