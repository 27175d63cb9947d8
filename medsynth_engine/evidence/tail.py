"""Do the synthetic records that come nearest to real ones come nearest to *training* records? The test for copies.

Two questions, each of which a clean generator passes, however typical its records are and whoever is held out:

1. Of the synthetic records that lie very near to a real one, how many lie nearer to training than to held-out
   patients? If nothing was copied, who is in which fold is chance: whole patients change folds at random.
2. Do synthetic records lie so near to training more often than held-out records do?

"Very near" is looked for at several distances, which the held-out data sets: the same place, nearer than any held-out
record is to training, nearer than one in 500, 200, 100 of them. So a few copies stand alone and are not lost among
hundreds of typical records. Reference 4.2 shows that the overall share nearer to training sees none of this.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import hypergeom

from medsynth_engine.evidence.distances import Distances
from medsynth_engine.evidence.intervals import Interval
from medsynth_engine.evidence.resampling import effective, exact_binomial
from medsynth_engine.kernel.evidence import Evidence, not_enough

HOLDER = "Anybody who holds the synthetic data and some real records to compare with"
SHARES = (0.002, 0.005, 0.01)
"""Distances within which this share of the held-out records lies to training; besides 0, the least, and half of it."""
EXCHANGES, AT_ONCE = 2_000, 500
METHOD = (
    "Distances set by the held-out records (0, half of the least, the least, and the 0.2, 0.5 and 1 % quantiles of "
    "their nearest distance to training); the strongest is told, calibrated by 2,000 exchanges of whole patients "
    "between the folds."
)


def things_of(medium: str) -> str:
    """`rows` or `images`, for sentences about a medium such as `rows`, `image` or `image.radiomics`."""
    return "rows" if medium == "rows" else "images"


@dataclass(frozen=True)
class Look:
    """The distance at which a cohort tells most about who was in the training data.

    count     synthetic records within it
    nearer    of these, nearer to training (ties count by how many records of each fold lie there)
    trials    how many independent records they are worth (several near to one patient are one)
    chance    share of training patients among all: what `nearer / count` is without a leak
    p         of the exchange of patients, for having looked at all distances
    close_p   of question 2 at this distance
    looks     how many distances were looked at
    """

    count: int
    nearer: float
    trials: float
    chance: float
    p: float
    close_p: float
    looks: int

    @property
    def share(self) -> Interval:
        """Nearer to training, as if both folds had the same number of patients: 0.5 without a leak."""
        if not self.count:
            return Interval(0.5, 0.0, 1.0, 0)
        rate = self.nearer / self.count
        found = exact_binomial(rate * self.trials, self.trials, 1 - 0.05 / self.looks)
        value, low, high = (_as_if_equal(bound, self.chance) for bound in (found.value, found.low, found.high))
        return Interval(value, low, high, self.trials)

    @property
    def both_p(self) -> float:
        """The p of both questions together (Fisher 1925), but never less than that of the first.

        A generator that prefers the typical answers the second with yes; it must not be accused for that alone.
        """
        product = max(self.p * self.close_p, 1e-300)
        return max(self.p, product * (1 - math.log(product)))


def tail(medium: str, distances: Distances, rng: np.random.Generator) -> list[Evidence]:
    """`tail_share`, `tail_p` and `repeated` of one medium (`rows`, `image`, `image.radiomics`)."""
    names = [f"privacy.{medium}.{measure}" for measure in ("tail_share", "tail_p", "repeated")]
    things = things_of(medium)
    if not distances.enough:
        why = "fewer than 11 records in one of the sets."
        return [not_enough(name, distances.n, "lower", why, METHOD, HOLDER) for name in names]
    look = strongest(distances, rng)
    share, excess = look.share, repeated(look, distances.n)
    rests_on = look.count or distances.n  # that none lies near is said of all of them
    among = (
        f"Among the {look.count} synthetic {things} nearest to any real record, {share.value:.0%} lie nearer to "
        "training than to held-out patients, as if there were as many of both; without a leak it is 50 %."
        if look.count
        else f"No synthetic {things[:-1]} lies as near to a real record as unseen real records do."
    )
    return [
        Evidence(
            names[0], share.value, share.low, share.high, 0.5, rests_on, "lower", HOLDER, among,
            METHOD + " Clopper-Pearson at the effective number of trials, Bonferroni for the looks.",
        ),
        Evidence(
            names[1], look.both_p, None, None, look.p, rests_on, "higher", HOLDER,
            f"If nothing was copied, {things} so near to training and not to others would come up in "
            f"{look.both_p:.1%} of the draws.",
            METHOD + " Together with how often held-out records lie so near (Fisher's combination, never below the "
            "p of the exchange alone, which is the control).",
        ),
        Evidence(
            names[2], excess.value, excess.low, excess.high, 0.0, distances.n, "lower", HOLDER,
            f"About {max(0.0, excess.value):.2%} of the synthetic {things} lie next to a training record where "
            "chance does not put them." + distances.drawn,
            "Records at that distance nearer to training, less what chance gives, over the share of held-out "
            "patients; " + METHOD,
        ),
    ]  # fmt: skip


def strongest(distances: Distances, rng: np.random.Generator) -> Look:
    """The look that is least like chance. Without any record within the widest distance: nothing found, p is 1."""
    chance = _chance(distances)
    nearest = np.minimum(distances.to_training, distances.to_holdout)
    edges = _edges(distances.holdout_to_training)
    inside = [nearest <= edge for edge in edges]
    chosen = np.flatnonzero(inside[-1])
    if not len(chosen):
        return Look(0, 0.0, 0.0, chance, 1.0, 1.0, len(edges))
    nearer = distances.nearer_training
    owners = distances.nearest_patient
    _, place = np.unique(owners[chosen], return_inverse=True)
    people = int(place.max()) + 1
    weights = np.array([np.bincount(place, weights=mask[chosen], minlength=people) for mask in inside])
    spread = np.sqrt(chance * (1 - chance) * (weights**2).sum(axis=1))
    seen = np.array([nearer[mask].sum() - chance * mask.sum() for mask in inside])
    by_chance = _exchanged(weights, chance, rng)
    told = spread > 0
    scores = np.where(told, np.divide(seen, spread, out=np.zeros_like(seen), where=told), -np.inf)
    drawn = np.where(told, np.divide(by_chance, spread, out=np.zeros_like(by_chance), where=told), -np.inf)
    p, best = _smallest_p(scores, drawn)
    mask, edge = inside[best], edges[best]
    return Look(
        int(mask.sum()),
        float(nearer[mask].sum()),
        _trials(nearer[mask], owners[mask]),
        chance,
        p,
        _close_p(distances, float(edge)),
        len(edges),
    )


def repeated(look: Look, n: int) -> Interval:
    """The share of all `n` synthetic records that were put next to training records by more than chance."""
    if not look.count or not n:
        return Interval(0.0, 0.0, 0.0, n)
    found = exact_binomial(look.nearer / look.count * look.trials, look.trials, 1 - 0.05 / look.looks)
    scale = look.count / n / (1 - look.chance)
    value, low, high = ((bound - look.chance) * scale for bound in (found.value, found.low, found.high))
    return Interval(value, low, high, n)


def _edges(held: np.ndarray) -> np.ndarray:
    least = float(held.min())
    return np.unique([0.0, least / 2, least, *np.quantile(held, SHARES)])


def _chance(distances: Distances) -> float:
    people = [len(np.unique(owners)) for owners in (distances.training_owners, distances.holdout_owners)]
    return people[0] / sum(people)


def _exchanged(weights: np.ndarray, chance: float, rng: np.random.Generator) -> np.ndarray:
    """What `weights` (looks, patients) give when each patient is in training by `chance`: (EXCHANGES, looks)."""
    return np.concatenate(
        [(rng.random((AT_ONCE, weights.shape[1])) < chance) @ weights.T for _ in range(EXCHANGES // AT_ONCE)]
    ) - chance * weights.sum(axis=1)


def _smallest_p(scores: np.ndarray, drawn: np.ndarray) -> tuple[float, int]:
    """The p of the strongest look among all looks (Westfall and Young 1993), and which one that is."""
    ranked = np.sort(drawn, axis=0)
    times = len(drawn)
    alone = np.array([_above(ranked[:, look], scores[look : look + 1] - 1e-9)[0] for look in range(len(scores))])
    best = int(np.argmin(np.where(np.isfinite(scores), alone, times + 1)))
    smallest = np.min([_above(ranked[:, look], drawn[:, look] - 1e-9) for look in range(len(scores))], axis=0)
    return float((1 + (smallest <= alone[best]).sum()) / (1 + times)), best


def _above(ranked: np.ndarray, values: np.ndarray) -> np.ndarray:
    """For each value how many of `ranked` (ascending) are at least as large."""
    return len(ranked) - np.searchsorted(ranked, values, side="left")


def _trials(nearer: np.ndarray, owners: np.ndarray) -> float:
    once = float(len(np.unique(owners)))
    return min(float(len(nearer)), effective(nearer, owners)) if 0 < nearer.mean() < 1 else once


def _close_p(distances: Distances, edge: float) -> float:
    """One-sided hypergeometric p that synthetic records lie within `edge` of training no more often than held-out ones.

    Counts are worth as many trials as there are patients behind them.
    """
    hits, trials = [], []
    held = distances.holdout_owners if distances.asked_owners is None else distances.asked_owners
    owners = distances.training_owners[distances.nearest_training], held
    for near, whose in zip((distances.to_training, distances.holdout_to_training), owners, strict=True):
        inside = near <= edge
        worth = effective(inside, whose) if 0 < inside.mean() < 1 else float(len(inside))
        hits.append(round(float(inside.mean()) * worth))
        trials.append(max(round(worth), hits[-1], 1))
    return float(hypergeom.sf(hits[0] - 1, sum(trials), sum(hits), trials[0]))


def _as_if_equal(share: float, chance: float) -> float:
    """A share of training records, as it would be if both folds had the same number of patients."""
    if share <= 0 or share >= 1:
        return share
    odds = share / (1 - share) * (1 - chance) / chance
    return odds / (1 + odds)
