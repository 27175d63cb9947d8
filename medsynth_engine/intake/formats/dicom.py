"""DICOM -> pixels, frame by frame, and at most six typed attributes. The data set itself is never kept, so nothing in
it can leak. `intensity` says what the numbers of grey pictures mean."""

from __future__ import annotations

import contextlib
import hashlib
from collections import Counter

import numpy as np
import pydicom
from pydicom.encaps import parse_basic_offsets, parse_fragments
from pydicom.pixels import apply_color_lut, get_decoder, pixel_array
from pydicom.uid import JPEGExtended12Bit

from medsynth_engine.intake.formats import faces
from medsynth_engine.intake.formats.decoded import Decoded, Opened, stack
from medsynth_engine.intake.formats.dicom_header import orientation
from medsynth_engine.intake.formats.dicom_objects import PIXEL_KEYWORDS, no_image
from medsynth_engine.intake.formats.dicom_read import DICOM_ERRORS, frames_of, guarded, number, read, text
from medsynth_engine.intake.formats.dicom_tags import characteristics_of, described, identifying, review_reason
from medsynth_engine.intake.formats.intensity import grey
from medsynth_engine.intake.formats.pixels import SMALLEST_SIDE, settle
from medsynth_engine.intake.options import Limits, Reading
from medsynth_engine.intake.reasons import Code, Rejected

PREFERRED = ("pylibjpeg", "pyjpegls", "pillow")
"""They decode JPEG, JPEG 2000 and JPEG-LS in half the time that GDCM takes,
to the same numbers, and damaged files do not end their process, as they end GDCM's. It is left with lossless JPEG."""
JP2_SIGNATURE = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
BITS = {"FloatPixelData": 32, "DoubleFloatPixelData": 64}


def opened(data: bytes, reading: Reading) -> Opened:
    """One DICOM object, parsed once. Raises Rejected with the reason where it is no image that can be decoded."""
    with guarded():
        dataset = read(data)
        if (code := no_image(dataset)) is not None:
            raise Rejected(code)
        frames = frames_of(dataset)
        _check_decoder(dataset)
        surplus = _check_size(dataset, frames, reading.limits)
        found, identifiers = identifying(dataset, data)
        if surplus:
            found["trailing_bytes"] += 1
        words = described(dataset)
        attributes: dict[str, str | float] = {**words, **characteristics_of(dataset, reading.characteristics)}
        study = text(dataset, "StudyInstanceUID")
        if not study and frames > 1:
            study = hashlib.sha256(data).hexdigest()  # frames of one file are of one person, and stay together

    def frame(place: int) -> Decoded:
        with guarded():
            pixels = settle(_pixels(dataset, place))
            face, heads = _face(dataset, words, place, reading)
            return Decoded(
                pixels,
                found + Counter({faces.HEAD_SLICES: heads}),
                identifiers,
                attributes,
                patient=text(dataset, "PatientID"),
                group=study,
                series=text(dataset, "SeriesInstanceUID"),
                frames=frames,
                bits=16,
                review=face or review_reason(dataset, pixels.shape),
            )

    return stack(frames, reading, frame)


def _check_decoder(dataset: pydicom.Dataset) -> None:
    try:
        get_decoder(dataset.file_meta.TransferSyntaxUID)
    except NotImplementedError:
        raise Rejected(Code.NO_DECODER) from None


def _face(dataset: pydicom.Dataset, words: dict[str, str], place: int, reading: Reading) -> tuple[Code | None, int]:
    if words.get("modality") not in faces.MODALITIES:
        return None, 0
    return faces.judged(words.get("body_part", ""), faces.plane(orientation(dataset, place)), reading.faces)


