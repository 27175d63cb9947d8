"""Density and coverage against the definitions of the paper, written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from medsynth_engine.features import kernel, manifold
from medsynth_engine.features.frechet import covariance, frechet, gaussian_frechet


def naeem(real: np.ndarray, fake: np.ndarray, k: int) -> tuple[float, float]:
    """Equations 3 and 4, as in the authors' prdc: radius is the distance to the k-th other real point."""
    radius = np.sort(cdist(real, real), axis=1)[:, k]
    inside = cdist(real, fake) < radius[:, None]
    return float(inside.sum(axis=0).mean() / k), float(inside.any(axis=1).mean())


@pytest.mark.parametrize("sizes", [(60, 40), (manifold.BLOCK + 20, 300), (300, manifold.BLOCK + 20)])
def test_density_and_coverage_agree_with_the_paper(sizes: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(sizes[0], 12)), rng.normal(0.3, 1.1, size=(sizes[1], 12))
    inside, covered = manifold.balls(fake, real, manifold.radii(real))
    density, coverage = naeem(real, fake, manifold.NEIGHBOURS)
    assert inside.mean() / manifold.NEIGHBOURS == pytest.approx(density, abs=1e-6)
    assert covered.mean() == pytest.approx(coverage, abs=1e-6)


def test_the_order_of_images_changes_no_distance() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(90, 10)), rng.normal(0.2, 1, size=(80, 10))
    mixed = a[rng.permutation(90)]
    assert frechet(mixed, b) == pytest.approx(frechet(a, b), abs=1e-9)
    assert kernel.polynomial_mmd(mixed, b) == pytest.approx(kernel.polynomial_mmd(a, b), abs=1e-9)
    reach = manifold.radii(b)
    assert manifold.balls(mixed, b, reach)[0].sum() == manifold.balls(a, b, reach)[0].sum()


def test_frechet_of_images_agrees_with_the_published_formula_on_the_same_features() -> None:
    """|a - b|^2 + tr(A + B - 2 sqrt(A B)), root by eigenvalues of A B (Heusel et al. 2017; torchmetrics does so)."""
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(500, 30)) @ rng.normal(size=(30, 30)), rng.normal(1, 2, size=(400, 30))
    for cov in (covariance, lambda x: np.cov(x, rowvar=False)):
        one, two = cov(a), cov(b)
        root = np.sqrt(np.linalg.eigvals(one @ two).astype(complex)).real.sum()
        published = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(one) + np.trace(two) - 2 * root
        ours = gaussian_frechet(a.mean(0), one, b.mean(0), two)
        assert ours == pytest.approx(published, rel=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 12), st.integers(1, 12), st.integers(1, 5), st.booleans())
def test_tiny_and_constant_clouds_give_numbers(n: int, m: int, width: int, constant: bool) -> None:
    rng = np.random.default_rng(n * 100 + m)
    real, fake = rng.normal(size=(n, width)), rng.normal(size=(m, width))
    if constant:
        real[:], fake[:] = 1.0, 1.0
    inside, covered = manifold.balls(fake, real, manifold.radii(real))
    assert np.isfinite(inside).all() and covered.any() == (inside.sum() > 0)
    if m > 1:
        assert np.isfinite(frechet(real, fake)) and np.isfinite(kernel.polynomial_mmd(real, fake))
