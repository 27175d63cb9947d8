"""DICOM -> pixels and at most six typed attributes. The data set itself is never kept, so nothing in it can leak.

Intensities follow PS3.3 C.11: modality LUT, then VOI LUT or window, then MONOCHROME1 inversion; the result fills 8 bits
(sources of up to 8 bits stored) or 16 bits.
"""

from __future__ import annotations

import io
import logging
import struct
import warnings
import zlib
from typing import Any

import numpy as np
import pydicom
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi_lut, pixel_array
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGExtended12Bit

from medsynth_engine.intake.decode import Decoded, settle
from medsynth_engine.intake.dicom_tags import characteristics_of, described, identifying, review_reason
from medsynth_engine.intake.options import Limits
from medsynth_engine.intake.reasons import Code, Rejected

logging.getLogger("pydicom").setLevel(logging.CRITICAL)  # its warnings quote values of patients

OBJECTS: tuple[tuple[str, Code], ...] = (
    ("1.2.840.10008.1.3.10", Code.DIRECTORY),
    ("1.2.840.10008.5.1.4.1.1.481.", Code.RADIOTHERAPY),
    ("1.2.840.10008.5.1.4.34.", Code.RADIOTHERAPY),
    ("1.2.840.10008.5.1.4.1.1.88.", Code.REPORT),
    ("1.2.840.10008.5.1.4.1.1.104.", Code.DOCUMENT),
    ("1.2.840.10008.5.1.4.1.1.11.", Code.PRESENTATION),
    ("1.2.840.10008.5.1.4.1.1.9.", Code.WAVEFORM),
    ("1.2.840.10008.5.1.4.1.1.66", Code.SEGMENTATION),
    ("1.2.840.10008.5.1.4.1.1.30", Code.SEGMENTATION),
    ("1.2.840.10008.5.1.4.1.1.77.1.1.1", Code.VIDEO),
    ("1.2.840.10008.5.1.4.1.1.77.1.2.1", Code.VIDEO),
    ("1.2.840.10008.5.1.4.1.1.77.1.4.1", Code.VIDEO),
)
"""SOP classes (PS3.4 B.5) that are no image, by the start of their UID."""
MODALITIES = {"RTPLAN": Code.RADIOTHERAPY, "RTSTRUCT": Code.RADIOTHERAPY, "RTDOSE": Code.RADIOTHERAPY}
MODALITIES |= {"SR": Code.REPORT, "ECG": Code.WAVEFORM, "SEG": Code.SEGMENTATION, "PR": Code.PRESENTATION}
VIDEO_SYNTAXES = "1.2.840.10008.1.2.4.10"
"""MPEG-2, MPEG-4 and HEVC: 1.2.840.10008.1.2.4.100 to .108."""
PIXEL_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")

CT_WINDOWS = {"HEAD": (40.0, 80.0), "BRAIN": (40.0, 80.0), "SKULL": (40.0, 80.0), "CHEST": (40.0, 400.0)}
CT_DEFAULT = (40.0, 400.0)
"""Centre and width in Hounsfield units where a CT names no window: brain, and soft tissue elsewhere."""
PERCENTILES = (0.5, 99.5)

DECODER_ERRORS = (
    InvalidDicomError,
    BytesLengthException,
    zlib.error,
    AttributeError,
    KeyError,
    IndexError,
    ValueError,
    TypeError,
    NotImplementedError,
    RuntimeError,
    RecursionError,
    OSError,
    EOFError,
    ArithmeticError,
    AssertionError,
    UnicodeError,
    struct.error,
)
"""What pydicom and its decoders raise on damaged files. Anything else ends the process, and so only this file."""


