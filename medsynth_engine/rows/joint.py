"""The joint distribution of the columns that can be asked for: what makes conditioning exact without a reject loop.

The conditioning columns come first in the sequence of trees and are few and coarse, so their joint under the trees can
be written out as one array with an axis a column. A request is then a slice of it: every draw succeeds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medsynth_engine.rows.masks import Masks
from medsynth_engine.rows.rule import Rule, against

LARGEST = 50_000
"""Cells of the joint. Conditioning columns that would make it larger are learned, but cannot be asked for."""

Request = tuple[tuple[int, ...] | None, ...]
"""For each axis the codes that may be drawn, or None for any."""


@dataclass(frozen=True)
class Joint:
    """`shares`: float64 array, one axis a conditioning column, one place a code; sums to 1.

    allowed  bool, the same shape: the cells that break none of `rules`; None where there are none
    """

    shares: np.ndarray
    allowed: np.ndarray | None = None
    rules: tuple[Rule, ...] = ()

    @classmethod
    def under(cls, shares: np.ndarray, masks: Masks) -> Joint:
        allowed, rules = masks.joint(shares.shape) or (None, ())
        return cls(shares, allowed, rules)

    def draw(self, request: Request, n: int, rng: np.random.Generator) -> np.ndarray:
        """`n` draws of all axes within `request`: int64 (n, axes).

        Where the model knows nothing of what is asked (a value too rare to be learned, or a combination never seen),
        the axes concerned keep to the request and the others follow what is left of it.

        Raises UnusableTable (`against_rule`) where every cell of the request breaks a rule.
        """
        if not self.shares.ndim:
            return np.zeros((n, 0), dtype=np.int64)
        request = tuple(self._known(axis, codes) for axis, codes in enumerate(request))
        at = np.ix_(*self._places(request))
        allowed = 1.0 if self.allowed is None else self.allowed[at]
        sliced = self.shares[at] * allowed
        if sliced.sum() <= 0:  # The values are known, their combination is not: as if they were independent.
            sliced = np.array(1.0)
            for axis, places in enumerate(self._places(request)):
                sliced = np.multiply.outer(sliced, self._margin(axis)[places])
            sliced = sliced * allowed
        if sliced.sum() <= 0:
            raise against(self.rules[0])
        running = np.cumsum(sliced.ravel())
        picked = np.searchsorted(running, rng.random(n) * running[-1], side="right")
        drawn = np.stack(np.unravel_index(np.minimum(picked, len(running) - 1), sliced.shape), axis=1)
        return np.stack([places[drawn[:, axis]] for axis, places in enumerate(self._places(request))], axis=1)

    def knows(self, axis: int, codes: tuple[int, ...]) -> bool:
        """Whether any of `codes` was learned."""
        return bool(self._margin(axis)[list(codes)].sum() > 0)

    def _known(self, axis: int, codes: tuple[int, ...] | None) -> tuple[int, ...] | None:
        return codes if codes is not None and self.knows(axis, codes) else None

    def _places(self, request: Request) -> list[np.ndarray]:
        return [
            np.arange(size) if codes is None else np.array(codes)
            for size, codes in zip(self.shares.shape, request, strict=True)
        ]

    def _margin(self, axis: int) -> np.ndarray:
        return self.shares.sum(axis=tuple(other for other in range(self.shares.ndim) if other != axis))
