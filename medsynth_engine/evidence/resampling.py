"""Intervals by resampling patients, never records: slices of one patient are not independent."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.stats import beta, rankdata

from medsynth_engine.evidence.intervals import Z95, Interval, wilson

TIMES = 200
SHUFFLES = 1000
"""Of patients between two sides, for a p."""


def exact_binomial(hits: float, n: float, level: float = 0.95) -> Interval:
    """Clopper and Pearson 1934. Takes halves, since ties count half; nothing tried: anything is possible."""
    if n <= 0:
        return Interval(np.nan, 0.0, 1.0, 0)
    tail = (1 - level) / 2
    low = 0.0 if hits <= 0 else float(beta.ppf(tail, hits, n - hits + 1))
    high = 1.0 if hits >= n else float(beta.ppf(1 - tail, hits + 1, n - hits))
    return Interval(hits / n, low, high, n)


def effective(hits: np.ndarray, owners: np.ndarray) -> float:
    """How many independent trials these are worth: n over Kish's design effect, at least 1.

    hits    0/1 or shares (n,); owners: a number per trial, trials of one owner go together (Korn and Graubard 1998).
    Where all trials end the same the design effect cannot be seen: each owner then counts once.
    """
    n = len(hits)
    if n == 0:
        return 0.0
    _, place = np.unique(owners, return_inverse=True)
    count = int(place.max()) + 1
    rate = float(np.mean(hits))
    binomial = rate * (1 - rate) / n
    if count < 2 or binomial <= 0:
        return float(count)
    sums = np.bincount(place, weights=np.asarray(hits, float) - rate, minlength=count)
    clustered = float((sums**2).sum()) * count / (count - 1) / n**2
    return max(1.0, min(float(n), n * binomial / clustered if clustered > 0 else float(n)))


def rate(hits: np.ndarray, owners: np.ndarray, z: float = Z95) -> Interval:
    """Share of hits with Wilson's interval at the effective number of trials."""
    trials = effective(hits, owners)
    return wilson(float(np.mean(hits)) * trials if len(hits) else 0.0, trials, z)


class Patients:
    """Draws bootstrap samples: as many patients as there are, with replacement, each with all their records."""

    def __init__(self, owners: np.ndarray) -> None:
        """owners: a number per record (n,)."""
        self._order = np.argsort(owners, kind="stable")
        self._starts = (
            np.flatnonzero(np.r_[True, np.diff(owners[self._order]) > 0]) if len(owners) else np.empty(0, int)
        )
        self._sizes = np.diff(np.r_[self._starts, len(owners)])

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Positions of the records of one sample."""
        count = len(self._starts)
        chosen = rng.integers(0, count, count)
        sizes = self._sizes[chosen]
        ends = np.cumsum(sizes)
        within = np.arange(ends[-1]) - np.repeat(ends - sizes, sizes)
        drawn: np.ndarray = self._order[np.repeat(self._starts[chosen], sizes) + within]
        return drawn


def spread(
    statistic: Callable[..., float], owners: Sequence[np.ndarray], rng: np.random.Generator, times: int = TIMES
) -> float:
    """Standard deviation of `statistic(positions, positions, ...)` when the patients of each sample are redrawn.

    Distances grow when a sample repeats its members, so the percentiles of a bootstrap are off; its spread is not.
    NaN where no two of the draws give a finite number.
    """
    return float(spreads(lambda *drawn: np.array([statistic(*drawn)]), owners, rng, times)[0])


def spreads(
    statistics: Callable[..., np.ndarray], owners: Sequence[np.ndarray], rng: np.random.Generator, times: int = TIMES
) -> np.ndarray:
    """`spread` of several statistics of the same draws, float (k,)."""
    if any(len(owner) == 0 for owner in owners):
        return np.full(1, np.nan)
    samples = [Patients(owner) for owner in owners]
    found = np.array([statistics(*(sample.draw(rng) for sample in samples)) for _ in range(times)])
    finite = np.where(np.isfinite(found), found, np.nan)
    enough = np.isfinite(finite).sum(axis=0) >= max(2, times // 2)
    out = np.full(found.shape[1], np.nan)
    out[enough] = np.nanstd(finite[:, enough], axis=0, ddof=1)
    return out


def auc(positive: np.ndarray, negative: np.ndarray) -> float:
    """Area under the ROC curve; ties count half. NaN where a side is empty."""
    if not len(positive) or not len(negative):
        return float("nan")
    return float(_share_below(np.sort(negative), positive).mean())


def auc_interval(
    positive: np.ndarray,
    negative: np.ndarray,
    positive_owners: np.ndarray,
    negative_owners: np.ndarray,
) -> Interval:
    """AUC with the interval of Obuchowski 1997 (clustered DeLong): components summed by patient. Bounds within 0 to 1.

    One patient on a side leaves no variance to see: the interval is then 0 to 1.
    """
    value = auc(positive, negative)
    if not np.isfinite(value):
        return Interval(value, 0.0, 1.0, 0)
    ordered_negative, ordered_positive = np.sort(negative), np.sort(positive)
    above = _share_below(ordered_negative, positive)
    below = 1 - _share_below(ordered_positive, negative)
    variance = _component(above, positive_owners, value) + _component(below, negative_owners, value)
    half = Z95 * float(np.sqrt(variance)) if np.isfinite(variance) else 1.0
    # An AUC of exactly 0 or 1 has no visible variance; each patient then counts as one trial.
    if half == 0:
        trials = min(len(np.unique(positive_owners)), len(np.unique(negative_owners)))
        return wilson(value * trials, trials, Z95)
    return Interval(value, max(0.0, value - half), min(1.0, value + half), len(positive) + len(negative))


def _share_below(ordered: np.ndarray, values: np.ndarray) -> np.ndarray:
    low, high = np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right")
    return (low + high) / 2 / len(ordered)


def _component(parts: np.ndarray, owners: np.ndarray, value: float) -> float:
    _, place = np.unique(owners, return_inverse=True)
    count = int(place.max()) + 1
    if count < 2:
        return float("nan")
    sums = np.bincount(place, weights=parts - value, minlength=count)
    return float((sums**2).sum()) * count / (count - 1) / len(parts) ** 2


def label_shuffle_p(
    positive: np.ndarray,
    negative: np.ndarray,
    positive_owners: np.ndarray,
    negative_owners: np.ndarray,
    rng: np.random.Generator,
) -> float:
    """One-sided p of the AUC when whole patients change sides at random; the observed draw counts as one."""
    observed = auc(positive, negative)
    if not np.isfinite(observed):
        return float("nan")
    ranks = rankdata(np.concatenate([positive, negative]))
    _, first = np.unique(positive_owners, return_inverse=True)
    _, second = np.unique(negative_owners, return_inverse=True)
    place = np.concatenate([first, second + int(first.max()) + 1])
    count, members = int(place.max()) + 1, int(first.max()) + 1
    sums, sizes = np.bincount(place, weights=ranks, minlength=count), np.bincount(place, minlength=count)
    total, reached = len(ranks), 0
    for _ in range(SHUFFLES):
        chosen = rng.permutation(count)[:members]
        n = sizes[chosen].sum()
        if 0 < n < total:
            reached += (sums[chosen].sum() - n * (n + 1) / 2) / (n * (total - n)) >= observed - 1e-12
    return (1 + int(reached)) / (1 + SHUFFLES)
