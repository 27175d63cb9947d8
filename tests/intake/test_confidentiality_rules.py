"""The confidentiality table: it is whole, it names what is found, and nothing in it ever reaches an output byte."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import warnings
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.datadict import dictionary_VR

from medsynth_engine.intake.deidentify import checked
from medsynth_engine.intake.formats import decode
from medsynth_engine.intake.options import Reading
from medsynth_engine.intake.reasons import Code, Rejected
from medsynth_engine.intake.rules import profile, safe_harbor
from medsynth_engine.intake.rules.kinds import facts_of
from medsynth_engine.intake.selftest import dicom
from medsynth_engine.intake.selftest.canaries import Aviary

PERSON = "ZQPERSON^JANE"
LONG = {"OB", "OW", "OF", "OD", "OL", "SQ", "UC", "UN", "UR", "UT"}
"""Explicit VRs with four bytes of length (PS3.5 7.1.2)."""
VALUES = {"DA": "19470203", "DT": "19470203101530", "TM": "101530", "AS": "094Y", "UI": "1.2.826.0.1.77", "DS": "61.5"}


def value_of(representation: str) -> bytes:
    """Something of a person in the VR's form, of even length."""
    if representation == "US":
        return struct.pack("<H", 3)
    text = VALUES.get(representation, PERSON[:12] if representation == "IS" else PERSON).encode()
    if representation == "IS":
        text = b"61"
    return text + (b"\0" if representation == "UI" else b" ") * (len(text) % 2)


def element(tag: int, representation: str, value: bytes) -> bytes:
    """One element in explicit VR, little endian."""
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + representation.encode()
    length = struct.pack("<HI", 0, len(value)) if representation in LONG else struct.pack("<H", len(value))
    return head + length + value


def sequence(tag: int, content: bytes) -> bytes:
    """A sequence of one item."""
    return element(tag, "SQ", struct.pack("<HHI", 0xFFFE, 0xE000, len(content)) + content)


def tag_of(rule: profile.Rule) -> int:
    """A tag of the row; of a pattern, one that fits it."""
    return (
        0x00091001
        if rule.pattern == "odd group"
        else int(rule.pattern.replace("xxxxxx", "003000").replace("x", "0"), 16)
    )


def planted(rule: profile.Rule) -> bytes:
    tag = tag_of(rule)
    try:
        representation = dictionary_VR(tag)
    except KeyError:
        representation = "LO"
    if representation == "SQ":
        return sequence(tag, element(0x00100010, "PN", value_of("PN")))
    return element(tag, "OW" if " or " in representation else representation, value_of(representation))


def deep(content: bytes, depth: int) -> bytes:
    """`content` under `depth` sequences."""
    for _ in range(depth):
        content = sequence(0x00400275, content)
    return content


@pytest.fixture(scope="module")
def slice_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("slice") / "a.dcm"
    dataset = dicom.new(path, dicom.MR, Aviary())
    dataset.BodyPartExamined = "CHEST"
    dicom.picture(dataset, (np.indices((32, 40)).sum(0) * 3).astype(np.uint8))
    dataset.save_as(path, enforce_file_format=True)
    return path.read_bytes()


def written(data: bytes) -> tuple[bytes, dict[str, str | float]]:
    """All that is written for a file: the picture's bytes and its attributes."""
    decoded = decode.opened(data, Reading()).frame(0)
    return checked(decoded.pixels, decoded.attributes, decoded.identifiers), decoded.attributes


def test_the_table_is_the_edition_of_2024e_and_whole() -> None:
    edition = profile.edition()
    file = files("medsynth_engine.intake.rules").joinpath(profile.FILE).read_bytes()
    assert (edition.edition, edition.rows, edition.sha256) == ("2024e", 621, hashlib.sha256(file).hexdigest())
    actions = [rule.action for rule in profile.rules()]
    counted = {action: actions.count(action) for action in set(actions)}
    assert counted == {
        **{"X": 384, "D": 92, "U": 54, "Z": 42, "X/D": 22, "X/Z": 11, "X/Z/D": 8, "Z/D": 6, "X/Z/U*": 2},
    }
    options = [option for rule in profile.rules() for option in rule.options]
    assert (options.count("modified dates"), options.count("uids"), options.count("device")) == (165, 59, 57)
    assert (options.count("clean descriptors"), options.count("patient characteristics")) == (125, 13)


def test_rules_are_found_by_tag_and_by_pattern() -> None:
    assert profile.rule_of(0x00100010) == profile.Rule("00100010", "Patient's Name", "Z", {})
    assert profile.rule_of(0x00101010).options == {"patient characteristics": "K"}
    assert profile.rule_of(0x00091001).name == profile.rule_of(0x60010010).name == "Private Attributes"
    assert profile.rule_of(0x50023000).name == "Curve Data"
    assert profile.rule_of(0x60043000).name == "Overlay Data"
    assert profile.rule_of(0x60040010) is None  # rows of an overlay
    assert profile.rule_of(0x00280010) is None  # rows of the image
    assert all(profile.rule_of(tag_of(rule)) == rule for rule in profile.rules())


