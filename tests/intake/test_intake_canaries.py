"""What is not a picture is gone from each file, and the self-check fires where anything would stay."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intake_pieces import KEY, always, photograph
from PIL import Image
from pydicom.dataset import FileDataset

from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.intake.deidentify import any_in, checked, checked_png
from medsynth_engine.intake.formats import dicom_tags
from medsynth_engine.intake.formats.dicom_tags import identifying
from medsynth_engine.intake.options import Options
from medsynth_engine.intake.reasons import Code, Rejected
from medsynth_engine.intake.selftest import dicom, pictures
from medsynth_engine.intake.selftest.canaries import Aviary
from medsynth_engine.intake.selftest.search import Search
from medsynth_engine.intake.spelled import VARIED, spells
from medsynth_engine.intake.take_in import take_in


def apng(first: np.ndarray, hidden: np.ndarray) -> bytes:
    """An animated PNG whose second frame is `hidden`."""
    stream = io.BytesIO()
    Image.fromarray(first).save(stream, "PNG", save_all=True, append_images=[Image.fromarray(hidden)])
    return stream.getvalue()


def made(path: Path, **elements: str) -> tuple[FileDataset, bytes]:
    """A small MR slice with these elements, as pydicom reads it and as bytes."""
    dataset = dicom.new(path, dicom.MR, Aviary())
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    dicom.picture(dataset, np.indices((32, 32)).sum(0).astype(np.uint8))
    dataset.save_as(path, enforce_file_format=True)
    return pydicom.dcmread(path), path.read_bytes()


def test_dicom_pixels_survive_exactly_and_alone(tmp_path: Path, take: Callable) -> None:
    source = tmp_path / "in"
    source.mkdir()
    dicom.slice_with_everything(source / "a.dcm", Aviary())
    document, folder = take(source)
    stored = np.asarray(Image.open(next((folder / "images").iterdir())))
    ramp = np.add.outer(np.arange(64), np.arange(64)) * 32.0
    low, high = np.percentile(ramp, (0.5, 99.5))
    assert np.abs(stored - np.clip((ramp - low) / (high - low), 0, 1) * 65535).max() <= 1
    assert [name for name, *_ in _chunks(next((folder / "images").iterdir()))] == [b"IHDR", b"IDAT", b"IEND"]
    kinds = document["identifiers_removed"]
    for kind in ("names", "dates", "record_numbers", "private_elements", "overlays", "curves", "preamble", "geography"):
        assert kinds[kind] >= 1, kind
    for kind in ("phone_numbers", "health_plan_numbers", "icon_images", "unknown_elements", "trailing_padding", "ages"):
        assert kinds[kind] >= 1, kind


def _chunks(path: Path) -> list[tuple[bytes, int]]:
    data, place, found = path.read_bytes(), 8, []
    while place < len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        found.append((data[place + 4 : place + 8], length))
        place += 12 + length
    assert place == len(data)
    return found


def test_what_a_png_and_a_jpeg_carry_is_counted_by_kind(tmp_path: Path, take: Callable) -> None:
    source = tmp_path / "in"
    source.mkdir()
    pictures.png(source / "a.png", photograph(1), Aviary())
    pictures.jpeg(source / "b.jpg", photograph(2), Aviary())
    document, _ = take(source)
    assert document["accepted"] == 2
    kinds = document["identifiers_removed"]
    assert kinds["text_chunk"] == 3
    assert kinds["exif"] == kinds["xmp"] == kinds["icc_profile"] == kinds["trailing_bytes"] == 2
    assert kinds["comment"] == kinds["iptc"] == kinds["time"] == kinds["private_chunk"] == 1


def test_hidden_frames_of_an_animated_png_are_gone_and_counted(tmp_path: Path, take: Callable) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / "a.png").write_bytes(apng(photograph(1), photograph(2)))
    document, folder = take(source)
    assert document["identifiers_removed"]["extra_frames"] == 1
    assert np.array_equal(np.asarray(Image.open(next((folder / "images").iterdir()))), photograph(1))


def test_an_identifier_in_a_level_that_stays_becomes_missing(tmp_path: Path, take: Callable) -> None:
    rows = [f"P{1000 + n},{40 + n},{'stable' if n % 4 else f'seen with P{1000 + n - n % 8}'}" for n in range(80)]
    table = tmp_path / "t.csv"
    table.write_text("patient_id,age,course\n" + "\n".join(rows))
    document, folder = take(table)
    assert document["identifiers_removed"]["identifiers_in_cells"] == 20
    assert set(Dataset(folder).records()["course"].dropna()) == {"stable"}


def test_the_self_check_finds_what_stays_and_lets_pass_what_is_chance() -> None:
    pixels = photograph(5)
    data = checked_png(pixels, ())
    body = data[data.index(b"IDAT") + 100 : data.index(b"IDAT") + 106]
    assert body in checked_png(pixels, (b"Doe^Jane",))
    again = checked_png(pixels, (body,))  # six bytes that are there by chance: coded anew, they are gone
    assert body not in again
    with pytest.raises(Rejected) as refusal:
        checked_png(pixels, (b"IHDR",))  # in every coding
    assert refusal.value.code is Code.IDENTIFIER


def test_the_one_pass_search_finds_exactly_what_a_plain_search_finds() -> None:
    rng = np.random.default_rng(11)
    for size in (0, 3, 4, 5, 64, 4097):
        data = rng.integers(0, 4, size, dtype=np.uint8).tobytes()
        for _ in range(300):
            wanted = {rng.integers(0, 4, rng.integers(4, 9), dtype=np.uint8).tobytes() for _ in range(3)}
            assert any_in(data, wanted) == any(value in data for value in wanted)
        for start in range(max(0, size - 8)):
            assert any_in(data, {data[start : start + 4 + start % 5]})
    assert not any_in(b"anything", ())


@pytest.mark.parametrize(
    ("attributes", "identifiers", "passes"),
    [
        ({"modality": "MR", "body_part": "CHEST", "age": 61.0, "sex": "F"}, (b"Doe^Jane", b"Doe", b"F"), True),
        ({"body_part": "HEAD"}, (b"Head",), False),  # a person of that name
        ({"view": "PA"}, (b"PA",), False),  # a record number of that name
        ({"modality": "CT"}, (b"CT",), True),  # what anonymisers write for a patient's name
        ({"ethnicity": "Janedoe"}, (b"jane",), False),  # a part of what somebody typed
        ({"ethnicity": "White"}, (b"Jane", b"WH"), True),
        ({"body_part": "JANE"}, (), False),  # no word of the list: a rule is broken
        ({"age": 94.0}, (), False),
    ],
)
def test_attributes_are_checked_with_their_picture(
    attributes: dict[str, str | float], identifiers: tuple[bytes, ...], passes: bool
) -> None:
    if passes:
        assert checked(photograph(1), attributes, identifiers) == checked_png(photograph(1), ())
        return
    with pytest.raises(Rejected) as refusal:
        checked(photograph(1), attributes, identifiers)
    assert refusal.value.code is Code.IDENTIFIER


def test_a_broken_rule_is_caught_and_its_file_stored_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A-3: were a patient's name allowed as a body part, the self-check would hold the file back."""
    from medsynth_engine.intake.formats import decode
    from medsynth_engine.intake.options import Reading

    path = tmp_path / "a.dcm"
    made(path, PatientName="Doe^Jane", PatientID="MRN7788")
    monkeypatch.setitem(dicom_tags.DESCRIBED, "PatientName", "ethnicity")
    monkeypatch.setitem(dicom_tags.VOCABULARY, "ethnicity", frozenset({"DOE^JANE"}))
    broken = decode.opened(path.read_bytes(), Reading()).frame(0)
    assert broken.attributes["ethnicity"] == "DOE^JANE"
    with pytest.raises(Rejected) as refusal:
        checked(broken.pixels, broken.attributes, broken.identifiers)
    assert refusal.value.code is Code.IDENTIFIER


