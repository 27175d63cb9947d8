"""Are the synthetic images like real ones? Fréchet ratio, KID, density and coverage on radiomics-lite features.

Reference is the held-out fold, control the training fold: 1 in the ratio means as near to unseen real images as other
real images are. All at equal n, intervals by patient.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medsynth_engine.evidence.intervals import Z95
from medsynth_engine.evidence.resampling import rate, spread
from medsynth_engine.features.frechet import frechet, ratio
from medsynth_engine.features.kernel import kid
from medsynth_engine.kernel.evidence import Evidence, not_enough

NEIGHBOURS = 5
FEWEST = 20
TIMES = 60
"""Bootstrap draws of a distance between covariances: enough for a standard deviation to about 10 %."""


@dataclass(frozen=True)
class Features:
    """Raw features float (., d) of the three folds, and whose each record is."""

    training: np.ndarray
    holdout: np.ndarray
    synthetic: np.ndarray
    training_owners: np.ndarray
    holdout_owners: np.ndarray
    synthetic_owners: np.ndarray

    @property
    def n(self) -> int:
        return min(len(self.training), len(self.holdout), len(self.synthetic))


def fidelity(raw: Features, scaled: Features, rng: np.random.Generator) -> list[Evidence]:
    """All four measures. `scaled`: the same features on the scale of the training images."""
    if raw.n < FEWEST:
        why = f"fewer than {FEWEST} images in one of the sets."
        return [
            not_enough("fidelity.fd_ratio", raw.n, "one", why),
            not_enough("fidelity.kid", raw.n, "zero", why),
            not_enough("fidelity.density", raw.n, "higher", why),
            not_enough("fidelity.coverage", raw.n, "higher", why),
        ]
    return [_fd_ratio(raw, scaled, rng), _kid(scaled, rng), *_density_and_coverage(scaled, rng)]


def _fd_ratio(raw: Features, scaled: Features, rng: np.random.Generator) -> Evidence:
    found = ratio(raw.synthetic, raw.training, raw.holdout, rng)

    def log_ratio(synthetic: np.ndarray, training: np.ndarray, holdout: np.ndarray) -> float:
        sizes = slice(0, found.n)
        held = scaled.holdout[holdout[sizes]]
        above = frechet(scaled.synthetic[synthetic[sizes]], held)
        below = frechet(scaled.training[rng.permutation(training)[sizes]], held)
        return float(np.log(max(above, 1e-12) / max(below, 1e-12)))

    owners = (raw.synthetic_owners, raw.training_owners, raw.holdout_owners)
    deviation = spread(log_ratio, owners, rng, TIMES)
    low, high = _around(found.value, deviation)
    return Evidence(
        "fidelity.fd_ratio",
        found.value,
        low,
        high,
        1.0,
        found.n,
        "one",
        "",
        f"The synthetic images are {found.value:.1f} times as far from unseen real images as other real images are; 1 "
        "is as good as real.",
        "Fréchet distance on radiomics-lite, synthetic to held-out over training to held-out, equal n, Ledoit-Wolf "
        "covariance; interval on the log scale from the spread over redrawn patients.",
    )


def _around(value: float, deviation: float) -> tuple[float | None, float | None]:
    if not np.isfinite(deviation) or value <= 0:
        return None, None
    return float(value * np.exp(-Z95 * deviation)), float(value * np.exp(Z95 * deviation))


def _kid(scaled: Features, rng: np.random.Generator) -> Evidence:
    value = kid(scaled.synthetic, scaled.holdout, rng, subsets=20)
    control = kid(scaled.training, scaled.holdout, rng, subsets=20)

    def once(synthetic: np.ndarray, holdout: np.ndarray) -> float:
        return kid(scaled.synthetic[synthetic], scaled.holdout[holdout], rng, subsets=1)

    deviation = spread(once, (scaled.synthetic_owners, scaled.holdout_owners), rng, TIMES)
    bounds = (value - Z95 * deviation, value + Z95 * deviation) if np.isfinite(deviation) else (None, None)
    return Evidence(
        "fidelity.kid",
        value,
        bounds[0],
        bounds[1],
        control,
        scaled.n,
        "zero",
        "",
        f"Squared distance between the two clouds of images: {value:.3f}, and {control:.3f} between two clouds of real "
        "ones; 0 is no difference.",
        "Unbiased squared MMD, cubic kernel (Bińkowski et al. 2018), on scaled radiomics-lite features.",
    )


def _density_and_coverage(scaled: Features, rng: np.random.Generator) -> list[Evidence]:
    """Naeem et al. 2020, equations 3 and 4, k = 5: real balls around held-out images, at equal n."""
    synthetic = scaled.synthetic[rng.permutation(len(scaled.synthetic))[: scaled.n]]
    training = scaled.training[rng.permutation(len(scaled.training))[: scaled.n]]
    keep = rng.permutation(len(scaled.holdout))[: scaled.n]
    holdout, owners = scaled.holdout[keep], scaled.holdout_owners[keep]
    radii = _radii(holdout)
    inside, covered = _balls(synthetic, holdout, radii)
    control_inside, control_covered = _balls(training, holdout, radii)
    density, density_control = inside / NEIGHBOURS, control_inside / NEIGHBOURS
    error = Z95 * float(density.std(ddof=1)) / np.sqrt(len(density))
    coverage = rate(covered, owners)
    method = "Naeem et al. 2020, k = 5, balls around held-out images, equal n, scaled radiomics-lite features."
    return [
        Evidence(
            "fidelity.density",
            float(density.mean()),
            float(density.mean() - error),
            float(density.mean() + error),
            float(density_control.mean()),
            scaled.n,
            "higher",
            "",
            f"Synthetic images lie {density.mean():.2f} times as densely around unseen real images as expected; real "
            f"training images {density_control.mean():.2f} times.",
            method,
        ),
        Evidence(
            "fidelity.coverage",
            coverage.value,
            coverage.low,
            coverage.high,
            float(control_covered.mean()),
            scaled.n,
            "higher",
            "",
            f"{coverage.value:.0%} of unseen real images have a synthetic one near them; {control_covered.mean():.0%} "
            "have a training image.",
            method,
        ),
    ]


def _squared(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    found: np.ndarray = ((a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T).clip(0)
    return found


def _radii(points: np.ndarray) -> np.ndarray:
    """Squared distance of each point to its 5th neighbour (fewer where there are fewer)."""
    apart = _squared(points, points)
    np.fill_diagonal(apart, np.inf)
    k = min(NEIGHBOURS, len(points) - 1) - 1
    return np.partition(apart, k, axis=1)[:, k]


def _balls(points: np.ndarray, centres: np.ndarray, radii: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each point the balls it lies in; for each ball whether a point lies in it."""
    within = _squared(points, centres) <= radii[None]
    return within.sum(axis=1).astype(float), np.asarray(within.any(axis=0))
