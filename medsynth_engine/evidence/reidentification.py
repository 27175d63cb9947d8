"""Is a training patient recognised in a synthetic image? Only where patients have two images or more.

Chest X-rays alone tell who somebody is (Packhäuser et al. 2022): a picture may be no copy, and still be of a person.
"""

from __future__ import annotations

import numpy as np
from sklearn.covariance import LedoitWolf

from medsynth_engine.evidence.distances import near
from medsynth_engine.evidence.intervals import residual_risk
from medsynth_engine.evidence.resampling import rate
from medsynth_engine.kernel.evidence import Evidence, not_enough

NAME = "privacy.image.reidentification"
ADVERSARY = "Somebody who has another picture of a patient and compares it with the synthetic ones"
FEWEST_PATIENTS = 20
"""With two images or more, in each of the three groups below."""
FALSE_MATCHES = 0.01
METHOD = (
    "A verifier (features whitened by how images of one patient differ, learned on a random half of the training "
    "patients) is set to confuse 1 in 100 images with another patient; share of synthetic images that it takes for one "
    "of the other training patients, net of the same for as many held-out patients (reference 4.3 I5)."
)


def reidentification(
    training: np.ndarray,
    holdout: np.ndarray,
    synthetic: np.ndarray,
    training_owners: np.ndarray,
    holdout_owners: np.ndarray,
    rng: np.random.Generator,
) -> Evidence:
    """From points (., d) and a patient number for each real one."""
    several = _several(training_owners), _several(holdout_owners)
    if not len(several[0]) and not len(several[1]):
        return not_enough(NAME, 0, "lower", "no patient has two images, so none can be found again.", METHOD, ADVERSARY)
    people = rng.permutation(several[0])
    taught, asked = people[: len(people) // 2], people[len(people) // 2 :]
    held = rng.permutation(several[1])
    if min(len(taught), len(asked), len(held)) < FEWEST_PATIENTS or not len(synthetic):
        why = f"fewer than {FEWEST_PATIENTS} patients with two images in a group, or no synthetic image."
        return not_enough(NAME, len(synthetic), "lower", why, METHOD, ADVERSARY)
    count = min(len(asked), len(held))
    school = np.isin(training_owners, taught)
    white = _whitening(training[school], training_owners[school])
    teachers, drawn = training[school] @ white, synthetic @ white
    galleries = [
        (points[keep] @ white, owners[keep])
        for points, owners, chosen in ((training, training_owners, asked), (holdout, holdout_owners, held))
        for keep in [np.isin(owners, chosen[:count])]
    ]
    found, known = [], []
    for gallery, owners in galleries:
        strangers = near(teachers, gallery)[0]
        edge = float(np.quantile(strangers, FALSE_MATCHES))
        apart, index = near(drawn, gallery)
        found.append(rate(apart <= edge, owners[index]))
        known.append(_recognised(gallery, owners, edge))
    if min(known) <= 2 * FALSE_MATCHES:
        why = "the verifier does not recognise real patients by these features either."
        return not_enough(NAME, len(synthetic), "lower", why, METHOD, ADVERSARY)
    risk = residual_risk(found[0], found[1])
    return Evidence(
        NAME,
        risk.value,
        risk.low,
        risk.high,
        found[1].value,
        len(synthetic),
        "lower",
        ADVERSARY,
        f"{found[0].value:.1%} of the synthetic images are taken for a training patient, {found[1].value:.1%} for one "
        f"of as many held-out patients; of real patients' second images {known[0]:.0%} are recognised.",
        METHOD,
    )


def _several(owners: np.ndarray) -> np.ndarray:
    """The patients with two images or more."""
    people, counts = np.unique(owners, return_counts=True)
    several: np.ndarray = people[counts >= 2]
    return several


def _whitening(points: np.ndarray, owners: np.ndarray) -> np.ndarray:
    """(d, k): directions scaled so that images of one patient differ by as much in each (Ledoit and Wolf 2004)."""
    _, place = np.unique(owners, return_inverse=True)
    means = np.zeros((int(place.max()) + 1, points.shape[1]))
    np.add.at(means, place, points)
    means /= np.bincount(place)[:, None]
    within = points - means[place]
    values, vectors = np.linalg.eigh(LedoitWolf(assume_centered=True).fit(within).covariance_)
    return np.asarray(vectors / np.sqrt(np.maximum(values, 1e-12)))


def _recognised(gallery: np.ndarray, owners: np.ndarray, edge: float) -> float:
    """Share of images of which another image of the same patient lies within `edge`."""
    order = np.argsort(owners, kind="stable")
    hits = np.zeros(len(owners), bool)
    for rows in np.split(order, np.flatnonzero(np.diff(owners[order])) + 1):
        apart = np.linalg.norm(gallery[rows][:, None] - gallery[rows][None], axis=2)
        np.fill_diagonal(apart, np.inf)
        hits[rows] = apart.min(axis=1) <= edge
    return float(hits.mean())
