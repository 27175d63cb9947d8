"""A ground that is one grey value in real images is drawn as that one value.

Air around a patient, the padding of a scanner: a tenth or half of an image may be one grey value exactly. A network
comes near to it and ripples by a value or two, which the eye forgives and no measure of texture does (docs/gan.md). So
what the generator computes is settled: everything within `WIDTH` grey values of a ground becomes the ground, and what
lies beyond moves up to it, so that every grey value can still be drawn.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from medsynth_engine.kernel.small_cells import SMALLEST

WIDTH = 8
"""Grey values of 0 to 255 to either side that become the ground: weights rest on it. With twice as many it is worse
(docs/gan.md)."""
AREA = 0.05
"""Share of an image that one value has to fill, with all its neighbours, to be a ground there."""
OFTEN = 0.02
"""Share of the images with the same ground. It also takes as many patients as any other cell (`small_cells`): a value
that few have tells of them, and travels with the weights."""
CLEAN = 0.25
"""Share of the places around which all is within WIDTH of a ground that are it exactly."""
FEW = 2_048
"""Images, evenly over the fold, that are asked."""
BLOCK = 64


def grounds(images: Tensor, patient: np.ndarray) -> tuple[int, ...]:
    """Grey values 0..255 that are grounds of `images`, uint8 (n, 1, s, s), ascending and more than 2 * WIDTH apart; of
    two nearer ones the more frequent. `patient` int (n,) says whose each is. None for colour images: there a ground
    would be a colour."""
    if images.shape[1] != 1:
        return ()
    few = torch.linspace(0, len(images) - 1, min(FEW, len(images)), dtype=torch.float64).long().to(images.device)
    filled = torch.cat([_filled(images[rows]).cpu() for rows in few.split(BLOCK)])
    whose, found, kept = torch.from_numpy(patient)[few.cpu()], filled.sum(0), list[int]()
    for value in torch.argsort(found, descending=True, stable=True).tolist():
        if found[value] < OFTEN * len(few):
            break
        if len(whose[filled[:, value]].unique()) >= SMALLEST and all(abs(value - one) > 2 * WIDTH for one in kept):
            kept.append(value)
    return tuple(value for value in sorted(kept) if _clean(images, few, value))


def _clean(images: Tensor, few: Tensor, value: int) -> bool:
    """Whether what is near `value` is mostly it: a ground with a noise of its own is drawn with its noise."""
    exactly = near = 0
    for rows in few.split(BLOCK):
        highest, lowest = _extremes(images[rows])
        exactly += int(((highest == value) & (lowest == value)).sum())
        near += int(((highest <= value + WIDTH) & (lowest >= value - WIDTH)).sum())
    return exactly >= CLEAN * near


def sound(declared: Any) -> bool:
    """Whether it is a list that `grounds` could have found."""
    if not isinstance(declared, list) or not all(type(value) is int and 0 <= value <= 255 for value in declared):
        return False
    return all(after - before > 2 * WIDTH for before, after in pairwise(declared))


def _filled(images: Tensor) -> Tensor:
    """For each image and grey value, whether it fills enough of it: bool (n, 256)."""
    highest, lowest = _extremes(images)
    flat = (highest == lowest).flatten(1)
    counts = torch.zeros(len(images), 256, device=images.device)
    counts.scatter_add_(1, lowest.flatten(1).long(), flat.float())
    return counts >= AREA * flat.shape[1]


def _extremes(images: Tensor) -> tuple[Tensor, Tensor]:
    """Highest and lowest grey value of each pixel and its eight neighbours: float32 (n, 1, s - 2, s - 2)."""
    x = images.float()
    return functional.max_pool2d(x, 3, 1), -functional.max_pool2d(-x, 3, 1)


class Settled(torch.autograd.Function):
    """Images around -1 to 1 with flat steps at grounds (int, 0..255): u - sum of clamp(u - p_i, -w, w), where the
    middle p_i of a step moves by as much as the steps before it take away.

    The gradient passes straight through (Bengio, Leonard and Courville 2013, "Estimating or propagating gradients
    through stochastic neurons", section 4): on a step the true one is zero, and nothing would ever leave it.
    """

    @staticmethod
    def forward(ctx: Any, u: Tensor, at: tuple[int, ...]) -> Tensor:
        width = WIDTH / 127.5
        taken = torch.zeros_like(u)
        for position, value in enumerate(at):
            middle = value / 127.5 - 1 + (2 * position - len(at) + 1) * width
            taken += (u - middle).clamp_(-width, width)
        return u - taken

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        return gradients[0], None


def settled(u: Tensor, at: tuple[int, ...]) -> Tensor:
    """`u` (n, 1, s, s) with its grounds as they are in real images; u itself where there are none."""
    return Settled.apply(u, at) if at else u
