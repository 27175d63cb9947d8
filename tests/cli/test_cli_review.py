"""`medsynth review` as its users have it: real captures, held back by a real intake, decided upon at a terminal."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_people import Hospital
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid
from rich.console import Console

from medsynth_tui.cli import review
from medsynth_tui.cli.face import Face, Manner

COUNT = 3


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Secondary captures: pictures of a kind that a person must look at."""
    folder = tmp_path_factory.mktemp("captures")
    rng = np.random.default_rng(11)
    for number in range(COUNT):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        file = FileDataset(str(folder / f"c{number}.dcm"), {}, file_meta=meta, preamble=b"\0" * 128)
        file.SOPClassUID, file.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
        file.PatientID, file.PatientName, file.Modality = f"P-{number}-4711", f"Planted^Name{number}", "OT"
        file.Rows, file.Columns, file.SamplesPerPixel = 112, 144, 1
        file.PhotometricInterpretation, file.PixelRepresentation = "MONOCHROME2", 0
        file.BitsAllocated, file.BitsStored, file.HighBit = 8, 8, 7
        file.PixelData = rng.integers(0, 255, (112, 144), dtype=np.uint8).tobytes()
        file.save_as(folder / f"c{number}.dcm", enforce_file_format=True)
    return folder


@pytest.fixture(scope="module")
def records(hospital: Hospital, captures: Path) -> list[str]:
    added = hospital.alice.gets("datasets", "add", "captures", captures)
    assert (added["quarantined"], added["accepted"]) == (COUNT, 0)
    return [entry["id"] for entry in hospital.alice.gets("review", "list")]


def test_the_list_says_why_each_waits(hospital: Hospital, records: list[str]) -> None:
    found = hospital.alice.gets("review", "list", "captures")
    assert len(found) == len(records) == COUNT
    first = found[0]
    assert (first["dataset"], first["reason"], first["width"], first["height"]) == (
        "captures",
        "needs_review",
        144,
        112,
    )
    assert first["may_decide"] and first["decision"] is None
    shown = hospital.alice.types("review", "list", "--home", hospital.home)
    assert shown.code == 0 and all(record in shown.out for record in records)
    assert "needs review" in shown.out and "144x112" in shown.out


def test_showing_gives_the_picture_and_leaves_a_trace(hospital: Hospital, records: list[str]) -> None:
    shown = hospital.alice.gets("review", "show", records[0])
    assert (shown["picture"]["width"], shown["picture"]["height"]) == (144, 112)
    assert shown["read"] == []
    told = hospital.alice.types("review", "show", records[0], "--home", hospital.home)
    assert "144 x 112" in told.out and "a person must look" in told.out
    looked = hospital.auditor.gets("audit", "list", "--action", "review.show")["records"]
    assert [(record["actor"], record["detail"]["record"]) for record in looked] == [("alice", records[0])] * 2


def test_decisions_are_made_replaced_and_taken_back(hospital: Hospital, records: list[str]) -> None:
    alice = hospital.alice
    assert alice.gets("review", "accept", records[0])["decision"] == "accept"
    masked = alice.gets("review", "mask", records[0], "--box", "10,20,60,14", "--box", "0,0,5,5")
    assert masked["boxes"] == [[10, 20, 60, 14], [0, 0, 5, 5]]
    assert masked["self_reviewed"] and masked["undecided"] == COUNT - 1
    assert alice.gets("review", "undo", records[0])["decision"] is None
    told = alice.types("review", "reject", records[0], "--home", hospital.home)
    assert "is rejected; nobody else could look" in " ".join(told.out.split())
    assert "2 more wait in captures" in told.out
    assert [entry["decision"] for entry in alice.gets("review", "list")] == ["reject", None, None]


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (("accept", "r0123456789abcdef"), 6, "no_such_picture"),
        (("show", "captures/../../etc"), 6, "no_such_dataset"),
        (("show", "captures/../etc"), 6, "no_such_dataset"),
        (("mask", "RECORD"), 4, "no_boxes"),
        (("mask", "RECORD", "--box", "1,2,3"), 2, "bad_box"),
        (("mask", "RECORD", "--box", "140,0,10,10"), 4, "bad_box"),
        (("apply", "nothing"), 6, "no_such_dataset"),
        (("list", "nothing"), 6, "no_such_dataset"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    hospital: Hospital, records: list[str], words: tuple[str, ...], code: int, error: str
) -> None:
    answer = hospital.alice.asks("review", *(records[1] if word == "RECORD" else word for word in words))
    refused = answer.document["error"]
    assert (answer.code, refused["code"]) == (code, error)
    assert refused["message"] and refused["hint"]


