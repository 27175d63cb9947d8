"""What every image of a fold leaves behind: enough to find a copy of it, also where only some images are measured."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medsynth_engine.features.neighbours import embed


@dataclass(frozen=True)
class Prints:
    """rows     of each image the position of its row in the fold's table, int (n,)
    digests  of each, object (n,): equal only where every pixel is
    pixels   float32 (n, 1024): grey 32x32, mean 0, length 1; all zero where the image is flat
    """

    rows: np.ndarray
    digests: np.ndarray
    pixels: np.ndarray

    @classmethod
    def of(cls, images: np.ndarray, rows: np.ndarray) -> Prints:
        """images: uint8 (n, s, s) or (n, s, s, 3)."""
        digests = np.array([pixel_digest(image) for image in images], dtype=object)
        return cls(np.asarray(rows), digests, embed(images))

    @classmethod
    def joined(cls, parts: Sequence[Prints]) -> Prints:
        """Those of a fold that was read piece by piece."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("rows", "digests", "pixels")))

    def __len__(self) -> int:
        return len(self.rows)

    def only(self, keep: np.ndarray) -> Prints:
        """Those that the mask, or the positions, choose."""
        return Prints(self.rows[keep], self.digests[keep], self.pixels[keep])


def pixel_digest(image: np.ndarray) -> bytes:
    """What images of one shape share only where every pixel is equal."""
    return hashlib.sha256(np.ascontiguousarray(image).tobytes()).digest()
