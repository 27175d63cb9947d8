"""The average of the generator over its recent past: the one that draws."""

from __future__ import annotations

import copy
import math

import torch
from torch import Tensor

from medsynth_engine.gan.networks import Generator


def power_exponent(width: float) -> float:
    """The exponent whose power-function window has relative standard deviation `width` (0 < width < 0.28).

    Karras et al. 2024 ("Analyzing and improving the training dynamics of diffusion models"), equation 124:
    width = sqrt((e + 1) / ((e + 2)^2 (e + 3))). Solved by bisection: 0.05 gives 16.97, 0.10 gives 6.94.
    """
    low, high = 0.0, 1e4
    for _ in range(100):
        middle = (low + high) / 2
        if math.sqrt((middle + 1) / ((middle + 2) ** 2 * (middle + 3))) > width:
            low = middle
        else:
            high = middle
    return low


class Average:
    """A copy of a generator that follows it with weight (1 - 1/t)^(exponent + 1) on the past, t in steps."""

    def __init__(self, network: Generator, width: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.exponent = power_exponent(width)
        self._own: list[Tensor] = list(self.network.parameters())
        self._followed: list[Tensor] = list(network.parameters())

    @torch.no_grad()
    def update(self, steps: int) -> None:
        """After the `steps`-th step (from 1): the first one is copied as it is."""
        past = (1 - 1 / steps) ** (self.exponent + 1)
        torch._foreach_lerp_(self._own, self._followed, 1 - past)
