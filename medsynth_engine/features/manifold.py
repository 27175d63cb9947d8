"""Density and coverage: does one cloud lie where another one does, and does it reach all of it?

Naeem et al. 2020 ("Reliable fidelity and diversity metrics for generative models"), equations 3 and 4: balls around
real points, each as wide as the way to its k-th neighbour. Neighbours are found in blocks of a matrix product.
"""

from __future__ import annotations

import numpy as np

NEIGHBOURS = 5
BLOCK = 1024


def radii(points: np.ndarray) -> np.ndarray:
    """Squared distance of each of float (n, d), n >= 2, to the NEIGHBOURS-th nearest, or to the farthest of fewer."""
    k = min(NEIGHBOURS, len(points) - 1) - 1
    found = np.empty(len(points))
    for start in range(0, len(points), BLOCK):
        apart = squared(points[start : start + BLOCK], points)
        apart[np.arange(len(apart)), np.arange(len(apart)) + start] = np.inf
        found[start : start + BLOCK] = np.partition(apart, k, axis=1)[:, k]
    return found


def balls(points: np.ndarray, centres: np.ndarray, reach: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each of float (m, d) in how many balls it lies, float (m,); for each ball whether a point lies in it, (n,).

    reach  of `centres`, from `radii`. Density is the mean of the first over k, coverage the mean of the second.
    """
    inside, covered = np.zeros(len(points)), np.zeros(len(centres), bool)
    for start in range(0, len(points), BLOCK):
        within = squared(points[start : start + BLOCK], centres) <= reach[None]
        inside[start : start + BLOCK] = within.sum(axis=1)
        covered |= within.any(axis=0)
    return inside, covered


def squared(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances of float (n, d) and (m, d): (n, m)."""
    found: np.ndarray = ((a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T).clip(0)
    return found
