"""Kernel Inception Distance on any features: an unbiased squared maximum mean discrepancy.

Bińkowski et al. 2018 ("Demystifying MMD GANs"), equations 3 and 4, cubic polynomial kernel.
"""

from __future__ import annotations

import numpy as np


def polynomial_mmd(a: np.ndarray, b: np.ndarray) -> float:
    """Unbiased MMD^2 between float (n, d) and (m, d), kernel (x.y / d + 1)^3; n, m >= 2. May be slightly negative."""
    width = a.shape[1]

    def within(x: np.ndarray) -> float:
        matrix = (x @ x.T / width + 1) ** 3
        return float((matrix.sum() - np.trace(matrix)) / (len(x) * (len(x) - 1)))

    return within(a) + within(b) - 2 * float(((a @ b.T / width + 1) ** 3).mean())


def kid(a: np.ndarray, b: np.ndarray, rng: np.random.Generator, subsets: int = 100, size: int = 500) -> float:
    """Mean MMD^2 over random subsets of equal size. Scale the features first (`frechet.Scale`)."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    count = min(size, len(a), len(b))
    if count < 2:
        raise ValueError("KID needs at least two rows on each side")
    if count == len(a) == len(b):
        return polynomial_mmd(a, b)
    values = [
        polynomial_mmd(a[rng.choice(len(a), count, replace=False)], b[rng.choice(len(b), count, replace=False)])
        for _ in range(subsets)
    ]
    return float(np.mean(values))
