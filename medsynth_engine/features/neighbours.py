"""Nearest neighbours between images, on contrast-normalised 32x32 pixels: what a copy looks like to an eye."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

SIDE = 32
BLOCK = 1024
MOST_CELLS = 2**26
"""Of a block's table of distances: a quarter of a gigabyte."""


def embed(images: np.ndarray) -> np.ndarray:
    """uint8 (n, h, w) or (n, h, w, 3) -> float32 (n, SIDE * SIDE): grey, resized, mean 0 and length 1.

    Brightness and contrast are gone, so that a copy with another window still is a copy. A blank image is all zeros.
    """
    parts = [np.empty((0, SIDE * SIDE), np.float32)]
    with torch.inference_mode():
        for start in range(0, len(images), BLOCK):
            batch = torch.from_numpy(np.ascontiguousarray(images[start : start + BLOCK])).float()
            if batch.ndim == 4:
                batch = batch.mean(3)
            small = functional.interpolate(batch[:, None], size=(SIDE, SIDE), mode="bilinear", antialias=True)
            flat = small.flatten(1)
            flat = flat - flat.mean(1, keepdim=True)
            length = flat.norm(dim=1, keepdim=True)
            parts.append(torch.where(length > SIDE, flat / length.clamp_min(1e-6), torch.zeros(())).numpy())
    return np.concatenate(parts)


def nearest(queries: np.ndarray, base: np.ndarray, leave_out_self: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Euclidean distance to, and index of, the nearest row of `base`, in blocks: float32 (n,), int64 (n,).

    leave_out_self: queries and base are the same rows, a row is not its own neighbour. `base` must not be empty.
    """
    if not len(base):
        raise ValueError("there is nothing to be near to")
    against = torch.from_numpy(np.ascontiguousarray(base, np.float32))
    squares = against.square().sum(1)
    distances, indices = [np.empty(0, np.float32)], [np.empty(0, np.int64)]
    size = max(1, min(BLOCK, MOST_CELLS // len(base)))
    for start in range(0, len(queries), size):
        block = torch.from_numpy(np.ascontiguousarray(queries[start : start + size], np.float32))
        apart = _squared(block, against, squares)
        if leave_out_self:
            rows = torch.arange(len(block))
            apart[rows, rows + start] = torch.inf
        value, index = apart.min(1)
        distances.append(value.clamp_min(0).sqrt().numpy())
        indices.append(index.numpy())
    return np.concatenate(distances), np.concatenate(indices)


def _squared(block: Tensor, against: Tensor, squares: Tensor) -> Tensor:
    return block.square().sum(1, keepdim=True) + squares[None] - 2 * block @ against.T


def tail_share(to_training: np.ndarray, to_control: np.ndarray, tail: float = 0.05) -> float:
    """Among the `tail` of synthetic records nearest to any real one: the share nearer to training than to control.

    Distances (n,) to equally many training and control records. 0.5: nothing is remembered; 1: the nearest all come
    from training. Ties count half.
    """
    nearest_any = np.minimum(to_training, to_control)
    chosen = np.argsort(nearest_any, kind="stable")[: max(1, round(tail * len(nearest_any)))]
    nearer = to_training[chosen] < to_control[chosen]
    equal = to_training[chosen] == to_control[chosen]
    return float(nearer.mean() + 0.5 * equal.mean())
