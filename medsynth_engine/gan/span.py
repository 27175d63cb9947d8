"""What no training image holds, no drawn image holds.

Images that were enlarged have no detail between the pixels they came from, and a border that is always black is black
exactly. A network comes near to such a nothing and never reaches it, while measures of texture see little else. So the
directions across the rows, and across the columns, in which no training image holds more than rounding are taken out
of what the generator draws: a projection on either side (docs/gan.md).
"""

from __future__ import annotations

import torch
from torch import Tensor

ROUNDING = 0.5
"""Mean square of an image in a direction, in grey values of 0 to 255, that is none: rounding leaves a twelfth."""
FEW = 256
"""Images, evenly over the fold, that propose empty directions; then every image is asked."""
BLOCK = 64

Span = tuple[Tensor, Tensor]
"""Projections float32 (s, s) across rows and across columns, on the host: rows @ x @ columns, where black is 0."""


def span(images: Tensor) -> Span | None:
    """Onto what `images`, uint8 (n, c, s, s), hold; None where they hold everything, or nothing at all."""
    empty = [_empty(images, across) for across in ("rows", "columns")]
    side = images.shape[2]
    if not any(directions.shape[1] for directions in empty) or any(each.shape[1] == side for each in empty):
        return None
    rows, columns = (torch.eye(side) - directions @ directions.T for directions in empty)
    return rows, columns


def _empty(images: Tensor, across: str) -> Tensor:
    """Orthonormal directions float32 (s, k) in which no image holds more than rounding."""
    few = torch.linspace(0, len(images) - 1, min(FEW, len(images)), dtype=torch.float64).long()
    values, directions = torch.linalg.eigh(_moment(images[few.to(images.device)], across))
    proposed = directions[:, values < ROUNDING].float()
    if proposed.shape[1] == 0:
        return proposed
    there = proposed.to(images.device)
    most = torch.zeros(proposed.shape[1], device=images.device)
    for part in images.split(BLOCK):
        held = (_lines(part, across) @ there).square().unflatten(0, (len(part), -1)).mean(1)
        most = torch.maximum(most, held.amax(0))
    return proposed[:, (most < ROUNDING).cpu()]


def _moment(images: Tensor, across: str) -> Tensor:
    """Mean outer product of a line with itself: float64 (s, s) on the host."""
    side = images.shape[2]
    total = torch.zeros(side, side, dtype=torch.float64)
    for part in images.split(BLOCK):
        lines = _lines(part, across)
        total += (lines.T @ lines).cpu().double()
    return total / (images.numel() / side)


def _lines(images: Tensor, across: str) -> Tensor:
    """Lines of pixels float32 (n * c * s, s) in 0..255, image by image; those across "rows" run from top to bottom."""
    return (images.transpose(2, 3) if across == "rows" else images).float().flatten(0, 2)
