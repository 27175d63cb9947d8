"""Whose image is whose, and which patients a step sees: each one alone, by the toss of a coin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medsynth_engine.gan.private.stream import Stream

MOST_IMAGES = 4
"""Images of one patient in one step, drawn at random where there are more: bounds the work, not the privacy."""


@dataclass(frozen=True)
class Sample:
    """What one step sees.

    rows     int64 (m,), training images, those of a patient side by side
    owner    int64 (m,), 0..patients-1: whose image
    patients how many patients; never told to anybody, for it depends on the coins
    """

    rows: np.ndarray
    owner: np.ndarray
    patients: int

    def pieces(self, size: int) -> list[Sample]:
        """The same patients, whole, in parts of at most `size` of them."""
        found = []
        for first in range(0, self.patients, size):
            inside = (self.owner >= first) & (self.owner < first + size)
            found.append(Sample(self.rows[inside], self.owner[inside] - first, min(size, self.patients - first)))
        return found


class Patients:
    """The images of each training patient. `owner` int (n,): one number for each training image."""

    def __init__(self, owner: np.ndarray) -> None:
        _, self.owner = np.unique(owner, return_inverse=True)
        order = np.argsort(self.owner, kind="stable")
        self._images = np.split(order, np.cumsum(np.bincount(self.owner))[:-1])

    def __len__(self) -> int:
        return len(self._images)

    def draw(self, rate: float, stream: Stream) -> Sample:
        """Every patient with probability `rate`, independently (Poisson sampling), with at most MOST_IMAGES images."""
        chosen = [self._some(self._images[who], stream) for who in np.flatnonzero(stream.uniform(len(self)) <= rate)]
        if not chosen:
            return Sample(np.zeros(0, np.int64), np.zeros(0, np.int64), 0)
        owner = np.repeat(np.arange(len(chosen)), [len(images) for images in chosen])
        return Sample(np.concatenate(chosen), owner, len(chosen))

    @staticmethod
    def _some(images: np.ndarray, stream: Stream) -> np.ndarray:
        if len(images) <= MOST_IMAGES:
            return images
        return images[np.argsort(stream.uniform(len(images)))[:MOST_IMAGES]]
