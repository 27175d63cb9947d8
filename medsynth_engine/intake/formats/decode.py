"""Bytes of one file -> its pictures, one after the other. What else the file carries is counted, so that the report
can say what is gone.

A picture comes out as uint8 or uint16 grey (h, w), or uint8 RGB (h, w, 3), upright, without alpha and palette.
"""

from __future__ import annotations

import numpy as np

from medsynth_engine.intake.formats.decoded import Decoded, Header, Opened
from medsynth_engine.intake.formats.formats import DICOM, NIFTI, kind_of
from medsynth_engine.intake.formats.pixels import over_black, settle, whole_numbers
from medsynth_engine.intake.options import Reading
from medsynth_engine.intake.reasons import Code, Rejected


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
