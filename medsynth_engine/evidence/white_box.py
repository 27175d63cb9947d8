"""Membership with the discriminator in hand: what an insider, or whoever stole a checkpoint, could tell.

The discriminator learned to tell training images from drawn ones, so its score alone is an attack (LOGAN, Hayes et al.
2019). It never leaves the store; here are only its scores of real images.
"""

from __future__ import annotations

import numpy as np

from medsynth_engine.evidence.membership import FEWEST_PATIENTS, tested
from medsynth_engine.kernel.evidence import Evidence, not_enough

NAMES = ("privacy.image.white_box.membership_auc", "privacy.image.white_box.membership_p")
ADVERSARY = "Somebody inside who holds the discriminator and a person's real image, and wonders whether they took part"
METHOD = (
    "Score of the last discriminator (LOGAN, Hayes et al. 2019); AUC with the interval of Obuchowski 1997 by patient; "
    "control: the same between two halves of the members."
)


def white_box(
    members: np.ndarray,
    outsiders: np.ndarray,
    training_owners: np.ndarray,
    holdout_owners: np.ndarray,
    rng: np.random.Generator,
) -> list[Evidence]:
    """`membership_auc` and `membership_p` from the discriminator's scores (n,) of training and held-out images."""
    people = min(len(np.unique(training_owners)), len(np.unique(holdout_owners)))
    usable = np.isfinite(members).all() and np.isfinite(outsiders).all()
    if people < FEWEST_PATIENTS or not usable:
        why = f"fewer than {FEWEST_PATIENTS} patients in a fold, or a discriminator that gives no numbers."
        return [not_enough(name, len(members), "lower", why, METHOD, ADVERSARY) for name in NAMES]
    _, owners = np.unique(training_owners, return_inverse=True)
    return tested(NAMES, members, outsiders, owners, holdout_owners, rng, ADVERSARY, METHOD)
