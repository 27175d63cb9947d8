"""The self-check after every file: no identifier of the source may occur in a byte that is written for it."""

from __future__ import annotations

import numpy as np

from medsynth_engine.intake.reasons import Code, Rejected
from medsynth_engine.intake.write import png

SHORTEST = 4
"""Shorter values occur by chance in any compressed picture."""
LEVELS = (1, 3, 6, 9)
"""Compressed bytes are as good as random: four given letters turn up in one file in hundreds of thousands. Coding the
same pixels at another level gives other bytes; an identifier that is really there stays."""


def checked_png(pixels: np.ndarray, identifiers: tuple[bytes, ...]) -> bytes:
    """The picture's PNG, in whose bytes none of `identifiers` occurs. Raises Rejected (quarantined) where one stays."""
    wanted = {value for value in identifiers if len(value) >= SHORTEST}
    for level in LEVELS:
        data = png(pixels, level)
        if not any(value in data for value in wanted):
            return data
    raise Rejected(Code.IDENTIFIER)


def occurs(identifiers: tuple[bytes, ...], texts: list[str]) -> bool:
    """Whether an identifier is, or is part of, one of the values that would be stored with the picture."""
    stored = [text.casefold().encode() for text in texts]
    return any(len(value) >= SHORTEST and value.lower() in text for value in identifiers for text in stored)
