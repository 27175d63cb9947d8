"""C_T: are synthetic records nearer to training than unseen records are, region by region? (Meehan et al. 2020)"""

from __future__ import annotations

import warnings

import numpy as np
from scipy.stats import rankdata
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from medsynth_engine.evidence.distances import near
from medsynth_engine.evidence.intervals import Z95
from medsynth_engine.evidence.resampling import spread
from medsynth_engine.evidence.tail import HOLDER, things_of
from medsynth_engine.kernel.evidence import Evidence, not_enough

FEWEST = 40
"""Records in each set; with fewer a rank test in cells says nothing."""
FEWEST_IN_CELL = 10
HELD_A_CELL = 100
DIMENSIONS = 64
METHOD = (
    "C_T of Meehan, Chaudhuri and Dasgupta 2020: k-means cells of the training data (at least three, one for each 100 "
    "held-out records), in each the z of a Mann-Whitney test of distances to training, weighted by held-out records; "
    "interval by resampling patients. Control: the same towards held-out records, of which nothing can be a copy."
)


def data_copying(
    medium: str,
    training: np.ndarray,
    holdout: np.ndarray,
    synthetic: np.ndarray,
    holdout_owners: np.ndarray,
    rng: np.random.Generator,
) -> Evidence:
    """`c_t` of one medium, from points (., d). Below -3 the generator copies; above 3 it stays away from the data."""
    name, things = f"privacy.{medium}.c_t", things_of(medium)
    n = len(synthetic)
    if min(n, len(training), len(holdout)) < FEWEST:
        return not_enough(name, n, "zero", f"fewer than {FEWEST} records in one of the sets.", METHOD, HOLDER)
    points = _projected(training, holdout, synthetic)
    cells = _Cells.of(points[0], points[1], points[2], rng)
    swapped = _Cells.of(points[1], points[0], points[2], rng)
    value = cells.statistic(np.arange(len(holdout)), np.arange(n))
    width = spread(cells.statistic, [holdout_owners, np.arange(n)], rng)
    control = swapped.statistic(np.arange(len(training)), np.arange(n))
    if not np.isfinite(value) or not np.isfinite(width):
        return not_enough(name, n, "zero", "no cell holds ten held-out and ten synthetic records.", METHOD, HOLDER)
    return Evidence(
        name,
        value,
        value - Z95 * width,
        value + Z95 * width,
        control,
        n,
        "zero",
        HOLDER,
        f"Around 0 synthetic {things} lie as far from training as unseen ones do. Below -3 they lie too near, which is "
        f"copying unless the control (towards held-out patients, {control:.1f}) is as low; above 3 they stay away.",
        METHOD,
    )


def _projected(*sets: np.ndarray) -> list[np.ndarray]:
    """On the strongest directions of the first set, at most DIMENSIONS."""
    keep = min(DIMENSIONS, sets[0].shape[1], len(sets[0]))
    if keep == sets[0].shape[1]:
        return [np.asarray(one, float) for one in sets]
    found = PCA(keep, random_state=0).fit(sets[0])
    return [found.transform(one) for one in sets]


class _Cells:
    """Which cell each unseen and synthetic record falls into, and how far it is from the base."""

    def __init__(self, of_unseen: np.ndarray, of_drawn: np.ndarray, unseen: np.ndarray, drawn: np.ndarray) -> None:
        self.of_unseen, self.of_drawn, self.unseen, self.drawn = of_unseen, of_drawn, unseen, drawn

    @classmethod
    def of(cls, base: np.ndarray, unseen: np.ndarray, drawn: np.ndarray, rng: np.random.Generator) -> _Cells:
        count = max(3, len(unseen) // HELD_A_CELL)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # fewer distinct points than cells is no fault
            means = KMeans(count, n_init=3, random_state=int(rng.integers(2**31))).fit(base)
        return cls(means.predict(unseen), means.predict(drawn), near(unseen, base)[0], near(drawn, base)[0])

    def statistic(self, unseen: np.ndarray, drawn: np.ndarray) -> float:
        """C_T of the records at these positions. NaN where no cell holds enough of both."""
        total, weight = 0.0, 0
        cells, others = self.of_unseen[unseen], self.of_drawn[drawn]
        for cell in range(int(max(self.of_unseen.max(), self.of_drawn.max())) + 1):
            there, here = self.unseen[unseen[cells == cell]], self.drawn[drawn[others == cell]]
            if min(len(there), len(here)) >= FEWEST_IN_CELL:
                total += len(there) * _mann_whitney(here, there)
                weight += len(there)
        return total / weight if weight else float("nan")


def _mann_whitney(drawn: np.ndarray, unseen: np.ndarray) -> float:
    """z of the rank sum: negative where drawn records are nearer. Ties count half and narrow the variance."""
    n, m = len(drawn), len(unseen)
    ranks = rankdata(np.concatenate([drawn, unseen]))
    above = ranks[:n].sum() - n * (n + 1) / 2
    _, ties = np.unique(ranks, return_counts=True)
    shared = float((ties**3 - ties).sum()) / ((n + m) * (n + m - 1))
    variance = n * m / 12 * (n + m + 1 - shared)
    return float((above - n * m / 2) / np.sqrt(variance)) if variance > 0 else 0.0
