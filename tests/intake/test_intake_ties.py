"""An append finds the people of the dataset by whatever says whose a picture is, also of pictures in quarantine."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pydicom
import pytest
from intake_pieces import KEY, always, photograph, quiet
from PIL import Image
from test_intake_append import add
from test_intake_stacks import slice_file

from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.intake.pseudonym import patient_of
from medsynth_engine.intake.revise.revise import revise
from medsynth_engine.intake.revise.revised_tables import Change
from medsynth_engine.intake.ties import NAME as TIES
from medsynth_engine.intake.ties import read_ties

PEOPLE = 30


def pictures(folder: Path, first: int, head: str, rows: Callable[[int], str], count: int = PEOPLE) -> Path:
    """`count` different pictures, and a table with one row each."""
    folder.mkdir()
    lines = [head]
    for number in range(count):
        Image.fromarray(photograph(first + number, (64, 64))).save(folder / f"{first + number:04d}.png")
        lines.append(f"{first + number:04d}.png,{rows(number)}")
    (folder / "metadata.csv").write_text("\n".join(lines))
    return folder


def slices(folder: Path, first: int, patients: Callable[[int], str], table: bool) -> Path:
    """One slice of each of PEOPLE studies under a patient of its header, and perhaps a table with ids of its own."""
    folder.mkdir()
    lines = ["filename,patient_id"]
    for number in range(PEOPLE):
        path = folder / f"{first + number:04d}.dcm"
        slice_file(path, first + number, number)
        data = pydicom.dcmread(path)
        data.PatientID, data.StudyInstanceUID = patients(number), f"1.2.3.{number}"
        data.save_as(path)
        lines.append(f"{path.name},T{number:04d}")
    if table:
        (folder / "metadata.csv").write_text("\n".join(lines))
    return folder


def revised(folder: Path, target: Path, changes: dict[str, Change]) -> Path:
    revise(folder, target, changes, KEY, quiet, always)
    return target


def paired(folder: Path, old: Path) -> pd.DataFrame:
    """The folds and groups of a dataset: as many groups as people, none of them in two folds."""
    records = Dataset(folder).records()
    assert len(records) == 2 * PEOPLE
    assert (records.groupby("group")["fold"].nunique() == 1).all()
    assert set(records["group"]) == set(Dataset(old).records()["group"])
    return records


def test_a_lesion_that_only_one_side_gives_a_patient_is_one_person(tmp_path: Path, take: Callable) -> None:
    one = pictures(tmp_path / "one", 0, "filename,patient_id,lesion_id", lambda n: f"P{n:04d},L{n:04d}")
    two = pictures(tmp_path / "two", 100, "filename,lesion_id", lambda n: f"L{n:04d}")
    _, folder = take(one)
    assert len(read_ties(folder)) == PEOPLE
    add(two, folder, tmp_path / "v2")
    paired(tmp_path / "v2", folder)


def test_a_header_that_the_table_hid_is_one_person(tmp_path: Path, take: Callable) -> None:
    _, folder = take(slices(tmp_path / "one", 0, lambda n: f"MRN{n:05d}", table=True))
    add(slices(tmp_path / "two", 100, lambda n: f"MRN{n:05d}", table=False), folder, tmp_path / "v2")
    paired(tmp_path / "v2", folder)


def test_a_study_whose_patient_is_given_once_is_one_person(tmp_path: Path, take: Callable) -> None:
    _, folder = take(slices(tmp_path / "one", 0, lambda n: f"MRN{n:05d}", table=False))
    add(slices(tmp_path / "two", 100, lambda _: "", table=False), folder, tmp_path / "v2")
    paired(tmp_path / "v2", folder)


def test_ties_are_remembered_from_append_to_append(tmp_path: Path, take: Callable) -> None:
    _, folder = take(pictures(tmp_path / "one", 0, "filename,patient_id", lambda n: f"P{n:04d}"))
    two = pictures(tmp_path / "two", 100, "filename,patient_id,lesion_id", lambda n: f"P{n:04d},L{n:04d}")
    add(two, folder, tmp_path / "v2")
    three = pictures(tmp_path / "three", 200, "filename,lesion_id", lambda n: f"L{n:04d}")
    add(three, tmp_path / "v2", tmp_path / "v3")
    assert set(Dataset(tmp_path / "v3").records()["group"]) == set(Dataset(folder).records()["group"])


def test_a_dataset_that_knows_no_ties_can_still_be_added_to(tmp_path: Path, take: Callable) -> None:
    one = pictures(tmp_path / "one", 0, "filename,patient_id,lesion_id", lambda n: f"P{n:04d},L{n:04d}")
    _, folder = take(one)
    (folder / TIES).unlink()
    two = pictures(tmp_path / "two", 100, "filename,patient_id", lambda n: f"P{n:04d}")
    add(two, folder, tmp_path / "v2")
    paired(tmp_path / "v2", folder)


def test_a_version_carries_ties_and_forgets_those_of_what_is_rejected(tmp_path: Path, take: Callable) -> None:
    one = pictures(tmp_path / "one", 0, "filename,patient_id,lesion_id", lambda n: f"P{n:04d},L{n:04d}")
    _, folder = take(one)
    gone, held = Dataset(folder).records()["record"][:2]
    v2 = revised(folder, tmp_path / "v2", {gone: Change("reject"), held: Change("quarantine", reason="burned_in_text")})
    before, after = read_ties(folder), read_ties(v2)
    pd.testing.assert_frame_equal(after, before[before["record"] != gone].reset_index(drop=True))
    assert held in set(after["record"])


@pytest.fixture
def held(tmp_path: Path, take: Callable) -> dict[str, Any]:
    """A dataset of PEOPLE, of whom one of the holdout lies in quarantine: its record and picture, and who trains."""
    source = pictures(tmp_path / "one", 0, "filename,patient_id", lambda n: f"P{n:04d}")
    _, folder = take(source)
    person = {patient_of(KEY, f"P{number:04d}"): number for number in range(PEOPLE)}
    records = Dataset(folder).records()
    row, trained = (records[records["fold"] == fold].iloc[0] for fold in ("holdout", "training"))
    v2 = revised(folder, tmp_path / "v2", {row["record"]: Change("quarantine", reason="burned_in_text")})
    picture = source / f"{person[row['patient']]:04d}.png"
    return {"folder": v2, "record": row["record"], "picture": picture, "trained": f"P{person[trained['patient']]:04d}"}


@pytest.mark.parametrize("patient", ["someone new", "someone of the training fold"])
def test_a_twin_of_a_picture_in_quarantine_shares_its_fold_when_that_is_accepted(
    patient: str, held: dict[str, Any], tmp_path: Path
) -> None:
    twin = tmp_path / "twin"
    twin.mkdir()
    shutil.copy(held["picture"], twin / "twin.png")
    name = held["trained"] if patient != "someone new" else "P7777"
    (twin / "metadata.csv").write_text(f"filename,patient_id\ntwin.png,{name}\n")
    before = Dataset(held["folder"]).records()
    document = add(twin, held["folder"], tmp_path / "v3")
    assert (document["accepted"], document["duplicates"]) == (1, 1)
    records = Dataset(revised(tmp_path / "v3", tmp_path / "v4", {held["record"]: Change("accept")})).records()
    same = records[records["pixels"] == records.set_index("record").loc[held["record"], "pixels"]]
    assert len(same) == 2
    assert same["fold"].nunique() == same["group"].nunique() == 1
    assert same["fold"].iloc[0] == ("training" if patient != "someone new" else "holdout")
    kept = records[records["record"].isin(before["record"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept[["record", "group", "fold"]], before[["record", "group", "fold"]])
