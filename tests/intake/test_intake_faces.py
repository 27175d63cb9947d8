"""Where a slice lies and how it is turned: its place in the series, and whether it may show a face (A-17)."""

from __future__ import annotations

import io
from pathlib import Path

import pydicom
import pytest
from intake_decoding import middle

from medsynth_engine.intake.formats import decode
from medsynth_engine.intake.options import Reading
from medsynth_engine.intake.reasons import Code


def written(dataset: pydicom.Dataset) -> bytes:
    stream = io.BytesIO()
    dataset.save_as(stream)
    return stream.getvalue()


def test_position_lies_along_the_normal_of_the_slices(zoo: Path) -> None:
    dataset = pydicom.dcmread(zoo / "pydicom/test_files/MR_small.dcm")
    dataset.SeriesInstanceUID = "1.2.3.4"
    dataset.InstanceNumber = 17
    dataset.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]  # sagittal: the normal is -x
    dataset.ImagePositionPatient = [12.5, -3, 8]
    header = decode.header(written(dataset), Reading())
    assert header.series == "1.2.3.4"
    assert header.position == pytest.approx(-12.5)
    del dataset.ImagePositionPatient
    assert decode.header(written(dataset), Reading()).position == 17
    dataset.InstanceNumber = None
    assert decode.header(written(dataset), Reading()).position is None


@pytest.mark.parametrize(
    ("part", "orientation", "code", "counted"),
    [
        ("HEAD", [1, 0, 0, 0, 1, 0], None, 1),
        ("", [1, 0, 0, 0, 1, 0], None, 1),
        ("", [0, 1, 0, 0, 0, -1], Code.FACE, 0),
        ("BRAIN", [1, 0, 0, 0, 0, -1], Code.FACE, 0),
        ("BRAIN", [0.1, 0.99, 0, 0, 0.1, -0.99], Code.FACE, 0),
        ("CSPINE", [0, 1, 0, 0, 0, -1], Code.FACE, 0),
        ("Hd&Nck by hand", [0, 1, 0, 0, 0, -1], Code.FACE, 0),
        ("CHEST", [0, 1, 0, 0, 0, -1], None, 0),
        ("HEAD", None, Code.FACE, 0),
        ("", None, None, 0),
    ],
)
def test_a_head_from_the_side_or_the_front_goes_to_a_person(
    zoo: Path, part: str, orientation: list[float] | None, code: Code | None, counted: int
) -> None:
    dataset = pydicom.dcmread(zoo / "pydicom/test_files/MR_small.dcm")
    dataset.BodyPartExamined = part
    if orientation is None:
        del dataset.ImageOrientationPatient
    else:
        dataset.ImageOrientationPatient = orientation
    decoded = middle(written(dataset))
    assert decoded.review is code
    assert decoded.found["head_slices"] == counted
    kept = middle(written(dataset), faces="keep")
    assert kept.review is None
    assert kept.found["head_slices"] == int(part != "CHEST" and (orientation is not None or bool(part)))
