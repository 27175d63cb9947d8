"""What a DICOM header says of a file without its pixels: series, place in the series, what kind of picture it is."""

from __future__ import annotations

import pydicom

from medsynth_engine.intake.formats import faces
from medsynth_engine.intake.formats.decoded import Header
from medsynth_engine.intake.formats.dicom_objects import no_image
from medsynth_engine.intake.formats.dicom_read import DICOM_ERRORS, frames_of, guarded, read, text
from medsynth_engine.intake.formats.dicom_tags import described
from medsynth_engine.intake.formats.intensity import macro

NEEDED = (
    *("SOPClassUID", "SeriesInstanceUID", "Modality", "BodyPartExamined", "ViewPosition", "NumberOfFrames"),
    *("ImagePositionPatient", "ImageOrientationPatient", "InstanceNumber", "Rows", "Columns"),
    *("DirectoryRecordSequence", "EncapsulatedDocument", "WaveformSequence"),
)


def header(data: bytes) -> Header:
    """Raises Rejected where there is no data set that can be read."""
    with guarded():
        dataset = read(data, NEEDED)
        words = described(dataset)
        shown = no_image(dataset) is None and "Rows" in dataset and "Columns" in dataset
        return Header(
            text(dataset, "SeriesInstanceUID"),
            _position(dataset),
            frames_of(dataset) if shown else 0,
            words.get("modality", ""),
            words.get("body_part", ""),
            words.get("view", ""),
        )


def orientation(dataset: pydicom.Dataset, frame: int) -> tuple[float, ...]:
    """Six cosines, of the frame where frames have their own; empty where there are none, or no numbers."""
    source = macro(dataset, frame, "PlaneOrientationSequence") or dataset
    return _numbers(source, "ImageOrientationPatient", 6)


def _position(dataset: pydicom.Dataset) -> float | None:
    """Millimetres along the normal of the slices (PS3.3 C.7.6.2.1.1); else the number in the series."""
    place, turn = _numbers(dataset, "ImagePositionPatient", 3), orientation(dataset, 0)
    if place and turn:
        return sum(along * length for along, length in zip(place, faces.normal(turn), strict=True))
    return next(iter(_numbers(dataset, "InstanceNumber", 1)), None)


def _numbers(dataset: pydicom.Dataset, keyword: str, count: int) -> tuple[float, ...]:
    try:
        value = dataset.get(keyword)
        values = (value,) if count == 1 else tuple(value or ())
        numbers = tuple(float(one) for one in values if one is not None)
    except DICOM_ERRORS:
        return ()
    return numbers if len(numbers) == count and all(abs(number) < 1e9 for number in numbers) else ()
