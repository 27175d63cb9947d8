"""Does the synthetic data repeat training records? Copies and close matches, for rows and for images.

Every measure asks the same of held-out records, where nothing can have been copied. What a few copies among thousands
of records look like is seen by `tail`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from medsynth_engine.evidence.distances import Distances
from medsynth_engine.evidence.resampling import rate
from medsynth_engine.evidence.tail import HOLDER, things_of
from medsynth_engine.kernel.evidence import Evidence, not_enough

CLOSE = 0.01


@dataclass(frozen=True)
class Hits:
    """Which records hit one of another set: synthetic in training and in holdout, and the two folds in each other.

    sizes   training records for each held-out one: how much likelier a hit by chance is in the larger set
    """

    in_training: np.ndarray
    in_holdout: np.ndarray
    holdout_in_training: np.ndarray
    training_in_holdout: np.ndarray
    sizes: float

    @classmethod
    def of(cls, ask: Callable[[Any, Any], np.ndarray], training: Any, holdout: Any, synthetic: Any) -> Hits:
        """`ask(queries, base)` says which of the queries hit something in the base, bool (n,)."""
        found = ask(synthetic, training), ask(synthetic, holdout), ask(holdout, training), ask(training, holdout)
        return cls(*found, len(training) / max(1, len(holdout)))

    def __or__(self, other: Hits) -> Hits:
        return Hits(
            self.in_training | other.in_training,
            self.in_holdout | other.in_holdout,
            self.holdout_in_training | other.holdout_in_training,
            self.training_in_holdout | other.training_in_holdout,
            self.sizes,
        )

    @property
    def expected(self) -> float:
        """The rate of hits in training that is expected without a leak: that in the held-out data, at training's size.

        A generator that prefers the typical is near to every real record; this takes that away.
        """
        there, back = float(np.mean(self.holdout_in_training)), float(np.mean(self.training_in_holdout))
        return min(1.0, float(np.mean(self.in_holdout)) * (there / back if back > 0 else self.sizes))


def copies(
    medium: str, hits: Hits | None, owners: np.ndarray, how: str, name: str = "copies", drawn: str = ""
) -> Evidence:
    """Share of synthetic records that are copies of a training record; None for `hits` where a set is empty.

    owners   the patient of the training record nearest to each synthetic one
    how      what counts as a copy, for the reader
    drawn    how many of the synthetic records were asked, for the reader, where these are not all
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
        f"{count} of {n} synthetic {things_of(medium)} are a copy of a training record ({how}); without a leak about "
        f"{hits.expected:.1%} would be." + drawn,
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
        distances.sizes,
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
        f"{found.value:.1%} of the synthetic {things_of(medium)} lie as near to a training record as 1 % of unseen "
        f"real records do; towards held-out patients it is {hits.expected:.1%}." + distances.drawn,
        method,
    )