def test_every_row_of_the_table_is_counted_as_some_kind() -> None:
    """Sequences are counted by what they hold."""
    for rule in profile.rules():
        facts = facts_of(tag_of(rule), "", False)
        assert facts.kind or facts.representation == "SQ", rule.name


def test_kinds_are_what_a_data_protection_officer_would_say() -> None:
    said = {
        "PatientName": "names",
        "PatientID": "record_numbers",
        "AccessionNumber": "record_numbers",
        "InstitutionName": "geography",
        "PatientTelephoneNumbers": "phone_numbers",
        "StationName": "device_identifiers",
        "DeviceSerialNumber": "device_identifiers",
        "StudyDate": "dates",
        "PatientAge": "ages",
        "PatientWeight": "patient_characteristics",
        "EthnicGroup": "patient_characteristics",
        "StudyDescription": "free_text",
        "ProtocolName": "free_text",
        "ManufacturerModelName": "other_text",
        "StudyInstanceUID": "other_identifiers",
        "GPSLatitude": "geography",
        "Rows": "",
        "Modality": "",
    }
    for keyword, kind in said.items():
        assert facts_of(pydicom.datadict.tag_for_keyword(keyword), "", False).kind == kind, keyword


@pytest.mark.parametrize("depth", [0, 1, 4])
def test_no_attribute_of_the_table_changes_an_output_byte(slice_bytes: bytes, depth: int) -> None:
    """A-4, for each of the 621 rows by itself, in the main dataset, in a sequence, and four sequences deep."""
    expected = written(slice_bytes)
    assert expected[1] == {"modality": "MR", "body_part": "CHEST"}
    refused = []
    for rule in profile.rules():
        data = slice_bytes + deep(planted(rule), depth)
        try:
            assert written(data) == expected, rule.name
        except Rejected as refusal:
            refused.append((rule.name, refusal.code))
    # A document inside the main dataset makes it one; then nothing is written at all.
    assert refused == ([("Encapsulated Document", Code.DOCUMENT)] if depth == 0 else [])


def test_all_of_them_at_once_leave_the_dataset_as_it_is(slice_bytes: bytes, tmp_path: Path, take: Callable) -> None:
    rules = [rule for rule in profile.rules() if rule.name != "Encapsulated Document"]
    clean, full = tmp_path / "clean", tmp_path / "full"
    for folder, more in (
        (clean, b""),
        (full, b"".join(deep(planted(rule), depth) for rule in rules for depth in (0, 2))),
    ):
        folder.mkdir()
        (folder / "a.dcm").write_bytes(slice_bytes + more)
    one, other = take(clean, "clean"), take(full, "full")
    pictures = [next((folder / "images").iterdir()).read_bytes() for _, folder in (one, other)]
    assert pictures[0] == pictures[1]
    assert b"ZQPERSON" not in b"".join(path.read_bytes() for path in other[1].rglob("*") if path.is_file())
    assert other[0]["identifiers_removed"]["names"] >= 29
    kept = [[(c["name"], c["values"]) for c in document["schema"]["columns"]] for document, _ in (one, other)]
    assert kept[0] == kept[1] == [("modality", ["MR"]), ("body_part", ["CHEST"])]


def unchanged_values(dataset: pydicom.Dataset) -> Iterator[bytes]:
    """Every value of an attribute of the table, at any depth, as pydicom's own walk finds it."""
    for one in dataset:
        if one.VR == "SQ":
            for item in one.value or ():
                yield from unchanged_values(item)
        elif profile.rule_of(int(one.tag)) is not None and one.value not in (None, "", b""):
            values = one.value if isinstance(one.value, pydicom.multival.MultiValue) else [one.value]
            for value in values:
                text = value if isinstance(value, bytes) else str(value).strip().encode()
                if len(text) >= 6 and not text.startswith(b"1.2.840.10008."):
                    yield text[:64]


def test_no_value_of_the_table_is_in_the_output_of_real_files(data_folder: Path) -> None:
    """A-2: over the DICOM files of the zoo that decode, judged by a walk that is not ours."""
    tried = values = 0
    for path in sorted((data_folder / "dicom_a").rglob("*")):
        if not path.is_file() or path.stat().st_size > 2_000_000:
            continue
        data = path.read_bytes()
        try:
            picture, attributes = written(data)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = set(unchanged_values(pydicom.dcmread(io.BytesIO(data), force=True)))
        except (Rejected, ValueError, TypeError, NotImplementedError, AttributeError):
            continue
        stored = picture + json.dumps(list(attributes.values())).encode()
        assert not [value for value in found if value in stored]
        tried, values = tried + 1, values + len(found)
    assert tried > 100
    assert values > 1000


def test_all_eighteen_categories_are_reported_and_every_kind_has_its_place() -> None:
    told = safe_harbor.categories({"names": 3, "exif": 2, "dates": 0}, {"C": "Shifted."})
    assert [one["safe_harbor"] for one in told] == [*"ABCDEFGHIJKLMNOPQR", "-"]
    assert told[0] == {**told[0], "found": 3, "kinds": {"names": 3}}
    assert (told[2]["found"], told[2]["done"]) == (0, "Shifted.")
    assert told[-1]["kinds"] == {"exif": 2}
    assert set(safe_harbor.KINDS.values()) <= set(safe_harbor.CATEGORIES)
