"""FID, where somebody brought the weights: told because it is asked for, read only against its own control."""

from __future__ import annotations

import numpy as np

from medsynth_engine.evidence.fidelity import FEWEST
from medsynth_engine.evidence.inputs import FOLDS
from medsynth_engine.evidence.intervals import Z95
from medsynth_engine.evidence.pictures import Pictures
from medsynth_engine.evidence.resampling import spread
from medsynth_engine.evidence.tables import some_patients
from medsynth_engine.features.inception import Inception, fid
from medsynth_engine.kernel.evidence import Evidence, not_enough

NAME = "fidelity.inception.fid"
MOST = 500
"""Images of a fold: the network is 5.7 billion multiplications an image."""
TIMES = 30


def inception_distance(seen: dict[str, Pictures], network: Inception, rng: np.random.Generator) -> Evidence:
    """FID of synthetic to held-out images at equal n; control: of training to held-out images."""
    n = min(MOST, *(len(seen[fold]) for fold in FOLDS))
    method = (
        f"Heusel et al. 2017, Inception weights {network.digest[:16]}, n = {n} on each side; interval from the spread "
        "over redrawn patients. FID falls as n grows: compare it with its control, never with another n."
    )
    if n < FEWEST:
        return not_enough(NAME, n, "lower", f"fewer than {FEWEST} images in one of the sets.", method)
    chosen = [seen[fold].only(some_patients(_dense(seen[fold].owners), n, rng)) for fold in FOLDS]
    training, holdout, synthetic = (network(one.images) for one in chosen)
    value, control = fid(synthetic, holdout), fid(training, holdout)
    owners = chosen[2].owners, chosen[1].owners
    deviation = spread(lambda a, b: fid(synthetic[a[:n]], holdout[b[:n]]), owners, rng, TIMES)
    half = Z95 * deviation if np.isfinite(deviation) else None
    return Evidence(
        NAME,
        value,
        None if half is None else max(0.0, value - half),
        None if half is None else value + half,
        control,
        n,
        "lower",
        "",
        f"FID is {value:.0f} with {n} images on each side; between two sets of real images of this size it is "
        f"{control:.0f}.",
        method,
    )


def _dense(owners: np.ndarray) -> np.ndarray:
    return np.unique(owners, return_inverse=True)[1]
