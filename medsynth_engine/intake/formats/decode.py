"""Bytes of one file -> its pictures, one after the other. What else the file carries is counted, so that the report
can say what is gone.

A picture comes out as uint8 or uint16 grey (h, w), or uint8 RGB (h, w, 3), upright, without alpha and palette.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from medsynth_engine.intake.choice import chosen
from medsynth_engine.intake.formats.formats import DICOM, NIFTI, kind_of
from medsynth_engine.intake.formats.pixels import over_black, settle, whole_numbers
from medsynth_engine.intake.options import Reading
from medsynth_engine.intake.reasons import Code, Rejected


@dataclass(frozen=True)
class Decoded:
    """One picture.

    pixels       see above
    found        kind -> how many carriers of identifying data were left behind
    identifiers  values that must not occur in anything written for this file
    attributes   typed, allow-listed attributes (DICOM only): modality, body_part, view, age, sex, ethnicity
    patient      the patient's identifier as it came, or empty; leaves the process only as a pseudonym
    group        the study, likewise
    series       the series, likewise
    bits         of 16-bit pixels those that white fills, where that is known
    frames       how many pictures the file holds
    review       a reason for a person to look at it before it is used
    """

    pixels: np.ndarray
    found: Counter[str] = field(default_factory=Counter)
    identifiers: tuple[bytes, ...] = ()
    attributes: dict[str, str | float] = field(default_factory=dict)
    patient: str = ""
    group: str = ""
    series: str = ""
    frames: int = 1
    bits: int | None = None
    review: Code | None = None


@dataclass(frozen=True)
class Opened:
    """A file that was looked at and not yet decoded.

    total   how many pictures it holds
    chosen  the numbers, from 0, of those that the choice of slices takes
    frame   decodes the picture of a number; raises Rejected for that picture
    """

    total: int
    chosen: tuple[int, ...]
    frame: Callable[[int], Decoded]


@dataclass(frozen=True)
class Header:
    """What is known of a file without its pixels; empty where the format or the file does not say.

    series    identifier of the DICOM series as it came; leaves the process only keyed
    position  of the slice in its series: millimetres along the normal of the slices, else its number there
    pictures  how many the file holds; 0 where it is a DICOM object that is no image
    """

    series: str = ""
    position: float | None = None
    pictures: int = 1
    modality: str = ""
    body_part: str = ""
    view: str = ""


def opened(data: bytes, reading: Reading) -> Opened:
    """Look at a file, by content, never by name. Raises Rejected with the reason for the file as a whole."""
    kind = kind_of(data)
    if kind == NIFTI:
        from medsynth_engine.intake.formats import nifti

        return nifti.opened(data, reading)
    if kind == DICOM:
        from medsynth_engine.intake.formats import dicom  # pydicom costs 20 MB and 0.15 s: only where it is needed

        return dicom.opened(data, reading)
    from medsynth_engine.intake.formats import pages

    return pages.opened(data, kind, reading)


def stack(total: int, reading: Reading, frame: Callable[[int], Decoded]) -> Opened:
    """A file of `total` pictures. Raises Rejected where these are more than an archive may hold."""
    if total > reading.limits.archive_members:
        raise Rejected(Code.TOO_MANY_PIXELS)
    numbers = chosen(reading.slices, total) if total > 1 else (0,)  # a single picture is no stack
    return Opened(total, numbers, frame)


def header(data: bytes, reading: Reading) -> Header:
    """The header of a file; no pixel is decoded. Raises Rejected where the file cannot be read at all."""
    kind = kind_of(data)
    if kind == DICOM:
        from medsynth_engine.intake.formats import dicom_header

        return dicom_header.header(data)
    return Header(pictures=opened(data, reading).total)


def decode_entry(
    data: bytes, shape: tuple[int, ...], dtype: str, extremes: tuple[float, float] | None = None
) -> Decoded:
    """One image of an NPZ. Floats within 0 and 1 are taken as such, other numbers as they are. Raises Rejected.

    extremes  lowest and highest value of the whole array
    """
    kind = np.dtype(dtype)
    if len(data) != kind.itemsize * int(np.prod(shape)):
        raise Rejected(Code.TRUNCATED)
    pixels = np.frombuffer(data, kind).reshape(shape)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        pixels = over_black(pixels)
    return Decoded(settle(whole_numbers(pixels, extremes)))
