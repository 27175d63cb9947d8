"""Takes text out of a picture: its box, grown, is filled with the background around it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

MARGIN = 0.2
"""Of a box's lower side: letters reach out of what the detector takes for the line."""
LEAST_MARGIN = 4
RING = 6
"""Pixels around the grown box from which the background is taken."""

Box = tuple[int, int, int, int]


def masked(pixels: np.ndarray, boxes: Iterable[Sequence[int]]) -> np.ndarray:
    """A copy of uint8 or uint16 (h, w[, 3]) without what is in `boxes` (x, y, width, height), and a margin around.

    Each box is filled with the median of a ring around it, channel by channel: nothing of what was there is left, so
    nothing can be brought back, and no bright rectangle is left for a network to learn.
    """
    grown = [_grown(box, *pixels.shape[:2]) for box in boxes]
    covered = np.zeros(pixels.shape[:2], bool)
    for top, bottom, left, right in grown:
        covered[top:bottom, left:right] = True
    made = pixels.copy()
    for top, bottom, left, right in grown:
        around = (slice(max(0, top - RING), bottom + RING), slice(max(0, left - RING), right + RING))
        background = pixels[around][~covered[around]]
        if not len(background):
            background = np.zeros((1, *pixels.shape[2:]), pixels.dtype)
        made[top:bottom, left:right] = np.median(background, axis=0).astype(pixels.dtype)
    return made


def _grown(box: Sequence[int], height: int, width: int) -> tuple[int, int, int, int]:
    """top, bottom, left, right within the picture."""
    x, y, across, down = (int(edge) for edge in box)
    margin = max(LEAST_MARGIN, round(MARGIN * min(across, down)))
    top, bottom = max(0, y - margin), min(height, y + down + margin)
    left, right = max(0, x - margin), min(width, x + across + margin)
    return top, max(top, bottom), left, max(left, right)
