"""Which DICOM objects are images. What is none is refused with its reason, never guessed at (PS3.4 B.5)."""

from __future__ import annotations

import pydicom

from medsynth_engine.intake.formats.dicom_read import text
from medsynth_engine.intake.reasons import Code

STORAGE = "1.2.840.10008.5.1.4.1.1."
CLASSES: tuple[tuple[str, Code], ...] = (
    ("1.2.840.10008.5.1.4.34.", Code.RADIOTHERAPY),
    (f"{STORAGE}481.", Code.RADIOTHERAPY),
    (f"{STORAGE}88.59", Code.PRESENTATION),
    (f"{STORAGE}88.", Code.REPORT),
    (f"{STORAGE}104.", Code.DOCUMENT),
    (f"{STORAGE}11.", Code.PRESENTATION),
    (f"{STORAGE}9.", Code.WAVEFORM),
    (f"{STORAGE}66.4", Code.SEGMENTATION),
    (f"{STORAGE}66.5", Code.SEGMENTATION),
    (f"{STORAGE}66.7", Code.SEGMENTATION),
    (f"{STORAGE}30", Code.SEGMENTATION),
    (f"{STORAGE}66", Code.OTHER_OBJECT),
    (f"{STORAGE}67", Code.OTHER_OBJECT),
    (f"{STORAGE}68.", Code.OTHER_OBJECT),
    (f"{STORAGE}78.", Code.OTHER_OBJECT),
    (f"{STORAGE}77.1.1.1", Code.VIDEO),
    (f"{STORAGE}77.1.2.1", Code.VIDEO),
    (f"{STORAGE}77.1.4.1", Code.VIDEO),
)
"""SOP classes that are no image, by the start of their UID; the first that fits holds."""
DIRECTORY_CLASS = "1.2.840.10008.1.3.10"
MODALITIES = {
    "RTPLAN": Code.RADIOTHERAPY,
    "RTSTRUCT": Code.RADIOTHERAPY,
    "RTDOSE": Code.RADIOTHERAPY,
    "RTRECORD": Code.RADIOTHERAPY,
    "SR": Code.REPORT,
    "DOC": Code.DOCUMENT,
    "PR": Code.PRESENTATION,
    "KO": Code.PRESENTATION,
    "ECG": Code.WAVEFORM,
    "SEG": Code.SEGMENTATION,
    "REG": Code.OTHER_OBJECT,
}
VIDEO_SYNTAXES = "1.2.840.10008.1.2.4.10"
"""MPEG-2, MPEG-4 and HEVC: 1.2.840.10008.1.2.4.100 to .108."""
PIXEL_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def no_image(dataset: pydicom.Dataset) -> Code | None:
    """What else a data set is, told without its pixels; None where it may be an image."""
    kind = text(dataset, "SOPClassUID") or text(dataset.file_meta, "MediaStorageSOPClassUID")
    if kind == DIRECTORY_CLASS or "DirectoryRecordSequence" in dataset:
        return Code.DIRECTORY
    for start, code in CLASSES:
        if kind.startswith(start):
            return code
    modality = text(dataset, "Modality").upper()
    if modality in MODALITIES:
        return MODALITIES[modality]
    if "EncapsulatedDocument" in dataset:
        return Code.DOCUMENT
    if "WaveformSequence" in dataset:
        return Code.WAVEFORM
    if str(dataset.file_meta.get("TransferSyntaxUID", "")).startswith(VIDEO_SYNTAXES):
        return Code.VIDEO
    return None
