"""Finds and reads the text in one picture. onnxruntime and OpenCV are imported here and nowhere else.

The pipeline of A-15: contrast is evened out (CLAHE, Zuiderveld 1994), small pictures are doubled, large ones are read
in overlapping tiles, and PP-OCRv4 (Apache-2.0, its weights in the wheel) finds and reads lines. It is run only inside
the reading processes (`worker`), because native code may crash or hang.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from rapidocr_onnxruntime import RapidOCR

TILE = 1024
"""Pixels. Larger pictures are read in tiles of this side, in their own size; smaller ones as a whole, doubled."""
OVERLAP = 192
"""Pixels that neighbouring tiles share at least: a line of text is lower, so one of them holds its whole height."""
PIECE = 0.75
"""A line of which so much lies in a larger one is a piece of it."""
FAINT = (0.2, 0.4)
"""How sure the detector must be of a pixel and of a line (its own: 0.3 and 0.5). A lower bar finds 12 px at 45 grey
levels; what is no text then falls at the recogniser's."""
SURE = 0.5
"""Lines that the recogniser itself gives less are texture, or hopeless."""

logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Line:
    """box: x, y, width, height in pixels of the picture; text: what was read, which may name a patient."""

    box: Box
    text: str
    sure: float


class Reader:
    """One recogniser with one thread; a process holds one."""

    def __init__(self) -> None:
        cv2.setNumThreads(1)
        self.engine: Any = RapidOCR(text_score=SURE, intra_op_num_threads=1, inter_op_num_threads=1)
        finder = self.engine.text_det.postprocess_op
        finder.thresh, finder.box_thresh = FAINT
        self.even = cv2.createCLAHE(clipLimit=2.0, tileGridSize=(8, 8))

    def read(self, pixels: np.ndarray) -> list[Line]:
        """Lines of a uint8 (h, w) or (h, w, 3) picture, from top to bottom."""
        height, width = pixels.shape[:2]
        if max(height, width) <= TILE:
            doubled = cv2.resize(self._evened(pixels), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
            return self._lines(doubled, 2)
        lines: list[Line] = []
        for top in _starts(height):
            for left in _starts(width):
                tile = np.ascontiguousarray(pixels[top : top + TILE, left : left + TILE])
                lines += self._lines(self._evened(tile), 1, left, top)
        return _whole(lines)

    def _evened(self, pixels: np.ndarray) -> np.ndarray:
        """BGR with its lightness evened out. Colour stays: red letters on green are as light as their ground."""
        if pixels.ndim == 2:
            return cv2.cvtColor(self.even.apply(pixels), cv2.COLOR_GRAY2BGR)
        lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)
        lab[..., 0] = self.even.apply(np.ascontiguousarray(lab[..., 0]))
        return cv2.cvtColor(lab, cv2.COLOR_LAB2BGR)

    def _lines(self, picture: np.ndarray, scale: int, left: int = 0, top: int = 0) -> list[Line]:
        found, _ = self.engine(picture)
        lines = []
        for corners, text, sure in found or []:
            corner = np.asarray(corners, np.float32) / scale
            low, high = np.floor(corner.min(axis=0)).astype(int), np.ceil(corner.max(axis=0)).astype(int)
            x, y = int(low[0]) + left, int(low[1]) + top
            lines.append(Line((x, y, int(high[0] - low[0]), int(high[1] - low[1])), str(text), float(sure)))
        return lines


def _whole(lines: list[Line]) -> list[Line]:
    """Without pieces of lines that a neighbouring tile holds whole, and without what two tiles both read."""
    kept: list[Line] = []
    for line in sorted(lines, key=lambda line: -line.box[2] * line.box[3]):
        area = line.box[2] * line.box[3]
        if not any(_shared(line.box, other.box) > PIECE * area for other in kept):
            kept.append(line)
    return sorted(kept, key=lambda line: (line.box[1], line.box[0]))


def _shared(one: Box, other: Box) -> int:
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return max(0, across) * max(0, down)


def _starts(length: int) -> list[int]:
    """Where tiles begin along a side, the last one ending with the picture."""
    if length <= TILE:
        return [0]
    count = -(-(length - OVERLAP) // (TILE - OVERLAP))
    return [round(number * (length - TILE) / (count - 1)) for number in range(count)]
