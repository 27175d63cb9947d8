"""One record a picture of a stack; series, slices and headers choose before decoding; known files stay shut."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from intake_pieces import KEY, always, quiet
from pydicom.dataset import Dataset as Header
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage, generate_uid

from medsynth_engine.intake import pool
from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.intake.options import Options
from medsynth_engine.intake.take_in import take_in
from medsynth_engine.kernel import stack_choice
from medsynth_engine.kernel.errors import BadInput

UID = "1.2.826.0.1.3680043.8.498."


def slice_file(path: Path, series: int, place: int, modality: str = "CT", part: str = "CHEST") -> None:
    """An axial slice of 48 x 48 whose mean brightness is its place; file names and instance numbers run backwards."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage if modality == "CT" else MRImageStorage
    meta.MediaStorageSOPInstanceUID, meta.TransferSyntaxUID = generate_uid(), ExplicitVRLittleEndian
    data = FileDataset(str(path), Header(), file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    data.PatientID, data.PatientName = f"MRN{series:05d}", "Doe^Jane"
    data.StudyInstanceUID, data.SeriesInstanceUID = f"{UID}1.{series}", f"{UID}2.{series}"
    data.Modality, data.BodyPartExamined, data.InstanceNumber = modality, part, 100 - place
    data.ImageOrientationPatient, data.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, -50 + 5 * place]
    data.Rows = data.Columns = 48
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 8, 8, 7, 0
    data.WindowCenter, data.WindowWidth = 128, 256
    noise = np.random.default_rng(1000 * series + place).integers(0, 9, (48, 48))
    data.PixelData = (noise + 10 * place).astype(np.uint8).tobytes()
    data.save_as(path, enforce_file_format=True)


@pytest.fixture
def chests(tmp_path: Path) -> Path:
    """Two CT series of ten slices and an MR series of four, in one folder."""
    folder = tmp_path / "chests"
    folder.mkdir()
    for series, count, modality in ((1, 10, "CT"), (2, 10, "CT"), (3, 4, "MR")):
        for place in range(count):
            slice_file(folder / f"s{series}-{count - place:02d}.dcm", series, place, modality)
    return folder


def brightness(folder: Path) -> list[float]:
    """Ten for each place of the slices that were taken."""
    dataset = Dataset(folder)
    pictures = dataset.images(dataset.records(), 48)
    return sorted(float(round(picture.mean() / 10)) for picture in pictures)


def test_every_frame_of_a_file_is_a_record_of_its_patient(data_folder: Path, take: Callable) -> None:
    source = data_folder / "dicom_a" / "pydicom_data" / "emri_small.dcm"
    document, folder = take(source, faces="keep")
    assert (document["submitted"], document["accepted"]) == (10, 10)
    records = Dataset(folder).records()
    assert records["record"].is_unique
    assert records["patient"].nunique() == records["group"].nunique() == 1


def test_a_choice_takes_the_same_frames_as_the_file_has_in_that_place(data_folder: Path, take: Callable) -> None:
    source = data_folder / "dicom_a" / "pydicom_data" / "emri_small.dcm"
    _, whole = take(source, "whole", faces="keep")
    document, some = take(source, "some", faces="keep", slices="3-5")
    assert document["submitted"] == 3
    ids = set(Dataset(some).records()["record"])
    assert len(ids) == 3 and ids < set(Dataset(whole).records()["record"])


def test_the_middle_of_a_series_is_its_middle_in_space(chests: Path, take: Callable) -> None:
    document, folder = take(chests, slices="middle")
    assert document["submitted"] == document["accepted"] == 3
    assert brightness(folder) == [2.0, 5.0, 5.0]
    assert any("21 files were left out" in warning for warning in document["warnings"])


def test_slices_of_single_pictures_leave_them_alone(photographs: Path, take: Callable) -> None:
    document, _ = take(photographs, slices="4-6")
    assert document["accepted"] == 12


def test_headers_answer_where_and_series_by_their_keyed_ids(chests: Path, take: Callable, look: Callable) -> None:
    document, folder = take(chests, "mr", where={"modality": "mr"})
    assert document["submitted"] == 4
    assert set(Dataset(folder).records()["modality"]) == {"MR"}
    survey = look(chests)
    listed = {one["series"]: one["pictures"] for one in survey["series"]}
    assert sorted(listed.values()) == [4, 10, 10]
    assert UID not in str(survey)
    chosen = next(series for series, pictures in listed.items() if pictures == 10)
    document, _ = take(chests, "one", series=(chosen,))
    assert document["submitted"] == 10


def test_a_choice_that_leaves_nothing_is_bad_input(chests: Path, take: Callable) -> None:
    for options in ({"series": ("s0000000000",)}, {"where": {"modality": "US"}}):
        with pytest.raises(BadInput) as refusal:
            take(chests, **options)
        assert refusal.value.code == "nothing_left"
    with pytest.raises(BadInput, match="chooses no pictures"):
        take(chests, slices="some")


def test_a_folder_that_is_known_is_not_opened_again(chests: Path, take: Callable, monkeypatch) -> None:
    (chests / "letter.pdf").write_bytes(b"%PDF-1.4 nothing")
    document, first = take(chests)
    assert (document["accepted"], document["rejected"]) == (24, 1)
    opened: list[int] = []
    real = pool.run

    def counted(setup, tasks, count, wanted):
        opened.append(count)
        return real(setup, tasks, count, wanted)

    monkeypatch.setattr(pool, "run", counted)
    again = first.with_name("set-v2")
    with pytest.raises(BadInput) as refusal:
        take_in(chests, Options.of("set", append=True), again, KEY, quiet, always, earlier=first)
    assert refusal.value.code == "nothing_new"
    assert opened == []
    slice_file(chests / "new.dcm", 4, 7)
    document = take_in(chests, Options.of("set", append=True), again, KEY, quiet, always, earlier=first)
    assert opened == [1]
    assert (document["submitted"], document["accepted"]) == (26, 1)
    assert document["reasons"] == {"already_there": 24, "unknown_format": 1}
    assert len(Dataset(again).records()) == 25


