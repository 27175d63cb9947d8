"""What a decoder gives: one picture and what came with it; a file that is open; a header alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from medsynth_engine.intake.options import Reading
from medsynth_engine.intake.reasons import Code, Rejected
from medsynth_engine.kernel.stack_choice import chosen


@dataclass(frozen=True)
class Decoded:
    """One picture.

    pixels       uint8 or uint16 grey (h, w), or uint8 RGB (h, w, 3), upright
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


def stack(total: int, reading: Reading, frame: Callable[[int], Decoded]) -> Opened:
    """A file of `total` pictures. Raises Rejected where these are more than an archive may hold."""
    if total > reading.limits.archive_members:
        raise Rejected(Code.TOO_MANY_PIXELS)
    numbers = chosen(reading.slices, total) if total > 1 else (0,)  # a single picture is no stack
    return Opened(total, numbers, frame)
