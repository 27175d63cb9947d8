"""Radiomics-lite measures what it says, for any image."""

from __future__ import annotations

import numpy as np
import pytest

from medsynth_engine.features import radiomics, texture


def noise(count: int, side: int = 32, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, side, side), dtype=np.uint8)


def test_every_column_has_a_name_and_every_number_is_finite():
    images = np.concatenate([noise(5), np.zeros((2, 32, 32), np.uint8), np.full((2, 32, 32), 255, np.uint8)])
    features = radiomics.extract(images)
    assert features.shape == (9, len(radiomics.NAMES))
    assert features.dtype == np.float64
    assert np.isfinite(features).all()
    assert len(set(radiomics.NAMES)) == len(radiomics.NAMES)


def test_colour_images_get_colour_moments_too():
    images = np.random.default_rng(1).integers(0, 256, (4, 32, 48, 3), dtype=np.uint8)
    features = radiomics.extract(images)
    assert features.shape == (4, len(radiomics.COLOUR_NAMES))
    red = radiomics.COLOUR_NAMES.index("colour.red_mean")
    assert features[:, red] == pytest.approx(images[..., 0].mean((1, 2)), rel=1e-5)


def test_an_image_measures_the_same_alone_and_in_any_company():
    images = noise(radiomics.BATCH + 7)
    together = radiomics.extract(images)
    alone = radiomics.extract(images[-1:])
    np.testing.assert_allclose(alone[0], together[-1], rtol=1e-5, atol=1e-6)
    assert (radiomics.extract(images) == together).all()


def test_first_order_numbers_equal_their_definitions():
    images = noise(3)
    features = dict(zip(radiomics.NAMES, radiomics.extract(images).T, strict=True))
    flat = images.reshape(3, -1).astype(float)
    assert features["first_order.mean"] == pytest.approx(flat.mean(1), rel=1e-5)
    assert features["first_order.deviation"] == pytest.approx(flat.std(1), rel=1e-4)
    assert features["first_order.maximum"] == pytest.approx(flat.max(1))


def test_cooccurrence_agrees_with_a_count_by_hand():
    import torch

    levels = torch.tensor([[[0, 0, 1], [0, 1, 1], [2, 2, 2]]])
    joint = texture._joint(levels, 0, 1)[0]
    expected = np.zeros((16, 16))
    for a, b in [(0, 0), (0, 1), (0, 1), (1, 1), (2, 2), (2, 2)]:
        expected[a, b] += 0.5 / 6
        expected[b, a] += 0.5 / 6
    np.testing.assert_allclose(joint.numpy(), expected, atol=1e-6)


def test_run_lengths_agree_with_a_count_by_hand():
    """A 2x2 image of two grey rows: across runs of 2, down and along both diagonals runs of 1."""
    import torch

    features = dict(zip(texture.RUN_LENGTH, texture.run_length(torch.tensor([[[0, 0], [1, 1]]]))[0], strict=True))
    lengths = np.array([2, 2] + [1] * 12)
    assert features["share"] == pytest.approx(14 / 16)
    assert features["short"] == pytest.approx((1 / lengths**2).mean())
    assert features["long"] == pytest.approx(np.log1p((lengths**2).mean()))


def test_stripes_are_told_from_their_turned_selves():
    stripes = np.zeros((1, 32, 32), np.uint8)
    stripes[:, ::4] = 200
    across, down = radiomics.extract(stripes), radiomics.extract(np.ascontiguousarray(stripes.transpose(0, 2, 1)))
    columns = dict(zip(radiomics.NAMES, np.stack([across[0], down[0]], 1), strict=True))
    assert columns["gradient.horizontal"][0] < columns["gradient.vertical"][0]
    assert columns["wavelet.energy_lh_1"][0] == pytest.approx(columns["wavelet.energy_hl_1"][1])


def test_a_wrong_array_is_refused():
    for wrong in (np.zeros((2, 32, 32)), np.zeros((32, 32), np.uint8), np.zeros((2, 4, 4), np.uint8)):
        with pytest.raises(ValueError):
            radiomics.extract(wrong)
