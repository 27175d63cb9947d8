"""DICOM: every file of a public zoo ends in a reason or a picture; intensities are those of pydicom's own pipeline."""

from __future__ import annotations

import csv
import io
import json
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from intake_decoding import middle
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.pixels import pixel_array

from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.intake.formats import decode, dicom_tags
from medsynth_engine.intake.options import Reading
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


def written(dataset: pydicom.Dataset) -> bytes:
    stream = io.BytesIO()
    dataset.save_as(stream)
    return stream.getvalue()


def kind_of(row: dict[str, str]) -> str:
    """What a file of the inventory is, in words of the table below."""
    small = row["rows"] and min(int(row["rows"]), int(row["columns"])) < 8
    if row["pixels"].startswith("("):
        if row["modality"] in NOT_IMAGES:
            return row["modality"]
        if row["file"] in SPECIAL:
            return SPECIAL[row["file"]]
        return "tiny image" if small else "image"
    return SPECIAL.get(row["file"], row["modality"] if row["modality"] in NOT_IMAGES else "no pixels")


SPECIAL = {
    "pydicom/test_files/JPGExtended.dcm": "12-bit JPEG",
    "pydicom/test_files/JPEG-lossy.dcm": "12-bit JPEG",
    "pydicom_data/parametric_map_float.dcm": "parametric map",
    "pydicom_data/parametric_map_double_float.dcm": "parametric map",
    "pydicom_data/OT-PAL-8-face.dcm": "image",  # without file meta: its transfer syntax is read from the header
    "pydicom/test_files/MR_truncated.dcm": "cut",
}
EXPECTED: dict[str, set[str]] = {
    "image": {"accepted", "quarantined"},
    "tiny image": {"too_small"},
    "12-bit JPEG": {"no_decoder", "unreadable"},
    "parametric map": {"segmentation"},
    "cut": {"truncated"},
    "no pixels": {"no_pixels", "dicom_directory", "radiotherapy_object", "unreadable", "unknown_format"},
    "RTPLAN": {"radiotherapy_object"},
    "RTSTRUCT": {"radiotherapy_object"},
    "RTDOSE": {"radiotherapy_object"},
    "SR": {"structured_report"},
    "ECG": {"waveform"},
    "SEG": {"segmentation"},
}
"""What each kind of file of the zoo ends in, every one of its pictures."""


def outcomes(data: bytes) -> set[str]:
    try:
        file = decode.opened(data, Reading())
    except Rejected as refusal:
        return {refusal.code.value}
    ends = set()
    for number in file.chosen:
        try:
            ends.add("quarantined" if file.frame(number).review else "accepted")
        except Rejected as refusal:
            ends.add(refusal.code.value)
    return ends


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


def test_colour_is_rgb_whatever_it_was_coded_as(zoo: Path) -> None:
    reference = middle((zoo / "pydicom_data/SC_rgb.dcm").read_bytes()).pixels
    assert reference.shape == (100, 100, 3)
    same = ("SC_rgb_16bit", "SC_rgb_32bit", "SC_rgb_expb_16bit", "SC_rgb_expb", "SC_ybr_full_uncompressed")
    for name in same:
        pixels = middle((zoo / f"pydicom_data/{name}.dcm").read_bytes()).pixels
        assert np.abs(pixels.astype(int) - reference).max() <= 8, name


def test_every_frame_is_a_picture_of_its_own_and_some_can_be_chosen(zoo: Path, tmp_path: Path, take: Callable) -> None:
    (tmp_path / "in").mkdir()
    data = (zoo / "pydicom_data/emri_small.dcm").read_bytes()
    (tmp_path / "in" / "a.dcm").write_bytes(data)
    frames = pixel_array(pydicom.dcmread(io.BytesIO(data)))
    file = decode.opened(data, Reading(slices="every:3"))
    assert (file.total, file.chosen) == (10, (0, 3, 6, 9))
    for number in file.chosen:
        assert np.corrcoef(file.frame(number).pixels.ravel(), frames[number].ravel())[0, 1] > 0.95
    document, _ = take(tmp_path / "in", slices="every:3")
    assert document["accepted"] + document["quarantined"] == 4


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


def test_padding_written_as_an_unsigned_number_is_padding(zoo: Path) -> None:
    dataset = pydicom.dcmread(zoo / "pydicom/test_files/CT_small.dcm")
    stored = dataset.pixel_array.astype(np.int16)
    stored[:20] = -2000
    dataset.PixelData = stored.tobytes()
    dataset[0x00280120] = pydicom.DataElement(0x00280120, "SS", -2000)
    signed = middle(written(dataset)).pixels
    dataset[0x00280120] = pydicom.DataElement(0x00280120, "US", 65536 - 2000)
    assert np.array_equal(middle(written(dataset)).pixels, signed)
    assert not signed[:20].any()
    assert signed[20:].max() > 30000


def test_a_window_of_a_frame_is_used_for_that_frame(zoo: Path) -> None:
    dataset = pydicom.dcmread(zoo / "pydicom_data/emri_small.dcm")
    frames = dataset.pixel_array.astype(float)
    dataset.PerFrameFunctionalGroupsSequence = []
    for number in range(10):
        voi, groups = pydicom.Dataset(), pydicom.Dataset()
        voi.WindowCenter, voi.WindowWidth = 100 + 10 * number, 201
        groups.FrameVOILUTSequence = [voi]
        dataset.PerFrameFunctionalGroupsSequence.append(groups)
    file = decode.opened(written(dataset), Reading())
    for number in file.chosen:
        light = np.clip((frames[number] - (100 + 10 * number - 0.5)) / 200 + 0.5, 0, 1)
        assert np.abs(file.frame(number).pixels - light * 65535).max() <= 1


def test_pixels_as_fractions_are_scaled_and_what_is_no_number_is_refused(zoo: Path) -> None:
    dataset = pydicom.dcmread(zoo / "pydicom_data/parametric_map_float.dcm")
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    stored = np.linspace(-3, 5, dataset.Rows * dataset.Columns, dtype=np.float32).reshape(dataset.Rows, -1)
    del dataset.SharedFunctionalGroupsSequence, dataset.PerFrameFunctionalGroupsSequence
    dataset.FloatPixelData = stored.tobytes()
    pixels = middle(written(dataset)).pixels
    assert pixels.dtype == np.uint16
    assert np.corrcoef(pixels.ravel(), stored.ravel())[0, 1] > 0.999
    stored[3, 3] = np.nan
    dataset.FloatPixelData = stored.tobytes()
    assert outcomes(written(dataset)) == {"no_intensity"}


def test_bytes_behind_the_last_frame_are_counted_and_gone(zoo: Path) -> None:
    dataset = pydicom.dcmread(zoo / "pydicom/test_files/MR_small.dcm")
    plain = middle(written(dataset))
    dataset.PixelData += b"DOE^JANE MRN 12345"
    decoded = middle(written(dataset))
    assert decoded.found["trailing_bytes"] == 1
    assert not plain.found["trailing_bytes"]
    assert np.array_equal(decoded.pixels, plain.pixels)


def test_bits_above_the_stored_ones_carry_nothing_over(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    slice_with_everything(path, Aviary())
    dataset = pydicom.dcmread(path)
    clean = middle(path.read_bytes()).pixels
    stored = np.frombuffer(dataset.PixelData[:8192], np.uint16) | (np.random.default_rng(0).integers(0, 16, 4096) << 12)
    dataset.PixelData = stored.astype(np.uint16).tobytes()
    stream = io.BytesIO()
    dataset.save_as(stream)
    assert np.array_equal(middle(stream.getvalue()).pixels, clean)


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
