"""Fréchet distance between two clouds of features, and its ratio to what two real samples differ by.

Dowson and Landau 1982, equation 4, with the covariance shrunk after Ledoit and Wolf 2004 ("A well-conditioned estimator
for large-dimensional covariance matrices", section 3): a hundred features from a few hundred images are else singular.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Scale:
    """Puts features on one footing: z-scores of the real training features, `clip` at most."""

    mean: np.ndarray
    spread: np.ndarray
    clip: float = 10.0

    @classmethod
    def of(cls, features: np.ndarray) -> Scale:
        """features: float (n, d), n >= 2. A feature that never changes keeps its own unit."""
        mean, spread = features.mean(0), features.std(0)
        return cls(mean, np.where(spread > 1e-6 * (1 + np.abs(mean)), spread, 1.0))

    def __call__(self, features: np.ndarray) -> np.ndarray:
        return np.clip((features - self.mean) / self.spread, -self.clip, self.clip)


@dataclass(frozen=True)
class Ratio:
    """distance   between synthetic and reference
    floor      between real training images and reference, as many of each
    n          records on each side
    """

    distance: float
    floor: float
    n: int

    @property
    def value(self) -> float:
        """1 is as good as real; nothing bounds it above."""
        return self.distance / max(self.floor, 1e-12)


def covariance(features: np.ndarray) -> np.ndarray:
    """float (n, d) -> (d, d), Ledoit-Wolf shrunk towards a multiple of the identity."""
    centred = features - features.mean(0)
    count, width = centred.shape
    sample = centred.T @ centred / count
    level = np.trace(sample) / width
    away = ((sample - level * np.eye(width)) ** 2).sum() / width
    # mean over images of |x x^T - S|^2, expanded so that no (n, d, d) array is needed
    noise = ((centred**2).sum(1) ** 2).sum() / count**2 - (sample**2).sum() / count
    share = 0.0 if away <= 0 else float(np.clip(noise / width / away, 0.0, 1.0))
    return (1 - share) * sample + share * level * np.eye(width)


def gaussian_frechet(mean_a: np.ndarray, cov_a: np.ndarray, mean_b: np.ndarray, cov_b: np.ndarray) -> float:
    """|mean_a - mean_b|^2 + tr(A + B - 2 (A^1/2 B A^1/2)^1/2), by symmetric eigenvalues (no complex square root)."""
    values, vectors = np.linalg.eigh(cov_a)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ cov_b @ root).clip(0)).sum()
    return float(max(0.0, ((mean_a - mean_b) ** 2).sum() + np.trace(cov_a) + np.trace(cov_b) - 2 * cross))


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """Squared Fréchet distance between Gaussians fitted to features float (n, d) and (m, d); n, m >= 2."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    if min(len(a), len(b)) < 2:
        raise ValueError("a covariance needs at least two rows")
    return gaussian_frechet(a.mean(0), covariance(a), b.mean(0), covariance(b))


def ratio(
    synthetic: np.ndarray, training: np.ndarray, reference: np.ndarray, rng: np.random.Generator, draws: int = 4
) -> Ratio:
    """FD(synthetic, reference) / FD(training, reference), everything on the scale of `training` and at equal n.

    Raw features float (., d). The floor is the mean over `draws` subsamples of the training features.
    """
    count = min(len(synthetic), len(training), len(reference))
    scale = Scale.of(training)
    reference = scale(_some(reference, count, rng))
    distance = frechet(scale(_some(synthetic, count, rng)), reference)
    floors = [frechet(scale(_some(training, count, rng)), reference) for _ in range(draws)]
    return Ratio(distance, float(np.mean(floors)), count)


def _some(features: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    return features if len(features) == count else features[rng.permutation(len(features))[:count]]
