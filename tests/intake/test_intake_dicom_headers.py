"""DICOM headers: what they refuse, what they send to a person, what of a patient is kept from them."""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from intake_decoding import middle
from intake_dicom_zoo import outcomes, written
from pydicom.encaps import encapsulate

from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.intake.formats import decode, dicom_tags
from medsynth_engine.intake.options import Reading
from medsynth_engine.intake.reasons import Code, Rejected


def test_what_is_no_image_is_refused_by_class_whatever_pixels_it_has(zoo: Path) -> None:
    dataset = pydicom.dcmread(zoo / "pydicom/test_files/MR_small.dcm")
    storage = "1.2.840.10008.5.1.4.1.1."
    for uid, code in (
        (f"{storage}88.59", Code.PRESENTATION),
        (f"{storage}104.1", Code.DOCUMENT),
        (f"{storage}9.1.1", Code.WAVEFORM),
        (f"{storage}77.1.1.1", Code.VIDEO),
        (f"{storage}66.1", Code.OTHER_OBJECT),
        (f"{storage}481.2", Code.RADIOTHERAPY),
        ("1.2.840.10008.1.3.10", Code.DIRECTORY),
    ):
        dataset.SOPClassUID = uid
        assert outcomes(written(dataset)) == {code.value}
    dataset.SOPClassUID = f"{storage}4"
    assert outcomes(written(dataset)) == {"accepted"}
    dataset.PixelData = encapsulate([dataset.PixelData])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.102"
    assert outcomes(written(dataset)) == {"video"}
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.94"
    assert outcomes(written(dataset)) == {"no_decoder"}


def test_a_header_that_promises_more_than_the_file_holds_is_refused_before_decoding(zoo: Path) -> None:
    dataset = pydicom.dcmread(zoo / "pydicom/test_files/MR_small.dcm")
    dataset.NumberOfFrames = 10**8
    assert outcomes(written(dataset)) == {"truncated"}
    dataset.NumberOfFrames = 1
    dataset.Rows = dataset.Columns = 60000
    assert outcomes(written(dataset)) == {"too_many_pixels"}
    dataset.Rows = 0
    assert outcomes(written(dataset)) == {"unreadable"}
    packed = pydicom.dcmread(zoo / "pydicom/test_files/MR_small_RLE.dcm")
    packed.NumberOfFrames = 10**8
    assert outcomes(written(packed)) == {"truncated"}


def test_a_deflated_bomb_is_not_inflated(zoo: Path) -> None:
    data = (zoo / "pydicom/test_files/image_dfl.dcm").read_bytes()
    assert middle(data).pixels.size
    meta_end = 144 + int.from_bytes(data[140:144], "little")
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    element = b"\x09\x00\x10\x00UN\0\0" + (2**30).to_bytes(4, "little")
    bomb = b"".join([squeeze.compress(element), *(squeeze.compress(bytes(2**24)) for _ in range(64)), squeeze.flush()])
    assert outcomes(data[:meta_end] + bomb) == {"bomb"}


def test_a_file_without_preamble_and_meta_is_read(zoo: Path) -> None:
    data = (zoo / "pydicom/test_files/MR_small_implicit.dcm").read_bytes()
    dataset = pydicom.dcmread(io.BytesIO(data))
    stream = io.BytesIO()
    del dataset.file_meta
    dataset.preamble = None
    dataset.save_as(stream, implicit_vr=True, little_endian=True)
    bare = stream.getvalue()
    assert bare[128:132] != b"DICM"
    assert np.array_equal(middle(bare).pixels, middle(data).pixels)


def test_a_data_set_may_start_with_any_group_but_must_read_as_one(zoo: Path) -> None:
    dataset = pydicom.dcmread(zoo / "pydicom/test_files/MR_small_implicit.dcm")
    whole = middle(written(dataset)).pixels
    for implicit in (True, False):
        bare = pydicom.Dataset()
        bare.update({element.tag: element for element in dataset if element.tag.group >= 0x0010})
        stream = io.BytesIO()
        bare.save_as(stream, implicit_vr=implicit, little_endian=True)
        assert np.array_equal(middle(stream.getvalue()).pixels, whole)
    rng = np.random.default_rng(0)
    taken = 0
    for size in (40, 400, 4000) * 300:
        try:
            decode.opened(rng.integers(0, 256, size, dtype=np.uint8).tobytes(), Reading())
            taken += 1
        except Rejected as refusal:
            assert refusal.code in (Code.UNKNOWN_FORMAT, Code.NESTED_ARCHIVE, Code.UNREADABLE)
    assert not taken


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
        return middle((zoo / name).read_bytes()).review

    assert review("pydicom_data/US1_J2KI.dcm") is Code.REVIEW
    assert review("pydicom/test_files/MR_small.dcm") is None
    dataset = pydicom.dcmread(zoo / "pydicom/test_files/MR_small.dcm")
    dataset.BurnedInAnnotation = "YES"
    stream = io.BytesIO()
    dataset.save_as(stream)
    assert middle(stream.getvalue()).review is Code.BURNED_IN


@pytest.mark.parametrize(
    ("header", "held"),
    [
        ({"Modality": "CT", "ImageType": ["ORIGINAL", "PRIMARY"]}, False),
        ({"Modality": "CT", "ImageType": "SECONDARY"}, True),
        ({"Modality": "HC"}, True),
        ({"Modality": "ZZ"}, True),
        *(
            ({"SOPClassUID": f"1.2.840.10008.5.1.4.1.1.{kind}"}, True)
            for kind in ("6.1", "3.1", "12.1", "7.2", "77.1.1")
        ),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"}, False),
    ],
)
def test_what_often_carries_text_waits_for_a_person(header: dict, held: bool) -> None:
    dataset = pydicom.Dataset()
    for keyword, value in header.items():
        setattr(dataset, keyword, value)
    assert (dicom_tags.review_reason(dataset, (512, 512)) is Code.REVIEW) is held


@pytest.mark.parametrize(
    ("text", "kept"), [("White", True), ("Asian/Chinese", True), ("Abegunde Tola", False), ("Okonkwo", False)]
)
def test_an_ethnic_group_is_a_word_of_a_list(text: str, kept: bool) -> None:
    dataset = pydicom.Dataset()
    dataset.EthnicGroup = text
    assert ("ethnicity" in dicom_tags.characteristics_of(dataset, ("ethnicity",))) is kept
