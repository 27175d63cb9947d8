"""What a leaf's shares leave out of the link between a column and the finding, put back as factors.

A tree asks about few of the columns before it, and seldom about the finding where others tell more. Each column then
says a little less of the finding than it should, and a classifier of all of them loses much. So the shares
of every leaf are tilted by one factor for each value of the finding and each group of codes, chosen by iterative
proportional fitting (Deming & Stephan 1940) so that the table of finding and group is the real one again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from medsynth_engine.rows.coding import SMALLEST

FEWEST, MOST, ROWS = 4, 20, 50
"""A column of numbers is tilted in groups of bins of about ROWS rows each, FEWEST to MOST of them."""
ROUNDS, DIGITS = 20, 3


@dataclass(frozen=True)
class Tilt:
    """The factors of one column.

    column   the predictor that holds the finding
    groups   int (size,): the group of each code of the column
    factors  float (values of the finding, groups), logarithms; 0 where fewer than eleven patients speak. A value of
             the finding past the last row is one under which the column was always missing: nothing is tilted there
    """

    column: int
    groups: np.ndarray
    factors: np.ndarray

    @property
    def height(self) -> int:
        """How many values `values` tells apart: the rows of `factors`, and all that lie past them."""
        return len(self.factors) + 1

    def values(self, predictors: np.ndarray) -> np.ndarray:
        """The code of the finding of each row, 0 to height - 1."""
        found: np.ndarray = np.minimum(predictors[:, self.column], len(self.factors))
        return found

    def on(self, shares: np.ndarray, values: np.ndarray) -> np.ndarray:
        """`shares` (n, size) as tilted for the finding `values` (n,); rows sum to 1."""
        every = np.vstack([np.exp(self.factors), np.ones(self.factors.shape[1])])
        tilted = shares * every[values][:, self.groups]
        out: np.ndarray = tilted / tilted.sum(axis=1, keepdims=True)
        return out

    def document(self) -> dict[str, Any]:
        return {"column": self.column, "groups": self.groups.tolist(), "factors": self.factors.tolist()}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Tilt:
        groups, factors = np.array(document["groups"], dtype=np.int64), np.array(document["factors"], dtype=float)
        return cls(int(document["column"]), groups, factors.reshape(-1, int(groups.max(initial=-1)) + 1))


def groups_of(codes: np.ndarray, size: int, ordered: bool) -> np.ndarray:
    """int (size,): each code by itself, or for ordered codes groups of neighbours of about equally many rows."""
    if not ordered:
        return np.arange(size)
    counts = np.bincount(codes, minlength=size).astype(float)
    middle = (np.cumsum(counts) - counts / 2) / counts.sum()
    wanted = min(MOST, max(FEWEST, len(codes) // ROWS))
    return np.unique(np.minimum((middle * wanted).astype(np.int64), wanted - 1), return_inverse=True)[1]


def fitted(
    column: int,
    values: np.ndarray,
    codes: np.ndarray,
    patients: np.ndarray,
    shares: np.ndarray,
    leaves: np.ndarray,
    ordered: bool,
) -> Tilt | None:
    """The tilt that makes the table of finding and group of codes the real one; None where nothing has to move.

    values, codes, patients, leaves   int (n,): the finding, the column, whose row it is and its leaf
    shares                            float (leaves, size), rows sum to 1
    """
    groups = groups_of(codes, shares.shape[1], ordered)
    width, height = int(groups.max()) + 1, int(values.max()) + 1
    cells = values * width + groups[codes]
    supported = np.unique(np.stack([cells, patients]), axis=1)[0]
    spoken = np.bincount(supported, minlength=height * width).reshape(height, width) >= SMALLEST
    real = np.bincount(cells, minlength=height * width).reshape(height, width)
    rows = np.bincount(leaves * height + values, minlength=len(shares) * height).reshape(len(shares), height, 1)
    of_groups = np.stack([np.bincount(groups, row, minlength=width) for row in shares])[:, None, :]
    factors = np.zeros((height, width))
    for _ in range(ROUNDS):
        tilted = of_groups * np.exp(factors)
        expected = (rows * tilted / tilted.sum(axis=2, keepdims=True)).sum(axis=0)
        moves = spoken & (expected > 0)
        factors[moves] += np.log(real[moves] / expected[moves])
    factors = np.round(factors, DIGITS)
    return Tilt(column, groups, factors) if factors.any() else None