def decode_dicom(data: bytes, limits: Limits, characteristics: tuple[str, ...]) -> Decoded:
    """One DICOM object. Of several frames the middle one is taken. Raises Rejected with the reason."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = _read(data)
        _refuse_what_is_no_image(dataset, limits)
        try:
            found, identifiers = identifying(dataset, data)
        except DECODER_ERRORS:
            raise Rejected(Code.UNREADABLE) from None
        frames, middle = _frames(dataset)
        pixels = settle(_pixels(dataset, middle if frames > 1 else None, middle))
        attributes: dict[str, str | float] = {**described(dataset)}
        attributes |= characteristics_of(dataset, characteristics)
        return Decoded(
            pixels,
            found,
            identifiers,
            attributes,
            patient=_text(dataset, "PatientID"),
            group=_text(dataset, "StudyInstanceUID"),
            frames=frames,
            bits=16,
            review=review_reason(dataset, pixels.shape),
        )


def _read(data: bytes) -> pydicom.Dataset:
    try:
        dataset = pydicom.dcmread(io.BytesIO(data), force=True)
        if not len(dataset):
            raise Rejected(Code.UNREADABLE)
        if "TransferSyntaxUID" not in dataset.file_meta:
            implicit, little = dataset.original_encoding
            dataset.file_meta.TransferSyntaxUID = (
                ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian if little else ExplicitVRBigEndian
            )
    except MemoryError:
        raise Rejected(Code.MEMORY) from None
    except DECODER_ERRORS:
        raise Rejected(Code.UNREADABLE) from None
    return dataset


def _text(dataset: pydicom.Dataset, keyword: str) -> str:
    try:
        value = dataset.get(keyword)
    except DECODER_ERRORS:
        return ""
    return "" if value is None else str(value).strip()


def _refuse_what_is_no_image(dataset: pydicom.Dataset, limits: Limits) -> None:
    kind = _text(dataset, "SOPClassUID") or _text(dataset.file_meta, "MediaStorageSOPClassUID")
    for start, code in OBJECTS:
        if kind == start or (kind.startswith(start) and start not in ("1.2.840.10008.1.3.10",)):
            raise Rejected(code)
    if "DirectoryRecordSequence" in dataset:
        raise Rejected(Code.DIRECTORY)
    code = MODALITIES.get(_text(dataset, "Modality").upper(), Code.NO_PIXELS)
    if code is not Code.NO_PIXELS:
        raise Rejected(code)
    if "EncapsulatedDocument" in dataset:
        raise Rejected(Code.DOCUMENT)
    if "WaveformSequence" in dataset:
        raise Rejected(Code.WAVEFORM)
    if str(dataset.file_meta.TransferSyntaxUID).startswith(VIDEO_SYNTAXES):
        raise Rejected(Code.VIDEO)
    if not any(keyword in dataset for keyword in PIXEL_KEYWORDS):
        raise Rejected(Code.NO_PIXELS)
    try:
        rows, columns = int(dataset.Rows), int(dataset.Columns)
        samples = int(dataset.get("SamplesPerPixel", 1) or 1)
    except DECODER_ERRORS:
        raise Rejected(Code.UNREADABLE) from None
    if rows * columns > limits.image_pixels or samples > 4:
        raise Rejected(Code.TOO_MANY_PIXELS)


def _frames(dataset: pydicom.Dataset) -> tuple[int, int]:
    try:
        frames = max(1, int(dataset.get("NumberOfFrames", 1) or 1))
    except DECODER_ERRORS:
        raise Rejected(Code.UNREADABLE) from None
    return frames, frames // 2


def _pixels(dataset: pydicom.Dataset, index: int | None, frame: int) -> np.ndarray:
    """The decoded frame as uint8 or uint16 grey, or RGB of the same types."""
    try:
        stored = pixel_array(dataset, index=index)
        if stored.ndim == 4 or (stored.ndim == 3 and int(dataset.get("SamplesPerPixel", 1) or 1) == 1):
            stored = stored[0]
        photometric = _text(dataset, "PhotometricInterpretation").upper()
        if photometric == "PALETTE COLOR":
            return _eight_bits(apply_color_lut(stored, dataset), 16 if stored.itemsize > 1 else None)
        if stored.ndim == 3:
            return _eight_bits(stored[..., :3], int(dataset.get("BitsStored", 8) or 8))
        return grey(stored, dataset, frame)
    except MemoryError:
        raise Rejected(Code.MEMORY) from None
    except NotImplementedError:
        raise Rejected(Code.NO_DECODER) from None
    except DECODER_ERRORS as error:
        raise Rejected(_decoder_reason(dataset, str(error).lower())) from None


def _decoder_reason(dataset: pydicom.Dataset, said: str) -> Code:
    if "less than expected" in said or "truncated" in said:
        return Code.TRUNCATED
    twelve_bits = dataset.file_meta.TransferSyntaxUID == JPEGExtended12Bit and dataset.get("BitsStored", 8) != 8
    return Code.NO_DECODER if twelve_bits or "missing dependencies" in said else Code.UNREADABLE


def _eight_bits(colour: np.ndarray, bits: int | None) -> np.ndarray:
    """Colour of any depth as uint8. A palette of 16 bits (`bits` None) fills its type."""
    if colour.dtype == np.uint8:
        return colour
    white = float(2 ** (bits or 16) - 1) if colour.dtype != np.uint16 or bits else 65535.0
    return np.rint(np.clip(colour.astype(np.float32) / white, 0, 1) * 255).astype(np.uint8)


def grey(stored: np.ndarray, dataset: pydicom.Dataset, frame: int) -> np.ndarray:
    """Stored values (h, w) -> intensities, black 0, white 255 or 65535 (PS3.3 C.11.1, C.11.2, C.7.6.3.1.2)."""
    padding = _padding(stored, dataset)
    values = _modality(stored, dataset, frame)
    if not np.isfinite(values).all():
        raise Rejected(Code.NO_WINDOW)
    light = _voi(values, dataset, frame, padding)
    if _text(dataset, "PhotometricInterpretation").upper() == "MONOCHROME1":
        light = 1 - light
    if padding is not None:
        light[padding] = 0
    deep = stored.dtype.kind == "f" or int(dataset.get("BitsStored", 16) or 16) > 8
    white, kind = (65535, np.uint16) if deep else (255, np.uint8)
    return np.rint(light * white).astype(kind)


def _padding(stored: np.ndarray, dataset: pydicom.Dataset) -> np.ndarray | None:
    """Where the scanner filled up the rectangle, or None. The whole picture is never padding."""
    first = dataset.get("PixelPaddingValue")
    if first is None or stored.dtype.kind == "f":
        return None
    last = dataset.get("PixelPaddingRangeLimit", first)
    low, high = sorted((int(first), int(last)))
    mask = (stored >= low) & (stored <= high)
    return mask if mask.any() and not mask.all() else None


def _macro(dataset: pydicom.Dataset, frame: int, sequence: str) -> pydicom.Dataset | None:
    """A functional group of an enhanced multi-frame object: the frame's own, or the shared one (PS3.3 C.7.6.16)."""
    own = dataset.get("PerFrameFunctionalGroupsSequence") or []
    shared = dataset.get("SharedFunctionalGroupsSequence") or []
    for group in [*list(own)[frame : frame + 1], *list(shared)[:1]]:
        if group.get(sequence):
            return group[sequence][0]
    return None