def test_a_changed_file_and_other_options_are_opened_again(chests: Path, take: Callable) -> None:
    _, first = take(chests, slices="middle")
    document = take_in(
        chests, Options.of("set", append=True), first.with_name("set-v2"), KEY, quiet, always, earlier=first
    )
    assert document["accepted"] == 21
    assert document["reasons"] == {"already_there": 3}


def test_what_waits_in_quarantine_is_not_taken_twice(data_folder: Path, tmp_path: Path, take: Callable) -> None:
    source = tmp_path / "us"
    source.mkdir()
    shutil.copy(data_folder / "dicom_a" / "pydicom_data" / "OBXXXX1A.dcm", source / "a.dcm")
    document, first = take(source)
    assert document["quarantined"] == 1
    slice_file(source / "b.dcm", 1, 3)
    (source / "a.dcm").touch()  # another time: it is opened again
    target = first.with_name("set-v2")
    document = take_in(source, Options.of("set", append=True), target, KEY, quiet, always, earlier=first)
    assert document["reasons"] == {"already_there": 1}
    assert len(pd.read_parquet(target / "quarantine.parquet")) == 1


@given(st.integers(0, 400), st.sampled_from(("all", "first", "middle", "middle:7", "every:3", "5-9", "300-999")))
def test_a_choice_is_rising_inside_the_stack_and_the_same_every_time(count: int, word: str) -> None:
    numbers = stack_choice.chosen(word, count)
    assert list(numbers) == sorted(set(numbers))
    assert all(0 <= number < count for number in numbers)
    assert numbers == stack_choice.chosen(word, count)
    if count and "-" not in word:
        assert numbers
    if word == "middle:7":
        assert len(numbers) == min(7, count)


@pytest.mark.parametrize("word", ["", "some", "middle:0", "every:-1", "9-5", "0-3", "1,2", "all;rm"])
def test_a_word_that_is_no_choice_is_refused(word: str) -> None:
    with pytest.raises(BadInput):
        stack_choice.chosen(word, 10)


def test_studies_without_a_name_are_not_one_patient(tmp_path: Path, take: Callable) -> None:
    source = tmp_path / "anonymous"
    source.mkdir()
    for study in range(6):
        slice_file(source / f"{study}.dcm", study, study)
        data = pydicom.dcmread(source / f"{study}.dcm")
        data.PatientID = "ANONYMOUS" if study % 2 else "Anonymized0000"
        data.save_as(source / f"{study}.dcm")
    document, _ = take(source)
    assert document["patients"] == 6
    assert not document["patients_known"]


@pytest.mark.parametrize("kind", ["uint16", "int16", "float32", "int32"])
def test_all_pictures_of_an_array_are_read_alike(kind: str, tmp_path: Path, take: Callable) -> None:
    """One dark picture among bright ones: the same number is the same light in both."""
    ramp = np.arange(64 * 64).reshape(64, 64) % 200
    bright = (ramp * (400 if kind == "int32" else 20)).astype(kind)
    dark = ramp.astype(kind)
    if kind == "int16":
        dark[0, 0] = bright[0, 0] = -100
    np.savez(tmp_path / "a.npz", images=np.stack([bright, dark, bright[::-1], dark[::-1]]))
    document, folder = take(tmp_path / "a.npz")
    assert document["accepted"] == 4
    dataset = Dataset(folder)
    light = sorted(float(picture.mean()) for picture in dataset.images(dataset.records(), 64))
    assert light[1] < light[2] / 5


def test_one_patient_of_headers_stays_in_one_fold_whatever_the_table_says(tmp_path: Path, take: Callable) -> None:
    source = tmp_path / "two-ids"
    source.mkdir()
    rows = ["filename,patient_id"]
    for patient in range(30):
        for place in range(2):
            slice_file(source / f"{patient:02d}-{place}.dcm", 100 * place + patient, patient)
            data = pydicom.dcmread(source / f"{patient:02d}-{place}.dcm")
            data.PatientID = f"MRN{patient:05d}"
            data.save_as(source / f"{patient:02d}-{place}.dcm")
            rows.append(f"{patient:02d}-{place}.dcm,T{1000 + 100 * place + patient}")
    (source / "table.csv").write_text("\n".join(rows))
    document, folder = take(source)
    records = Dataset(folder).records()
    assert len(records) == 60
    assert (records.groupby("group")["fold"].nunique() == 1).all()
    assert records["group"].nunique() <= 30
    assert any("several ids in the table" in warning for warning in document["warnings"])


def test_numbers_that_hang_from_the_top_of_their_word_are_not_read_wrongly(tmp_path: Path, look: Callable) -> None:
    slice_file(tmp_path / "a.dcm", 1, 1)
    data = pydicom.dcmread(tmp_path / "a.dcm")
    data.BitsStored, data.HighBit = 6, 7
    data.save_as(tmp_path / "a.dcm")
    assert look(tmp_path / "a.dcm")["reasons"] == {"no_decoder": 1}