def test_values_are_looked_for_in_all_their_spellings(tmp_path: Path) -> None:
    dataset, data = made(
        tmp_path / "a.dcm",
        SpecificCharacterSet="GB18030",
        PatientName="王小东^Jane",
        PatientID="7Q",
        PatientBirthDate="19470203",
        ProtocolName="CHEST",
        StudyDescription="MR",
        Manufacturer="ACME",
    )
    _, values = identifying(dataset, data)
    assert {"王小东".encode(), "王小东".encode("gb18030")} <= set(values) and b"Jane" in values
    assert b"7Q" in values  # of numbers also the short ones
    assert {b"19470203", b"1947-02-03", b"03.02.1947", b"02/03/1947"} <= set(values)
    assert not {b"CHEST", b"MR"} & set(values)  # words of the standard's own lists name nobody in a description
    assert not any(value.startswith(b"1.2.840.10008.") for value in values)


def test_looking_at_a_header_changes_nothing_in_it(tmp_path: Path) -> None:
    dicom.slice_with_everything(tmp_path / "a.dcm", Aviary())
    dataset = pydicom.dcmread(tmp_path / "a.dcm")
    before = dataset.to_json()
    first = identifying(dataset, (tmp_path / "a.dcm").read_bytes())
    assert identifying(dataset, (tmp_path / "a.dcm").read_bytes()) == first
    assert dataset.to_json() == before


