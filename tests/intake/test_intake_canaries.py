"""Planted identifiers: none of them is in any byte of a dataset, its report, or what was said on the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from intake_canaries import Canaries, apng, dicom_with_canaries, jpeg_with_canaries, leaks, png_with_canaries
from intake_pieces import KEY, always, photograph
from PIL import Image

from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.intake.deidentify import checked_png
from medsynth_engine.intake.options import Options
from medsynth_engine.intake.reasons import Code, Rejected
from medsynth_engine.intake.take_in import take_in


def test_no_dicom_canary_is_in_any_byte(tmp_path: Path, take: Callable) -> None:
    canaries = Canaries()
    source = tmp_path / "in"
    source.mkdir()
    dicom_with_canaries(source / f"{canaries.text('name')}.dcm", canaries)
    assert len(canaries.made) >= 55
    raw = next(source.iterdir()).read_bytes()
    assert sum(text.encode() in raw for text in canaries.made) >= 55  # they are really in the file
    document, folder = take(source, characteristics=("age", "sex", "ethnicity"))
    assert document["accepted"] == 1
    assert leaks(folder.parent, canaries) == []
    assert not [text for text in canaries.made if text in json.dumps(document)]
    kinds = document["identifiers_removed"]
    for kind in ("names", "dates", "record_numbers", "private_elements", "overlays", "curves", "preamble", "geography"):
        assert kinds[kind] >= 1, kind


def test_dicom_pixels_survive_exactly_and_alone(tmp_path: Path, take: Callable) -> None:
    source = tmp_path / "in"
    source.mkdir()
    dicom_with_canaries(source / "a.dcm", Canaries())
    _, folder = take(source)
    stored = np.asarray(Image.open(next((folder / "images").iterdir())))
    ramp = np.add.outer(np.arange(64), np.arange(64)) * 32.0
    low, high = np.percentile(ramp, (0.5, 99.5))
    assert np.abs(stored - np.clip((ramp - low) / (high - low), 0, 1) * 65535).max() <= 1
    assert [name for name, *_ in _chunks(next((folder / "images").iterdir()))] == [b"IHDR", b"IDAT", b"IEND"]


def _chunks(path: Path) -> list[tuple[bytes, int]]:
    data, place, found = path.read_bytes(), 8, []
    while place < len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        found.append((data[place + 4 : place + 8], length))
        place += 12 + length
    assert place == len(data)
    return found


def test_no_png_or_jpeg_canary_is_in_any_byte(tmp_path: Path, take: Callable) -> None:
    canaries = Canaries()
    source = tmp_path / "in"
    source.mkdir()
    png_with_canaries(source / f"{canaries.text('doe')}.png", photograph(1), canaries)
    jpeg_with_canaries(source / f"{canaries.text('roe')}.jpg", photograph(2), canaries)
    assert len(canaries.made) >= 17
    document, folder = take(source)
    assert document["accepted"] == 2
    assert leaks(folder.parent, canaries) == []
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


def test_no_table_canary_is_in_any_byte(tmp_path: Path, take: Callable) -> None:
    canaries = Canaries()
    lines = ["patient_id,surname,birth_date,phone,email,zip,address,notes,url,ssn,age,sex,finding,remark"]
    for number in range(30):
        cells = [canaries.text("mrn") + "1", canaries.text("name"), f"1950-03-{1 + number % 28:02d}"]
        cells += [f"+49 30 1234{number:03d}", f"{canaries.text('mail')}@x.org", "10115", canaries.text("street")]
        cells += [canaries.text("note") + " fell in the garden and was brought in by her son on Monday"]
        cells += [f"http://x.org/{canaries.text('url')}", f"123-45-6{number:03d}", str(90 + number % 12), "F"]
        cells += ["nevus" if number % 2 else "melanoma"]
        cells += [f"see {cells[0]}" if number % 3 else "none"]  # a record number inside a column of few words
        lines.append(",".join(cells))
    table = tmp_path / "people.csv"
    table.write_text("\n".join(lines))
    document, folder = take(table)
    assert leaks(folder.parent, canaries) == []
    assert not [text for text in canaries.made if text.lower() in json.dumps(document).lower()]
    records = Dataset(folder).records()
    assert set(records["age"]) == {90.0}
    assert {"birth_date", "phone", "email", "zip", "address", "notes", "url", "ssn"} <= document[
        "dropped_columns"
    ].keys()
    assert "1950-03" not in records.to_csv()


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