def _check_size(dataset: pydicom.Dataset, frames: int, limits: Limits) -> int:
    """Whether the header promises what the file can hold; how many bytes lie behind the last frame.

    Before anything is decoded. Raises Rejected.
    """
    keyword = next((keyword for keyword in PIXEL_KEYWORDS if keyword in dataset), None)
    if keyword is None:
        raise Rejected(Code.NO_PIXELS)
    rows, columns = number(dataset, "Rows", 0), number(dataset, "Columns", 0)
    samples = number(dataset, "SamplesPerPixel", 1)
    if rows < 1 or columns < 1 or samples not in (1, 3):
        raise Rejected(Code.UNREADABLE)
    if rows * columns > limits.image_pixels:
        raise Rejected(Code.TOO_MANY_PIXELS)
    if min(rows, columns) < SMALLEST_SIDE:
        raise Rejected(Code.TOO_SMALL)
    coded = dataset[keyword].value or b""
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        if frames > 1 and _fragments(coded) < frames:
            raise Rejected(Code.TRUNCATED)
        _check_boxes(coded)
        return 0
    halved = text(dataset, "PhotometricInterpretation").upper() == "YBR_FULL_422"
    bits = BITS.get(keyword) or number(dataset, "BitsAllocated", 16)
    size = -(-rows * columns * (2 if halved else samples) * frames * bits // 8)
    if len(coded) < size:
        raise Rejected(Code.TRUNCATED)
    return len(coded) - size - size % 2


def _fragments(coded: bytes) -> int:
    stream = pydicom.filebase.DicomBytesIO(coded)
    parse_basic_offsets(stream)
    return parse_fragments(stream)[0]


def _check_boxes(coded: bytes) -> None:
    """Raises Rejected where the boxes of a JP2 file (ISO/IEC 15444-1, annex I) lead nowhere: pydicom 3.0 follows them
    for ever."""
    start = coded.find(JP2_SIGNATURE)
    while start >= 0:
        place = start + len(JP2_SIGNATURE)
        while coded[place + 4 : place + 8] != b"jp2c":
            length = int.from_bytes(coded[place : place + 4], "big")
            if length < 8 or place + length > len(coded):
                raise Rejected(Code.UNREADABLE)
            place += length
        start = coded.find(JP2_SIGNATURE, place)


def _pixels(dataset: pydicom.Dataset, place: int) -> np.ndarray:
    """The decoded frame as uint8 or uint16 grey, or RGB of the same types. Raises Rejected."""
    try:
        bits = number(dataset, "BitsStored", 8)
        if number(dataset, "HighBit", bits - 1) != bits - 1:  # retired in 2014; pydicom reads such numbers wrongly
            raise Rejected(Code.NO_DECODER)
        stored = _stored(dataset, place)
        photometric = text(dataset, "PhotometricInterpretation").upper()
        if photometric == "PALETTE COLOR":
            return _eight_bits(apply_color_lut(stored, dataset), 16)
        if stored.ndim == 3:
            return _eight_bits(stored, number(dataset, "BitsStored", 8))
        return grey(stored, dataset, place)
    except MemoryError:
        raise Rejected(Code.MEMORY) from None
    except NotImplementedError:
        raise Rejected(Code.NO_DECODER) from None
    except DICOM_ERRORS as error:
        raise Rejected(_decoder_reason(dataset, str(error).lower())) from None


def _stored(dataset: pydicom.Dataset, place: int) -> np.ndarray:
    """The numbers of a frame as the file holds them (colour as RGB). Raises what pydicom raises."""
    known = get_decoder(dataset.file_meta.TransferSyntaxUID).available_plugins
    *others, last = [plugin for plugin in PREFERRED if plugin in known] or [""]
    for plugin in others:
        with contextlib.suppress(RuntimeError):  # so pydicom says that a plugin has failed
            return pixel_array(dataset, index=place, decoding_plugin=plugin)
    return pixel_array(dataset, index=place, decoding_plugin=last)


def _decoder_reason(dataset: pydicom.Dataset, said: str) -> Code:
    if "less than expected" in said or "truncated" in said:
        return Code.TRUNCATED
    twelve_bits = dataset.file_meta.TransferSyntaxUID == JPEGExtended12Bit and dataset.get("BitsStored", 8) != 8
    return Code.NO_DECODER if twelve_bits or "missing dependencies" in said else Code.UNREADABLE


def _eight_bits(colour: np.ndarray, bits: int) -> np.ndarray:
    """Colour of `bits` bits as uint8."""
    if colour.dtype == np.uint8:
        return colour
    return np.rint(np.clip(colour.astype(np.float32) / np.float32(2**bits - 1), 0, 1) * 255).astype(np.uint8)
