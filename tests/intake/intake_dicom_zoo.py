"""A public zoo of DICOM files: its inventory, and what each kind of file ends in."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pydicom

from medsynth_engine.intake.formats import decode
from medsynth_engine.intake.options import Reading
from medsynth_engine.intake.reasons import Rejected

NOT_IMAGES = {"RTPLAN", "RTSTRUCT", "RTDOSE", "SR", "SEG", "ECG", "PR"}


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
