"""Which real images a step sees: half as they come, half balanced over the values of the attributes."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

CAP = 8.0
"""No image is seen more than so many times as often as without balancing: nobody must be learned by heart."""


def repeats(categorical: np.ndarray) -> np.ndarray:
    """How often each row is drawn against plain sampling: float64 (n,), mean 1, at most CAP.

    categorical: int (n, A), negative for missing. The balanced half picks an attribute, then one of its values with
    weight log(1 + count) (the training-by-sampling of Xu et al. 2019, section 4.3), then a row that has it; a row
    keeps its other values, so margins are balanced without enumerating combinations.
    """
    count = len(categorical)
    shares = []
    for column in categorical.T:
        values, inverse, counts = np.unique(column, return_inverse=True, return_counts=True)
        weight = np.where(values >= 0, np.log1p(counts), 0.0)
        if (values >= 0).sum() > 1:
            shares.append((weight / weight.sum() / counts)[inverse] * count)
    if not shares:
        return np.ones(count)
    mixed = 0.5 + 0.5 * np.mean(shares, axis=0)
    for _ in range(50):  # what the cap takes is spread over the others, and may lift one of them to the cap
        mixed = np.minimum(mixed / mixed.mean(), CAP)
    return mixed


class Sampler:
    """Draws row numbers on the device where the images are."""

    def __init__(self, categorical: np.ndarray, device: torch.device) -> None:
        often = repeats(categorical)
        self.often = torch.from_numpy(often.astype(np.float32)).to(device)
        cumulated = np.cumsum(often) / often.sum()
        self._cumulated = torch.from_numpy(cumulated.astype(np.float32)).to(device)

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """int64 (count,), with replacement."""
        place = torch.rand(count, generator=generator, device=self._cumulated.device)
        return torch.searchsorted(self._cumulated, place).clamp_max(len(self._cumulated) - 1)
