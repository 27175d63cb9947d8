"""Who was in the training data? A calibrated distance attack with a placebo, for rows and for images.

Score = distance to the nearest real reference record - distance to the nearest synthetic one (GAN-Leaks, Chen et al.
2020, calibrated). The held-out patients serve twice: each half is the reference for the other, so that all of them are
controls; the halves are drawn several times, or the draw alone would move the AUC by 0.02. A placebo plays two halves
of the members against each other: an attack that wins there proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from medsynth_engine.evidence.distances import near
from medsynth_engine.evidence.resampling import auc_interval, label_shuffle_p
from medsynth_engine.kernel.evidence import Evidence, not_enough

ADVERSARY = "Somebody who has a person's real record and the synthetic data, and wonders whether that person took part"
METHOD = (
    "Nearest-neighbour distance to the synthetic data, calibrated by distance to other real patients (GAN-Leaks); AUC "
    "with the interval of Obuchowski 1997 by patient; control: the same attack between two halves of the members."
)
FEWEST_PATIENTS = 4
HALVINGS = 6
"""Halves of the controls are drawn so often and averaged: which half serves must not decide."""


def membership(
    medium: str,
    training: Sequence[np.ndarray],
    holdout: Sequence[np.ndarray],
    synthetic: Sequence[np.ndarray],
    training_owners: np.ndarray,
    holdout_owners: np.ndarray,
    rng: np.random.Generator,
) -> list[Evidence]:
    """`membership_auc` and `membership_p` of one medium.

    training, holdout, synthetic   the same records in one or more spaces, each float (., d); the spaces' scores are
    summed after each is put on the scale of its own spread over the held-out records
    """
    names = f"privacy.{medium}.membership_auc", f"privacy.{medium}.membership_p"
    people = len(np.unique(holdout_owners)), len(np.unique(training_owners))
    n = len(training_owners) + len(holdout_owners)
    if min(people) < FEWEST_PATIENTS or not len(synthetic[0]):
        why = f"fewer than {FEWEST_PATIENTS} patients in a fold, or no synthetic record."
        return [not_enough(name, n, "lower", why, METHOD, ADVERSARY) for name in names]
    members, outsiders = _scores(training, holdout, synthetic, training_owners, holdout_owners, rng)
    return tested(names, members, outsiders, training_owners, holdout_owners, rng, ADVERSARY, METHOD)


def tested(
    names: tuple[str, str],
    members: np.ndarray,
    outsiders: np.ndarray,
    training_owners: np.ndarray,
    holdout_owners: np.ndarray,
    rng: np.random.Generator,
    adversary: str,
    method: str,
) -> list[Evidence]:
    """AUC and p of an attacker's scores (n,) of those who took part and of those who did not; higher says "took part".

    Each patient group needs at least FEWEST_PATIENTS.
    """
    n = len(training_owners) + len(holdout_owners)
    found = auc_interval(members, outsiders, training_owners, holdout_owners)
    p = label_shuffle_p(members, outsiders, training_owners, holdout_owners, rng)
    half = rng.permutation(int(training_owners.max()) + 1)[training_owners] % 2 == 0
    first, second = (members[half], training_owners[half]), (members[~half], training_owners[~half])
    placebo = auc_interval(first[0], second[0], first[1], second[1])
    placebo_p = min(
        1.0,
        2 * label_shuffle_p(first[0], second[0], first[1], second[1], rng),
        2 * label_shuffle_p(second[0], first[0], second[1], first[1], rng),
    )
    return [
        Evidence(
            names[0],
            found.value,
            found.low,
            found.high,
            placebo.value,
            n,
            "lower",
            adversary,
            f"Shown one person who took part and one who did not, the attacker picks the right one {found.value:.0%} "
            f"of the time; 50 % is guessing. Between two halves of those who took part it is {placebo.value:.0%}.",
            method,
        ),
        Evidence(
            names[1],
            p,
            None,
            None,
            placebo_p,
            n,
            "higher",
            adversary,
            f"If nothing about membership could be told, an AUC this high would come up in {p:.1%} of the draws; never "
            "judge by it alone, with enough records every small difference has a small p.",
            "1,000 exchanges of whole patients between the folds, one-sided; control: the two-sided p of the placebo.",
        ),
    ]


def _scores(
    training: Sequence[np.ndarray],
    holdout: Sequence[np.ndarray],
    synthetic: Sequence[np.ndarray],
    training_owners: np.ndarray,
    holdout_owners: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Scores of all members and all outsiders: higher means "took part"."""
    members, outsiders = np.zeros(len(training_owners)), np.zeros(len(holdout_owners))
    sides = [(_halves(holdout_owners, rng), _halves(training_owners, rng)) for _ in range(HALVINGS)]
    for real, held, drawn in zip(training, holdout, synthetic, strict=True):
        member, outsider = -near(real, drawn)[0], -near(held, drawn)[0]
        for side, member_side in sides:
            for reference in (False, True):  # each half of the controls is measured against the other
                asked, asking = side == reference, side != reference
                outsider[asking] += near(held[asking], held[asked])[0] / HALVINGS
                chosen = member_side == reference
                member[chosen] += near(real[chosen], held[asked])[0] / HALVINGS
        scale = float(outsider.std()) or 1.0
        members += member / scale
        outsiders += outsider / scale
    return members, outsiders


def _halves(owners: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """True for the records of a random half of the patients."""
    _, place = np.unique(owners, return_inverse=True)
    halves: np.ndarray = (rng.permutation(int(place.max()) + 1) % 2 == 0)[place]
    return halves
