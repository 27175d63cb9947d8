"""Are the synthetic images like real ones? Fréchet ratio, KID, density and coverage, in any space of features.

Reference is the held-out fold, control the training fold: 1 in the ratio means as near to unseen real images as other
real images are. All at equal n, intervals by patient.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from medsynth_engine.evidence.intervals import Z95
from medsynth_engine.evidence.resampling import rate, spread
from medsynth_engine.features.frechet import Scale, frechet, ratio
from medsynth_engine.features.kernel import kid
from medsynth_engine.features.manifold import NEIGHBOURS, balls, radii
from medsynth_engine.kernel.evidence import Evidence, not_enough

FEWEST = 20
TIMES = 60
"""Bootstrap draws of a distance between covariances: enough for a standard deviation to about 10 %."""


@dataclass(frozen=True)
class Space:
    """A space of features: how the names of its evidence begin, and what it is called in their methods."""

    prefix: str
    called: str


RADIOMICS = Space("fidelity.", "radiomics-lite")


@dataclass(frozen=True)
class Features:
    """Features float (., d) of the three folds on the scale of the training fold, and whose each record is."""

    training: np.ndarray
    holdout: np.ndarray
    synthetic: np.ndarray
    training_owners: np.ndarray
    holdout_owners: np.ndarray
    synthetic_owners: np.ndarray

    @property
    def n(self) -> int:
        return min(len(self.training), len(self.holdout), len(self.synthetic))

    def scaled(self) -> Features:
        """On the scale of the training fold, where that has two images."""
        if len(self.training) < 2:
            return self
        scale = Scale.of(self.training)
        return replace(
            self, training=scale(self.training), holdout=scale(self.holdout), synthetic=scale(self.synthetic)
        )

    def only(self, training: np.ndarray, holdout: np.ndarray, synthetic: np.ndarray) -> Features:
        """The records that the masks choose."""
        return Features(
            self.training[training],
            self.holdout[holdout],
            self.synthetic[synthetic],
            self.training_owners[training],
            self.holdout_owners[holdout],
            self.synthetic_owners[synthetic],
        )


def fidelity(features: Features, rng: np.random.Generator, space: Space = RADIOMICS) -> list[Evidence]:
    """All four measures of scaled features."""
    names = {"fd_ratio": "one", "kid": "zero", "density": "higher", "coverage": "higher"}
    if features.n < FEWEST:
        why = f"fewer than {FEWEST} images in one of the sets."
        return [
            not_enough(space.prefix + name, features.n, direction, why)  # type: ignore[arg-type]
            for name, direction in names.items()
        ]
    return [
        fd_ratio(features, rng, f"{space.prefix}fd_ratio", space.called),
        _kid(features, rng, space),
        *_density_and_coverage(features, rng, space),
    ]


def fd_ratio(
    features: Features,
    rng: np.random.Generator,
    name: str,
    space: str,
    who: str = "synthetic images",
    times: int = TIMES,
) -> Evidence:
    """Fréchet distance of synthetic over training to held-out images, scaled features; n at least FEWEST."""
    found = ratio(features.synthetic, features.training, features.holdout, rng, scaled=True)

    def log_ratio(synthetic: np.ndarray, training: np.ndarray, holdout: np.ndarray) -> float:
        sizes = slice(0, found.n)
        held = features.holdout[holdout[sizes]]
        above = frechet(features.synthetic[synthetic[sizes]], held)
        below = frechet(features.training[rng.permutation(training)[sizes]], held)
        return float(np.log(max(above, 1e-12) / max(below, 1e-12)))

    owners = (features.synthetic_owners, features.training_owners, features.holdout_owners)
    low, high = _around(found.value, spread(log_ratio, owners, rng, times))
    return Evidence(
        name,
        found.value,
        low,
        high,
        1.0,
        found.n,
        "one",
        "",
        f"The {who} are {found.value:.1f} times as far from unseen real ones as other real ones are; 1 "
        "is as good as real.",
        f"Fréchet distance on {space}, synthetic to held-out over training to held-out, equal n, Ledoit-Wolf "
        "covariance; interval on the log scale from the spread over redrawn patients.",
    )


def _around(value: float, deviation: float) -> tuple[float | None, float | None]:
    if not np.isfinite(deviation) or value <= 0:
        return None, None
    return float(value * np.exp(-Z95 * deviation)), float(value * np.exp(Z95 * deviation))


def _kid(features: Features, rng: np.random.Generator, space: Space) -> Evidence:
    value = kid(features.synthetic, features.holdout, rng, subsets=20)
    control = kid(features.training, features.holdout, rng, subsets=20)

    def once(synthetic: np.ndarray, holdout: np.ndarray) -> float:
        return kid(features.synthetic[synthetic], features.holdout[holdout], rng, subsets=1)

    deviation = spread(once, (features.synthetic_owners, features.holdout_owners), rng, TIMES)
    bounds = (value - Z95 * deviation, value + Z95 * deviation) if np.isfinite(deviation) else (None, None)
    return Evidence(
        f"{space.prefix}kid",
        value,
        bounds[0],
        bounds[1],
        control,
        features.n,
        "zero",
        "",
        f"Squared distance between the two clouds of images: {value:.3f}, and {control:.3f} between two clouds of real "
        "ones; 0 is no difference.",
        f"Unbiased squared MMD, cubic kernel (Bińkowski et al. 2018), on scaled features of {space.called}.",
    )


def _density_and_coverage(features: Features, rng: np.random.Generator, space: Space) -> list[Evidence]:
    """Naeem et al. 2020, equations 3 and 4, k = 5: real balls around held-out images, at equal n."""
    synthetic = features.synthetic[rng.permutation(len(features.synthetic))[: features.n]]
    training = features.training[rng.permutation(len(features.training))[: features.n]]
    keep = rng.permutation(len(features.holdout))[: features.n]
    holdout, owners = features.holdout[keep], features.holdout_owners[keep]
    reach = radii(holdout)
    inside, covered = balls(synthetic, holdout, reach)
    control_inside, control_covered = balls(training, holdout, reach)
    density, density_control = inside / NEIGHBOURS, control_inside / NEIGHBOURS
    error = Z95 * float(density.std(ddof=1)) / np.sqrt(len(density))
    coverage = rate(covered, owners)
    method = (
        f"Naeem et al. 2020, k = {NEIGHBOURS}, balls around held-out images, equal n, scaled features of "
        f"{space.called}."
    )
    return [
        Evidence(
            f"{space.prefix}density",
            float(density.mean()),
            float(density.mean() - error),
            float(density.mean() + error),
            float(density_control.mean()),
            features.n,
            "higher",
            "",
            f"Synthetic images lie {density.mean():.2f} times as densely around unseen real images as expected; real "
            f"training images {density_control.mean():.2f} times.",
            method,
        ),
        Evidence(
            f"{space.prefix}coverage",
            coverage.value,
            coverage.low,
            coverage.high,
            float(control_covered.mean()),
            features.n,
            "higher",
            "",
            f"{coverage.value:.0%} of unseen real images have a synthetic one near them; {control_covered.mean():.0%} "
            "have a training image.",
            method,
        ),
    ]
