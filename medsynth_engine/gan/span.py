"""What no training image holds, no drawn image holds.

Images that were enlarged have no detail between the pixels they came from, and a border that is always black is black
exactly. A network comes near to such a nothing and never reaches it, while measures of texture see little else. So the
directions across the rows, and across the columns, in which the training images hold no more than rounding are taken
out of what the generator draws: a projection on either side, from second moments of the images (docs/gan.md).
"""

from __future__ import annotations

import torch
from torch import Tensor

ROUNDING = 0.5
"""Mean square, in grey values of 0 to 255, that counts as none: rounding once leaves a twelfth."""
MOST = 4096
"""Images that are looked at, evenly over the fold."""
BLOCK = 256

Span = tuple[Tensor, Tensor]
"""Projections float32 (s, s) across rows and across columns, on the host: rows @ x @ columns, where black is 0."""


def span(images: Tensor) -> Span | None:
    """Onto what `images`, uint8 (n, c, s, s), hold; None where they hold everything. Computed in float64."""
    held = [_held(moment(images, across)) for across in ("rows", "columns")]
    if all(directions.shape[1] == len(directions) for directions in held):
        return None
    rows, columns = ((directions @ directions.T).float() for directions in held)
    return rows, columns


def moment(images: Tensor, across: str) -> Tensor:
    """Mean outer product of a line of pixels with itself, lines lying across "rows" or "columns": float64 (s, s)."""
    chosen = torch.linspace(0, len(images) - 1, min(MOST, len(images)), dtype=torch.float64).long()
    side = images.shape[2]
    total = torch.zeros(side, side, dtype=torch.float64)
    for part in chosen.split(BLOCK):
        pixels = images[part.to(images.device)].cpu().double()
        lines = (pixels.transpose(2, 3) if across == "rows" else pixels).reshape(-1, side)
        total += lines.T @ lines
    return total / (len(chosen) * images.shape[1] * side)


def _held(moment: Tensor) -> Tensor:
    """Orthonormal directions (s, k) in which there is more than rounding; all of them where there is nothing at all."""
    values, directions = torch.linalg.eigh(moment)
    more = values > ROUNDING
    return directions[:, more] if bool(more.any()) else directions
