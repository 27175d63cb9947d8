"""Noisy counts, and what is made of them afterwards: shares, groups of codes, tables that agree. Nothing here costs
privacy but `noisy`."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from medsynth_engine.rows.coding import Bins, Coding
from medsynth_engine.rows.private.noise import Below, discrete_gaussian

GROUPS = 16
"""Pairs of columns are counted in at most about so many groups of a number's codes."""
CLEAR = 3.0
"""A group's count stands out of the noise where it is at least so many standard deviations."""
ROUNDS = 30
"""Fits of a table to its margins, one after the other."""


def noisy(counts: np.ndarray, variance: Fraction, below: Below) -> np.ndarray:
    """int64 counts with discrete Gaussian noise on each."""
    noise = [discrete_gaussian(variance, below) for _ in range(counts.size)]
    return counts + np.array(noise, dtype=np.int64).reshape(counts.shape)


def onto_simplex(values: np.ndarray, total: float) -> np.ndarray:
    """The nearest array of numbers >= 0 that sum to `total` > 0 (Duchi et al. 2008).

    What noise put on empty cells goes. Cutting at 0 alone would leave the positive half of the noise everywhere.
    """
    flat = np.sort(values.ravel())[::-1].astype(float)
    excess = np.cumsum(flat) - total
    places = np.arange(1, len(flat) + 1)
    kept = places[flat - excess / places > 0][-1]
    return np.maximum(values - excess[kept - 1] / kept, 0.0)


def grouped(counts: np.ndarray, total: float, coding: Coding, single: float, pair: float) -> np.ndarray:
    """A group for each code, int64 (size,), numbered from 0; missing, the last code, is a group of its own.

    Neighbouring bins, or rare words, stand together where alone they would drown in noise.

    counts        noisy counts of the codes; `total` their estimated sum
    single, pair  standard deviations of the noise on these counts and on those of pairs
    """
    groups = np.empty(len(counts), dtype=np.int64)
    known = counts[:-1]
    if isinstance(coding, Bins) or coding.ordered:
        mass, width, group = 0.0, 0, 0
        for code, count in enumerate(known):
            mass, width = mass + count, width + 1
            groups[code] = group
            if mass >= max(total / GROUPS, CLEAR * single * width**0.5, CLEAR * pair):
                mass, width, group = 0.0, 0, group + 1
        if width and group:  # the rest is too little for a group of its own
            groups[:-1][groups[:-1] == group] = group - 1
        elif width:
            group = 1
    else:
        clear = known >= CLEAR * max(single, pair)
        groups[:-1][clear] = np.arange(clear.sum())
        groups[:-1][~clear] = clear.sum()
        group = int(clear.sum()) + int(not clear.all())
    groups[-1] = group if len(known) else 0
    return groups


def of_codes(counts: np.ndarray, groups: np.ndarray, total: float, deviation: float) -> np.ndarray:
    """Shares of the codes, float64 (size,), summing to 1; a group keeps its own count where that stands out.

    Missing, the last code, is left out where its count does not stand out of the noise: most columns are never missing.
    """
    shares = onto_simplex(counts, total)
    sums = np.bincount(groups, counts)
    wanted = onto_simplex(sums, total)
    have = np.bincount(groups, shares)
    sizes = np.bincount(groups)
    scale = np.where(have > 0, wanted / np.where(have > 0, have, 1), 0)
    spread = np.where(have > 0, 0, wanted / sizes)
    found = (shares * scale[groups] + spread[groups]) / total
    if counts[-1] < CLEAR * deviation and found[:-1].sum() > 0:
        found[-1] = 0.0
    return found / found.sum()


def agreeing(table: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """`table` (shares >= 0) moved to the margins `rows` and `columns` by iterative proportional fitting."""
    fitted = table + 1e-9
    for _ in range(ROUNDS):
        fitted = fitted * (rows / np.maximum(fitted.sum(axis=1), 1e-300))[:, None]
        fitted = fitted * (columns / np.maximum(fitted.sum(axis=0), 1e-300))[None, :]
    return fitted / fitted.sum()