def test_a_file_whose_output_would_hold_an_identifier_is_quarantined_without_its_picture(
    photographs: Path, tmp_path: Path
) -> None:
    """A patient called IHDR: the word is in every PNG, so the check must fire on each of that patient's files."""
    table = tmp_path / "t.csv"
    names = sorted(path.name for path in photographs.iterdir())
    rows = [f"{name},{'IHDR' if place < 3 else f'P{place:04d}'}" for place, name in enumerate(names)]
    table.write_text("filename,patient_id\n" + "\n".join(rows))
    target = tmp_path / "set"
    document = take_in(photographs, Options.of("set", table), target, KEY, lambda *_: None, always)
    assert (document["accepted"], document["quarantined"]) == (9, 3)
    assert document["reasons"] == {"identifier_left": 3}
    assert len(list((target / "images").iterdir())) == 9
    assert not (target / "quarantine").exists()


def test_progress_and_errors_name_no_file(photographs: Path, tmp_path: Path) -> None:
    said: list[str] = []
    take_in(photographs, Options.of("set"), tmp_path / "set", KEY, lambda *step: said.append(str(step)), always)
    assert said
    assert not any("DOE" in line or str(tmp_path) in line for line in said)


@pytest.mark.parametrize("start", range(100, 108))
@pytest.mark.parametrize("form", ["grey", "colour", "deep", "deep and turned", "a sign a pixel"])
def test_an_identifier_that_is_spelled_by_pixels_is_found(form: str, start: int) -> None:
    name = b"MARLOWE^EDITH 1957"
    assert len(name) % 3 == 0
    if form == "colour":
        pixels = np.zeros((64, 64, 3), np.uint8)
    else:
        pixels = np.zeros((64, 64), np.uint8 if form == "grey" else np.uint16)
    letters = np.frombuffer(name, np.uint8)
    if form == "a sign a pixel":
        letters = letters.astype(np.uint16) + 256
    elif form.startswith("deep"):
        letters = np.frombuffer(name, "<u2" if form == "deep" else ">u2")
    flat = pixels.reshape(-1)
    flat[start : start + len(letters)] = letters
    with pytest.raises(Rejected) as caught:
        checked_png(pixels, (b"other", name))
    assert caught.value.code == Code.IDENTIFIER
    assert checked_png(pixels, (b"MARLOWE^ERIKA 1957", b"MARL"))


def test_short_and_even_words_are_not_looked_for_in_pixels() -> None:
    """They turn up by chance: in dark noise, in an even background, in a ramp."""
    pixels = np.zeros((64, 64), np.uint8)
    pixels.reshape(-1)[:11] = np.frombuffer(b"19570312123", np.uint8)
    pixels[3] = ord("0")
    assert checked_png(pixels, (b"19570312123", b"0" * 20))


@given(st.binary(min_size=12, max_size=20), st.integers(0, 200), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_what_pixels_spell_is_what_their_bytes_hold(value: bytes, start: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 4, (16, 17), dtype=np.uint8)
    start = min(start, pixels.size - len(value))
    pixels.reshape(-1)[start : start + len(value)] = np.frombuffer(value, np.uint8)
    assert spells(pixels, (value, b"another one, not there")) == (len(set(value)) >= VARIED)


def test_the_self_test_sees_a_canary_that_pixels_spell(tmp_path: Path) -> None:
    aviary = Aviary()
    word = aviary.text("picture", "pixels").lower().encode()
    pixels = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)
    pixels.reshape(-1)[200 : 200 + len(word)] = np.frombuffer(word, np.uint8)
    (tmp_path / "a.png").write_bytes(checked_png(pixels, ()))
    search = Search(aviary.made)
    search.folder(tmp_path)
    assert search.seen == set(aviary.made)
