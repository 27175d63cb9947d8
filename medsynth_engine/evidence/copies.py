"""Does the synthetic data repeat training records? Copies, close matches and the tail share, for rows and for images.

Every measure asks the same of held-out records, where nothing can have been copied. Reference 4.2 shows which of
these sees a planted leak: the overall share nearer to training does not, these do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from medsynth_engine.evidence.distances import Distances
from medsynth_engine.evidence.resampling import effective, exact_binomial, rate
from medsynth_engine.kernel.evidence import Evidence, not_enough

HOLDER = "Anybody who holds the synthetic data and some real records to compare with"
TAILS = (0.005, 0.01, 0.02)
"""Shares of the cohort that count as its tail: the widest for leaks of 5 %, the narrowest for rare verbatim ones."""
FEWEST_IN_TAIL = 5
CLOSE = 0.01
THINGS = {"rows": "rows", "image": "images"}


@dataclass(frozen=True)
class Hits:
    """Which records hit one of another set: synthetic in training and in holdout, and the two folds in each other."""

    in_training: np.ndarray
    in_holdout: np.ndarray
    holdout_in_training: np.ndarray
    training_in_holdout: np.ndarray

    @classmethod
    def of(cls, ask: Callable[[Any, Any], np.ndarray], training: Any, holdout: Any, synthetic: Any) -> Hits:
        """`ask(queries, base)` says which of the queries hit something in the base, bool (n,)."""
        return cls(ask(synthetic, training), ask(synthetic, holdout), ask(holdout, training), ask(training, holdout))

    def __or__(self, other: Hits) -> Hits:
        return Hits(
            self.in_training | other.in_training,
            self.in_holdout | other.in_holdout,
            self.holdout_in_training | other.holdout_in_training,
            self.training_in_holdout | other.training_in_holdout,
        )

    @property
    def expected(self) -> float:
        """The rate of hits in training that is expected without a leak: that in the held-out data, at training's size.

        A generator that prefers the typical is near to every real record; this takes that away.
        """
        there, back = float(np.mean(self.holdout_in_training)), float(np.mean(self.training_in_holdout))
        sizes = len(self.training_in_holdout) / max(1, len(self.holdout_in_training))
        return min(1.0, float(np.mean(self.in_holdout)) * (there / back if back > 0 else sizes))


def copies(medium: str, hits: Hits | None, owners: np.ndarray, how: str, name: str = "copies") -> Evidence:
    """Share of synthetic records that are copies of a training record; None for `hits` where a set is empty.

    owners   the patient of the training record nearest to each synthetic one
    how      what counts as a copy, for the reader
    """
    full = f"privacy.{medium}.{name}"
    if hits is None:
        return not_enough(full, 0, "lower", "there are no records to compare.", how, HOLDER)
    found = rate(hits.in_training, owners)
    count, n = int(hits.in_training.sum()), len(hits.in_training)
    return Evidence(
        full,
        found.value,
        found.low,
        found.high,
        hits.expected,
        n,
        "lower",
        HOLDER,
        f"{count} of {n} synthetic {THINGS[medium]} are a copy of a training record ({how}); without a leak about "
        f"{hits.expected:.1%} would be.",
        "Share with Wilson interval at the effective number of trials; control: copies of held-out records, scaled to "
        "the size of the training data.",
    )


def close_match(medium: str, distances: Distances) -> Evidence:
    """Share of synthetic records as near to a training record as only 1 in 100 held-out records is."""
    full = f"privacy.{medium}.close_match"
    method = "tau = 1st percentile of nearest distances from held-out to training records; reference 4.3 M1, I1."
    if not distances.enough:
        return not_enough(full, distances.n, "lower", "fewer than 11 records in one of the sets.", method, HOLDER)
    tau = float(np.quantile(distances.holdout_to_training, CLOSE))
    mirror = float(np.quantile(distances.training_to_holdout, CLOSE))
    hits = Hits(
        distances.to_training <= tau,
        distances.to_holdout <= mirror,
        distances.holdout_to_training <= tau,
        distances.training_to_holdout <= mirror,
    )
    found = rate(hits.in_training, distances.training_owners[distances.nearest_training])
    return Evidence(
        full,
        found.value,
        found.low,
        found.high,
        hits.expected,
        distances.n,
        "lower",
        HOLDER,
        f"{found.value:.1%} of the synthetic {THINGS[medium]} lie as near to a training record as 1 % of unseen real "
        f"records do; towards held-out patients it is {hits.expected:.1%}.",
        method,
    )


def tail_share(medium: str, distances: Distances) -> Evidence:
    """Of the synthetic records nearest to any real one: the share that is nearer to training, as if folds were equal.

    The folds differ in size, so the share is moved by its odds: training records over held-out records is what chance
    gives. Three tails are looked at (`TAILS`), the strongest is told, its exact interval is widened for the looks.
    """
    full = f"privacy.{medium}.tail_share"
    method = (
        f"Tails {', '.join(f'{tail:.1%}' for tail in TAILS)}; Clopper-Pearson at the effective number of trials, "
        "Bonferroni for the tails; odds divided by the ratio of fold sizes; ties count half. Reference 4.2."
    )
    looks = [tail for tail in TAILS if tail * distances.n >= FEWEST_IN_TAIL]
    if not distances.enough or not looks:
        why = f"the tail of {distances.n} records is too short: draw at least {int(FEWEST_IN_TAIL / TAILS[-1])}."
        return not_enough(full, distances.n, "lower", why, method, HOLDER)
    sizes = len(distances.training_owners) / len(distances.holdout_owners)
    nearest = np.minimum(distances.to_training, distances.to_holdout)
    nearer = np.where(distances.to_training < distances.to_holdout, 1.0, 0.0)
    nearer[distances.to_training == distances.to_holdout] = 0.5
    owners = distances.nearest_patient
    found = []
    for tail in looks:
        chosen = nearest <= np.quantile(nearest, tail, method="higher")
        hits = nearer[chosen]
        # Halves of ties are no trials that agree: their spread must not look like independence beyond their number.
        trials = min(
            float(len(hits)), effective(hits, owners[chosen]) if 0 < hits.mean() < 1 else _once(owners[chosen])
        )
        bounds = exact_binomial(float(hits.mean()) * trials, trials, 1 - 0.05 / len(looks))
        value, low, high = (_as_if_equal(bound, sizes) for bound in (bounds.value, bounds.low, bounds.high))
        found.append((low, value, high, tail, int(chosen.sum())))
    low, value, high, tail, count = max(found)
    return Evidence(
        full,
        value,
        low,
        high,
        0.5,
        count,
        "lower",
        HOLDER,
        f"Among the {count} synthetic {THINGS[medium]} nearest to any real record ({tail:.1%} of all), {value:.0%} lie "
        "nearer to training than to held-out patients; without a leak it is 50 %.",
        method,
    )


def _once(owners: np.ndarray) -> float:
    return float(len(np.unique(owners)))


def _as_if_equal(share: float, sizes: float) -> float:
    """A share of training records, as it would be if both folds had the same size."""
    if share <= 0 or share >= 1:
        return share
    odds = share / (1 - share) / sizes
    return odds / (1 + odds)
