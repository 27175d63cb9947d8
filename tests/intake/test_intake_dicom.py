"""DICOM: every file of a public zoo ends in a reason or a picture; intensities are those of pydicom's own pipeline."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.pixels import apply_modality_lut, apply_voi_lut, pixel_array

from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.intake.decode import decode
from medsynth_engine.intake.options import Limits
from medsynth_engine.intake.reasons import REASONS, Code, Rejected
from medsynth_engine.intake.selftest.canaries import Aviary
from medsynth_engine.intake.selftest.dicom import slice_with_everything

NOT_IMAGES = {"RTPLAN", "RTSTRUCT", "RTDOSE", "SR", "SEG", "ECG", "PR"}


@pytest.fixture(scope="module")
def zoo(data_folder: Path) -> Path:
    return data_folder / "dicom_a"


def inventory(zoo: Path) -> list[dict[str, str]]:
    with (zoo / "inventory.csv").open() as stream:
        return list(csv.DictReader(stream))


def test_every_file_of_the_zoo_ends_accepted_quarantined_or_in_a_reason(zoo: Path, take: Callable) -> None:
    document, folder = take(zoo, metadata=None)
    assert document["submitted"] == 274  # 273 and its SOURCE.md
    assert document["accepted"] + document["quarantined"] + document["rejected"] == 274
    assert set(document["reasons"]) <= {code.value for code in REASONS}
    assert not {"crashed", "timeout", "out_of_memory"} & set(document["reasons"])
    assert document["accepted"] >= 80
    assert document["quarantined"] >= 70
    assert len(list((folder / "images").iterdir())) == document["accepted"]
    assert len(list((folder / "quarantine").iterdir())) == document["quarantined"]
    assert (folder / "quarantine").stat().st_mode & 0o077 == 0


def test_what_is_an_image_is_taken_and_what_is_none_is_not(zoo: Path) -> None:
    wrong = Counter()
    for row in inventory(zoo):
        decodes = row["pixels"].startswith("(")
        try:
            decode((zoo / row["file"]).read_bytes(), Limits())
            taken = True
        except Rejected as refusal:
            taken = False
            if refusal.code in (Code.TOO_SMALL, Code.NO_DECODER, Code.SEGMENTATION):
                continue
        expected = decodes and row["modality"] not in NOT_IMAGES
        if taken != expected:
            wrong[row["file"]] += 1
    # One file without file meta says nothing of its transfer syntax; ours is read from how the header is coded.
    assert set(wrong) <= {"pydicom_data/OT-PAL-8-face.dcm"}


GOLDEN = (
    "pydicom/test_files/CT_small.dcm",
    "pydicom/test_files/MR_small.dcm",
    "pydicom/test_files/MR_small_bigendian.dcm",
    "pydicom/test_files/MR_small_RLE.dcm",
    "pydicom/test_files/MR_small_jp2klossless.dcm",
    "pydicom/test_files/MR_small_jpeg_ls_lossless.dcm",
    "pydicom_data/RG1_J2KI.dcm",
    "pydicom_data/RG3_J2KI.dcm",
    "pydicom_data/vlut_04.dcm",
    "pydicom_data/mlut_18.dcm",
    "suyashkumar/3.dcm",
    "kcr/anon_apct.dcm",
    "dcm_qa_nih/20180918GE/mr_0004/axial_epi_fmri_interleaved_i_to_s-00001.dcm",
    "dcm_qa_nih/20180918Si/mr_0003/epi_pe_ap-00001.dcm",
)


@pytest.mark.parametrize("name", GOLDEN)
def test_intensities_are_those_of_the_standard_pipeline(zoo: Path, name: str) -> None:
    data = (zoo / name).read_bytes()
    dataset = pydicom.dcmread(io.BytesIO(data))
    stored = pixel_array(dataset)
    values = apply_modality_lut(stored, dataset)
    if "VOILUTSequence" in dataset:
        light = apply_voi_lut(np.asarray(values, np.int64), dataset) / (
            2 ** dataset.VOILUTSequence[0].LUTDescriptor[2] - 1
        )
    elif "WindowCenter" in dataset:
        shown = apply_voi_lut(values, dataset, index=0)
        low = -(2 ** (dataset.BitsStored - 1)) if dataset.PixelRepresentation else 0
        high = low + 2**dataset.BitsStored - 1
        slope, intercept = float(dataset.get("RescaleSlope", 1)), float(dataset.get("RescaleIntercept", 0))
        low, high = low * slope + intercept, high * slope + intercept
        light = (shown - low) / (high - low)
    elif dataset.Modality == "CT":
        light = np.clip((values - (-160)) / 400.0, 0, 1)  # soft tissue: centre 40, width 400
    else:
        low, high = np.percentile(values, (0.5, 99.5))
        light = np.clip((values - low) / (high - low), 0, 1)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        light = 1 - light
    if "PixelPaddingValue" in dataset:
        light = np.where(stored == dataset.PixelPaddingValue, 0, light)
    ours = decode(data, Limits()).pixels
    assert ours.shape == stored.shape
    white = 255 if ours.dtype == np.uint8 else 65535
    tolerance = 200 if dataset.Modality == "CT" and "WindowCenter" not in dataset else 2
    assert np.abs(ours - light * white).max() <= tolerance


def test_colour_is_rgb_whatever_it_was_coded_as(zoo: Path) -> None:
    reference = decode((zoo / "pydicom_data/SC_rgb.dcm").read_bytes(), Limits()).pixels
    assert reference.shape == (100, 100, 3)
    same = ("SC_rgb_16bit", "SC_rgb_32bit", "SC_rgb_expb_16bit", "SC_rgb_expb", "SC_ybr_full_uncompressed")
    for name in same:
        pixels = decode((zoo / f"pydicom_data/{name}.dcm").read_bytes(), Limits()).pixels
        assert np.abs(pixels.astype(int) - reference).max() <= 8, name


def test_of_several_frames_the_middle_one_is_taken_and_the_count_is_said(
    zoo: Path, tmp_path: Path, take: Callable
) -> None:
    (tmp_path / "in").mkdir()
    data = (zoo / "pydicom_data/emri_small.dcm").read_bytes()
    (tmp_path / "in" / "a.dcm").write_bytes(data)
    decoded = decode(data, Limits())
    assert decoded.frames == 10
    frame = pixel_array(pydicom.dcmread(io.BytesIO(data)))[5]
    assert np.corrcoef(decoded.pixels.ravel(), frame.ravel())[0, 1] > 0.95
    document, _ = take(tmp_path / "in")
    assert any("several frames (10 in all)" in warning for warning in document["warnings"])


def test_a_file_without_preamble_and_meta_is_read(zoo: Path) -> None:
    data = (zoo / "pydicom/test_files/MR_small_implicit.dcm").read_bytes()
    dataset = pydicom.dcmread(io.BytesIO(data))
    stream = io.BytesIO()
    del dataset.file_meta
    dataset.preamble = None
    dataset.save_as(stream, implicit_vr=True, little_endian=True)
    bare = stream.getvalue()
    assert bare[128:132] != b"DICM"
    assert np.array_equal(decode(bare, Limits()).pixels, decode(data, Limits()).pixels)


def test_bits_above_the_stored_ones_carry_nothing_over(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    slice_with_everything(path, Aviary())
    dataset = pydicom.dcmread(path)
    clean = decode(path.read_bytes(), Limits()).pixels
    stored = np.frombuffer(dataset.PixelData[:8192], np.uint16) | (np.random.default_rng(0).integers(0, 16, 4096) << 12)
    dataset.PixelData = stored.astype(np.uint16).tobytes()
    stream = io.BytesIO()
    dataset.save_as(stream)
    assert np.array_equal(decode(stream.getvalue(), Limits()).pixels, clean)


def test_characteristics_are_kept_only_when_named(zoo: Path, tmp_path: Path, take: Callable) -> None:
    source = zoo / "suyashkumar"
    document, folder = take(source, "without")
    assert not {"age", "sex", "ethnicity"} & set(Dataset(folder).records().columns)
    assert Dataset(folder).schema()["image"]["modality"] in ("PT", "MR")
    document, folder = take(source, "with", characteristics=("age", "sex"))
    assert {"age", "age_band", "sex"} & set(Dataset(folder).records().columns)
    assert document["patients_known"]


def test_a_table_by_patient_reaches_files_through_their_headers(zoo: Path, tmp_path: Path, take: Callable) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for number, path in enumerate(sorted((zoo / "suyashkumar").glob("*.dcm"))):
        (source / f"x{number}").write_bytes(path.read_bytes())
    ids = sorted({str(pydicom.dcmread(path).PatientID) for path in source.iterdir()})
    table = tmp_path / "t.csv"
    table.write_text(
        "patient_id,age,sex\n" + "".join(f"{name},{50 + place},F\n" for place, name in enumerate(ids)) + "XX9,3,M\n"
    )
    document, folder = take(source, metadata=table)
    records = Dataset(folder).records()
    assert records["age"].notna().all()
    assert document["unmatched_rows"] == 1
    assert json.dumps(ids)[1:-1] not in json.dumps(document)


def test_declared_and_likely_burned_in_text_goes_to_a_person(zoo: Path) -> None:
    def review(name: str) -> Code | None:
        return decode((zoo / name).read_bytes(), Limits()).review

    assert review("pydicom_data/US1_J2KI.dcm") is Code.REVIEW
    assert review("pydicom/test_files/MR_small.dcm") is None
    dataset = pydicom.dcmread(zoo / "pydicom/test_files/MR_small.dcm")
    dataset.BurnedInAnnotation = "YES"
    stream = io.BytesIO()
    dataset.save_as(stream)
    assert decode(stream.getvalue(), Limits()).review is Code.BURNED_IN


def test_cut_files_are_rejected_never_silently_wrong(zoo: Path) -> None:
    names = [row["file"] for row in inventory(zoo) if row["pixels"].startswith("(")][::6]
    for name in names:
        data = (zoo / name).read_bytes()
        try:
            whole = decode(data, Limits()).pixels
        except Rejected:
            continue
        for share in (0.5, 0.95):
            try:
                cut = decode(data[: int(len(data) * share)], Limits()).pixels
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
    assert zipped["submitted"] == plain["submitted"] == 60
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
