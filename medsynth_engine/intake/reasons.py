"""Why a submitted file was not accepted: one stable code and one sentence each. There are no other reasons."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Outcome = Literal["accepted", "quarantined", "rejected"]


@dataclass(frozen=True)
class Reason:
    outcome: Outcome
    sentence: str


class Code(StrEnum):
    """The stable words that stand in the ledger and in the JSON's `reasons`."""

    EMPTY = "empty"
    UNKNOWN_FORMAT = "unknown_format"
    UNREADABLE = "unreadable"
    TRUNCATED = "truncated"
    TOO_LARGE = "too_large"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_SMALL = "too_small"
    BOMB = "bomb"
    LINK = "link"
    NOT_A_FILE = "not_a_file"
    UNSAFE_NAME = "unsafe_name"
    ENCRYPTED = "encrypted"
    NESTED_ARCHIVE = "nested_archive"
    DAMAGED_ARCHIVE = "damaged_archive"
    NO_PIXELS = "no_pixels"
    REPORT = "structured_report"
    DOCUMENT = "encapsulated_document"
    RADIOTHERAPY = "radiotherapy_object"
    PRESENTATION = "presentation_state"
    DIRECTORY = "dicom_directory"
    VIDEO = "video"
    WAVEFORM = "waveform"
    SEGMENTATION = "segmentation"
    OTHER_OBJECT = "not_an_image_object"
    NO_DECODER = "no_decoder"
    NO_WINDOW = "no_intensity"
    CRASHED = "crashed"
    TIMEOUT = "timeout"
    MEMORY = "out_of_memory"
    JOINS_FOLDS = "joins_folds"
    ALREADY_THERE = "already_there"
    IDENTIFIER = "identifier_left"
    BURNED_IN = "burned_in_declared"
    REVIEW = "needs_review"
    FACE = "may_show_face"
    TEXT = "burned_in_text"
    UNREAD = "text_check_failed"
    BY_REVIEWER = "rejected_by_reviewer"
    EXPIRED = "review_expired"


_QUARANTINED: Outcome = "quarantined"
REASONS: dict[Code, Reason] = {
    Code.EMPTY: Reason("rejected", "The file is empty."),
    Code.UNKNOWN_FORMAT: Reason(
        "rejected", "The file is no image in a format that is taken (DICOM, NIfTI, PNG, JPEG, TIFF, BMP, WebP, NPZ)."
    ),
    Code.UNREADABLE: Reason("rejected", "The file cannot be read as the image it says it is."),
    Code.TRUNCATED: Reason("rejected", "The file ends before its picture does."),
    Code.TOO_LARGE: Reason("rejected", "The file is larger than the limit."),
    Code.TOO_MANY_PIXELS: Reason("rejected", "The picture has more pixels than the limit."),
    Code.TOO_SMALL: Reason("rejected", "The picture has fewer than 8 pixels on a side."),
    Code.BOMB: Reason("rejected", "The file unpacks to far more than it holds, as a decompression bomb does."),
    Code.LINK: Reason("rejected", "It is a link, which is never followed."),
    Code.NOT_A_FILE: Reason("rejected", "It is no regular file, or cannot be opened."),
    Code.UNSAFE_NAME: Reason(
        "rejected", "Its name in the archive is absolute, climbs out, is doubled, or is not clean."
    ),
    Code.ENCRYPTED: Reason("rejected", "It is encrypted inside the archive."),
    Code.NESTED_ARCHIVE: Reason("rejected", "It is an archive inside an archive."),
    Code.DAMAGED_ARCHIVE: Reason("rejected", "The archive is damaged at this file."),
    Code.NO_PIXELS: Reason("rejected", "The DICOM object has no pixels."),
    Code.REPORT: Reason("rejected", "A DICOM structured report is no image."),
    Code.DOCUMENT: Reason("rejected", "A document (PDF, CDA, STL) inside DICOM is no image."),
    Code.RADIOTHERAPY: Reason("rejected", "A radiotherapy object (plan, structures, dose) is no image."),
    Code.PRESENTATION: Reason("rejected", "A DICOM presentation state or key object note is no image."),
    Code.DIRECTORY: Reason("rejected", "A DICOMDIR is a list of files, no image."),
    Code.VIDEO: Reason("rejected", "Video is not taken."),
    Code.WAVEFORM: Reason("rejected", "A waveform (ECG) is no image."),
    Code.SEGMENTATION: Reason("rejected", "A segmentation or parametric map is derived from an image, and is none."),
    Code.OTHER_OBJECT: Reason("rejected", "This DICOM object is no image."),
    Code.NO_DECODER: Reason("rejected", "No decoder for this DICOM transfer syntax is part of MedSynth."),
    Code.NO_WINDOW: Reason("rejected", "The pixel values are not finite, so no intensity can be given."),
    Code.CRASHED: Reason("rejected", "The decoder died on the file; it ran apart, so nothing else was harmed."),
    Code.TIMEOUT: Reason("rejected", "Decoding took longer than the limit."),
    Code.MEMORY: Reason("rejected", "Decoding needed more memory than the limit."),
    Code.JOINS_FOLDS: Reason(
        "rejected", "It would tie a patient of one fold to a patient of another, so it is left out."
    ),
    Code.ALREADY_THERE: Reason("rejected", "The dataset holds this very file already."),
    Code.IDENTIFIER: Reason(_QUARANTINED, "An identifier of the source was found in what would be stored."),
    Code.BURNED_IN: Reason(_QUARANTINED, "Its header says that text is burned into the picture."),
    Code.REVIEW: Reason(
        _QUARANTINED,
        "Ultrasound, screen captures, angiography, endoscopy and photographs often carry text: a person must look.",
    ),
    Code.FACE: Reason(_QUARANTINED, "A head seen from the side or the front may show a face: a person must look."),
    Code.TEXT: Reason(_QUARANTINED, "The text check read burned-in text in the picture."),
    Code.UNREAD: Reason(_QUARANTINED, "The text check could not read the picture: a person must look."),
    Code.BY_REVIEWER: Reason("rejected", "A reviewer rejected the picture."),
    Code.EXPIRED: Reason("rejected", "Nobody reviewed the picture in time, so it was removed."),
}


class Rejected(Exception):
    """Raised while one file is handled; it ends that file only."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.value)
        self.code = code


def sentence(code: str) -> str:
    """The sentence behind a code of `reasons`; the code itself where it is none of ours."""
    try:
        return REASONS[Code(code)].sentence
    except ValueError:
        return code


def outcome(code: str) -> Outcome:
    """Whether a code quarantines or rejects; no code at all means accepted."""
    return REASONS[Code(code)].outcome if code else "accepted"