def _modality(stored: np.ndarray, dataset: pydicom.Dataset, frame: int) -> np.ndarray:
    if dataset.get("ModalityLUTSequence"):
        return np.asarray(apply_modality_lut(stored, dataset), np.float32)
    source: Any = _macro(dataset, frame, "PixelValueTransformationSequence") or dataset
    slope, intercept = source.get("RescaleSlope"), source.get("RescaleIntercept")
    values = stored.astype(np.float32)
    if slope is None or intercept is None or not float(slope):
        return values
    return values * np.float32(slope) + np.float32(intercept)


def _voi(values: np.ndarray, dataset: pydicom.Dataset, frame: int, padding: np.ndarray | None) -> np.ndarray:
    """Values -> light between 0 and 1, by LUT, by window, by the default of CT, or by percentiles."""
    if dataset.get("VOILUTSequence"):
        table = apply_voi_lut(values.astype(np.int32), dataset, prefer_lut=True)
        bits = int(dataset.VOILUTSequence[0].LUTDescriptor[2])
        return np.clip(np.asarray(table, np.float32) / float(2**bits - 1), 0, 1)
    source: Any = _macro(dataset, frame, "FrameVOILUTSequence") or dataset
    centre, width = _first(source.get("WindowCenter")), _first(source.get("WindowWidth"))
    function = str(source.get("VOILUTFunction") or "LINEAR").upper()
    if centre is not None and width is not None and (width >= 1 or (function != "LINEAR" and width > 0)):
        return window(values, centre, width, function)
    if _text(dataset, "Modality").upper() == "CT" and values.min() < -100:
        part = _text(dataset, "BodyPartExamined").upper()
        return window(values, *CT_WINDOWS.get(part, CT_DEFAULT))
    counted = values[~padding] if padding is not None else values
    low, high = np.percentile(counted, PERCENTILES)
    if high <= low:
        low, high = float(counted.min()), float(counted.max())
    return np.clip((values - np.float32(low)) / np.float32(max(high - low, 1e-6)), 0, 1)


def _first(value: Any) -> float | None:
    if value is None or value == "":
        return None
    if isinstance(value, (list, tuple, pydicom.multival.MultiValue)):
        value = value[0] if len(value) else None
    return None if value is None else float(value)


def window(values: np.ndarray, centre: float, width: float, function: str = "LINEAR") -> np.ndarray:
    """PS3.3 C.11.2.1.2: LINEAR, LINEAR_EXACT or SIGMOID; light between 0 and 1, float32."""
    if function == "SIGMOID":
        return (1 / (1 + np.exp(np.clip(-4 * (values - centre) / width, -60, 60)))).astype(np.float32)
    if function == "LINEAR_EXACT":
        return np.clip((values - np.float32(centre)) / np.float32(width) + np.float32(0.5), 0, 1)
    if width == 1:
        return (values > centre - 0.5).astype(np.float32)
    return np.clip((values - np.float32(centre - 0.5)) / np.float32(width - 1) + np.float32(0.5), 0, 1)
