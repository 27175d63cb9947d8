"""From codes to what a network plays with, and back: Xu et al. 2019 (CTGAN), section 4.2.

A number becomes a place within one of a few modes of its column (mode-specific normalisation) and the mode, one-hot; a
column of words is one-hot, and so is missing. Values come from codes: nothing rarer than eleven patients is seen.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import BayesianGaussianMixture

from medsynth_engine.rows.coding import Bins
from medsynth_engine.rows.columns import Inner

MODES = 10
LEAST_WEIGHT = 0.005
WIDTH = 4.0
"""A place is (value - mean) / (4 standard deviations), so that 99.99 % lie in -1..1."""
MOST_ROWS = 20_000


@dataclass(frozen=True)
class Modes:
    """Means and spreads of a number's modes, float64 (k,); `middles` of its bins, float64 (codes without missing,)."""

    means: np.ndarray
    spreads: np.ndarray
    weights: np.ndarray
    middles: np.ndarray

    @property
    def width(self) -> int:
        """Columns of the encoding: the place, the modes, missing."""
        return 1 + len(self.means) + 1

    @classmethod
    def of(cls, coding: Bins, codes: np.ndarray, seed: int) -> Modes:
        """Variational Gaussian mixture with at most ten modes; those of a weight below 0.005 are left out."""
        middles = np.array(coding.lows) / 2 + np.array(coding.highs) / 2
        values = middles[codes[codes < coding.missing]]
        if len(np.unique(values)) < 2:
            centre = float(values[0]) if len(values) else 0.0
            return cls(np.array([centre]), np.array([1.0]), np.ones(1), middles)
        if len(values) > MOST_ROWS:
            values = np.random.default_rng(seed).choice(values, MOST_ROWS, replace=False)
        largest = float(np.abs(values).max())  # squares of very large numbers do not fit
        centre, scale = float(values.mean()), float((values / largest).std()) * largest
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a mixture that has not quite settled will do
            mixture = BayesianGaussianMixture(
                n_components=min(MODES, len(np.unique(values))),
                weight_concentration_prior=0.001,
                max_iter=100,
                random_state=seed,
            ).fit(((values - centre) / scale)[:, None])
        kept = mixture.weights_ > LEAST_WEIGHT
        spreads = np.sqrt(mixture.covariances_.ravel()[kept]) * scale
        weights = mixture.weights_[kept] / mixture.weights_[kept].sum()
        return cls(mixture.means_.ravel()[kept] * scale + centre, spreads, weights, middles)

    def encode(self, codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """float32 (n, width): the mode of each value is drawn by how likely it is."""
        out = np.zeros((len(codes), self.width), dtype=np.float32)
        known = np.flatnonzero(codes < len(self.middles))
        out[codes >= len(self.middles), -1] = 1
        if len(known):
            values = self.middles[codes[known]]
            score = -0.5 * ((values[:, None] - self.means) / self.spreads) ** 2 - np.log(self.spreads)
            likely = np.exp(score - score.max(axis=1, keepdims=True)) * self.weights
            running = np.cumsum(likely, axis=1)
            mode = (running <= rng.random(len(known))[:, None] * running[:, -1:]).sum(axis=1)
            mode = np.minimum(mode, len(self.means) - 1)
            out[known, 0] = np.clip((values - self.means[mode]) / (WIDTH * self.spreads[mode]), -0.99, 0.99)
            out[known, 1 + mode] = 1
        return out

    def value(self, place: np.ndarray, mode: np.ndarray) -> np.ndarray:
        """float64 (n,): places in -1..1 in their modes."""
        return place * WIDTH * self.spreads[mode] + self.means[mode]

    def document(self) -> dict[str, Any]:
        return {name: getattr(self, name).tolist() for name in ("means", "spreads", "weights", "middles")}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Modes:
        return cls(*(np.array(document[name], dtype=float) for name in ("means", "spreads", "weights", "middles")))


@dataclass(frozen=True)
class Span:
    """Where a column lies in the encoding: `start` to `end`; `number` says that its first place is a number's."""

    start: int
    end: int
    number: bool

    @property
    def choice(self) -> slice:
        """The one-hot part."""
        return slice(self.start + self.number, self.end)


def spans(inner: Sequence[Inner], modes: Sequence[Modes | None]) -> tuple[Span, ...]:
    """The columns beside each other: numbers by their modes, words by their codes."""
    found, start = [], 0
    for column, number in zip(inner, modes, strict=True):
        width = number.width if number is not None else column.coding.size
        found.append(Span(start, start + width, number is not None))
        start += width
    return tuple(found)


def encoded(
    codes: np.ndarray, inner: Sequence[Inner], modes: Sequence[Modes | None], rng: np.random.Generator
) -> np.ndarray:
    """float32 (n, width) of codes, int (n, columns)."""
    parts = [np.zeros((len(codes), 0), dtype=np.float32)]
    for number, (column, mode) in enumerate(zip(inner, modes, strict=True)):
        if mode is not None:
            parts.append(mode.encode(codes[:, number], rng))
        else:
            parts.append(np.eye(column.coding.size, dtype=np.float32)[codes[:, number]])
    return np.concatenate(parts, axis=1)
