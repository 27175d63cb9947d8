"""Fréchet, KID and neighbours against analytic values and independent implementations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.spatial.distance import cdist
from sklearn.covariance import ledoit_wolf

from medsynth_engine.features import frechet, kernel, neighbours


def covariance(rng: np.random.Generator, width: int) -> np.ndarray:
    root = rng.normal(size=(width, width))
    return root @ root.T / width


def test_frechet_of_known_gaussians_is_analytic():
    a, b = np.diag([1.0, 4.0]), np.diag([9.0, 1.0])
    assert frechet.gaussian_frechet(np.zeros(2), a, np.array([3.0, 4.0]), b) == pytest.approx(25 + 4 + 1)


def test_frechet_agrees_with_the_matrix_square_root_of_scipy():
    rng = np.random.default_rng(0)
    a, b = covariance(rng, 20), covariance(rng, 20)
    mean_a, mean_b = rng.normal(size=(2, 20))
    expected = ((mean_a - mean_b) ** 2).sum() + np.trace(a + b - 2 * sqrtm(a @ b).real)
    assert frechet.gaussian_frechet(mean_a, a, mean_b, b) == pytest.approx(expected, rel=1e-6)


def test_shrinkage_agrees_with_scikit_learn():
    rng = np.random.default_rng(1)
    for count in (30, 300):
        x = rng.normal(size=(count, 40)) @ np.linalg.cholesky(covariance(rng, 40) + np.eye(40)).T
        np.testing.assert_allclose(frechet.covariance(x), ledoit_wolf(x)[0], rtol=1e-8, atol=1e-10)


def test_frechet_converges_to_the_distance_of_the_distributions():
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(20_000, 5)), rng.normal(1.0, 2.0, size=(20_000, 5))
    assert frechet.frechet(a, b) == pytest.approx(10, rel=0.03)
    assert frechet.frechet(a, a) == pytest.approx(0, abs=1e-8)


def test_the_ratio_of_real_to_real_is_about_one_and_of_noise_is_large():
    rng = np.random.default_rng(3)
    real = rng.normal(size=(3000, 30)) * np.logspace(-3, 3, 30)
    same = frechet.ratio(real[:500], real[500:2000], real[2000:], rng)
    other = frechet.ratio(real[:500] * 1.5, real[500:2000], real[2000:], rng)
    assert same.n == 500
    assert 0.8 < same.value < 1.25 < 2 < other.value


def test_a_feature_that_never_changes_does_not_break_the_scale():
    x = np.ones((50, 3))
    x[:, 0] = np.arange(50)
    scaled = frechet.Scale.of(x)(x)
    assert np.isfinite(scaled).all()
    assert scaled[:, 0].std() == pytest.approx(1)


def test_kid_is_unbiased_around_zero_and_sees_a_shift():
    rng = np.random.default_rng(4)
    values = [kernel.polynomial_mmd(*rng.normal(size=(2, 100, 8))) for _ in range(200)]
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(200)
    assert kernel.kid(rng.normal(size=(300, 8)), rng.normal(0.5, 1, (300, 8)), rng, size=200) > 10 * np.std(values)


def test_kid_agrees_with_a_double_loop():
    rng = np.random.default_rng(5)
    a, b = rng.normal(size=(6, 4)), rng.normal(size=(7, 4))

    def k(x: np.ndarray, y: np.ndarray) -> float:
        return (x @ y / 4 + 1) ** 3

    within_a = np.mean([k(a[i], a[j]) for i in range(6) for j in range(6) if i != j])
    within_b = np.mean([k(b[i], b[j]) for i in range(7) for j in range(7) if i != j])
    between = np.mean([k(x, y) for x in a for y in b])
    assert kernel.polynomial_mmd(a, b) == pytest.approx(within_a + within_b - 2 * between)


def test_nearest_neighbours_agree_with_scipy_in_blocks():
    rng = np.random.default_rng(6)
    queries, base = rng.normal(size=(neighbours.BLOCK + 30, 16)), rng.normal(size=(200, 16))
    distance, index = neighbours.nearest(queries, base)
    full = cdist(queries, base)
    np.testing.assert_allclose(distance, full.min(1), rtol=1e-3, atol=1e-3)
    assert (index == full.argmin(1)).mean() > 0.999
    own, place = neighbours.nearest(base, base, leave_out_self=True)
    assert (place != np.arange(200)).all() and own.min() > 0


def test_a_copy_with_another_window_is_still_nearest():
    rng = np.random.default_rng(7)
    images = rng.integers(0, 200, (40, 64, 64)).astype(np.uint8)
    copy = (images[11] * 0.5 + 60).astype(np.uint8)
    distance, index = neighbours.nearest(neighbours.embed(copy[None]), neighbours.embed(images))
    assert index[0] == 11 and distance[0] < 0.1


def test_a_blank_image_is_no_number_out_of_nothing():
    assert (neighbours.embed(np.full((1, 32, 32), 7, np.uint8)) == 0).all()


def test_the_tail_share_sees_a_few_copies_that_an_average_does_not():
    rng = np.random.default_rng(8)
    to_training, to_control = rng.uniform(0.5, 1, (2, 1000))
    clean = neighbours.tail_share(to_training, to_control)
    to_training[:20] = 0.01
    assert 0.3 < clean < 0.7
    assert neighbours.tail_share(to_training, to_control) > 0.6
    assert (to_training < to_control).mean() < 0.56