@pytest.mark.parametrize("who", ["admin", "auditor"])
def test_nobody_but_a_researcher_reviews(hospital: Hospital, records: list[str], who: str) -> None:
    for words in (("list",), ("show", records[0]), ("accept", records[0]), ("apply", "captures")):
        assert getattr(hospital, who).asks("review", *words).code == 3


def test_no_identifier_is_in_what_is_said(hospital: Hospital, records: list[str]) -> None:
    said = [
        hospital.alice.types("review", *words, "--home", hospital.home) for words in (("list",), ("show", records[1]))
    ]
    assert not any(word in each.out + each.err for each in said for word in ("Planted", "4711", "c0.dcm"))


def test_the_outline_lies_where_the_box_lies() -> None:
    import base64

    from medsynth_tui.cli.review import OUTLINE, outlined

    picture = {"width": 20, "height": 10, "channels": 1, "pixels": base64.b64encode(bytes(200)).decode()}
    drawn = outlined({"picture": picture, "width": 200, "height": 100, "boxes": [[50, 20, 100, 40], [190, 90, 10, 10]]})
    red = {(row, column) for row in range(10) for column in range(20) if drawn.at(row, column) == OUTLINE}
    assert {(2, 5), (2, 14), (5, 5), (5, 14), (9, 19)} <= red
    assert (3, 7) not in red and min(red) == (2, 5) and max(red) == (9, 19)


ENTRY = {
    **{"id": "r3f2a91c04d7be815", "dataset": "a-rather-long-name-for-something", "reason": "burned_in_text"},
    **{"width": 1024, "height": 768, "boxes": [[1, 2, 3, 4]], "waiting_days": 12, "may_decide": True},
}


class Counted:
    """A face that writes into 80 columns, and an engine that knows of one picture that came back."""

    def __init__(self, back: int) -> None:
        self.text = io.StringIO()
        self.back = back

    def told(self, show_it: Callable[..., None], document: Any) -> str:
        face = Face(Manner(home=Path("nowhere")))
        face.out = face.messages = Console(file=self.text, width=80, highlight=False)
        face.ask = lambda operation: {"came_back": self.back}  # type: ignore[method-assign,assignment,return-value]
        show_it(face, document)
        return self.text.getvalue()


@pytest.mark.parametrize("decision", [None, "mask"])
def test_the_list_keeps_ids_and_reasons_whole_in_80_columns(decision: str | None) -> None:
    said = Counted(0).told(review.show_queue, [{**ENTRY, "decision": decision}])
    assert "r3f2a91c04d7be815" in said and "burned in text" in said
    assert all(len(line) <= 80 for line in said.splitlines())
    assert ("decided" in said) == (decision is not None) and "came back" not in said


def test_a_picture_that_came_back_after_masking_is_said() -> None:
    said = Counted(1).told(review.show_queue, [{**ENTRY, "decision": None}])
    assert "1 picture came back: masked, and text was read again." in " ".join(said.split())
    applied = {"dataset": "chest", "to_mask": 3, "to_quarantine": 2, "accepted": 4, "quarantined": 2}
    said = Counted(0).told(review.show_applied, applied)
    assert "2 pictures came back: masked, and text was read again." in said
    assert "Next: medsynth review list chest" in said
    assert "came back" not in Counted(0).told(review.show_applied, {**applied, "to_quarantine": 0})


def test_where_there_is_no_terminal_the_studio_is_named(hospital: Hospital, records: list[str]) -> None:
    told = hospital.alice.types("review", "show", records[1], "--home", hospital.home)
    assert "larger in the studio" in " ".join(told.out.split())
