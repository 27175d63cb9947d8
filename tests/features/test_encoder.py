"""The site's encoder learns from images alone, sees shape and place, and is the same each time."""

from __future__ import annotations

import numpy as np
import pytest

from medsynth_engine.features import encoder
from medsynth_engine.features.frechet import Scale, frechet
from medsynth_engine.kernel.errors import BadInput


def bodies(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """uint8 (n, 32, 32): an oval with a bright spot near its top; some have a second spot, which is the finding."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:32, :32] / 32 - 0.5
    sick = rng.random(n) < 0.5
    images = np.empty((n, 32, 32))
    for i in range(n):
        centre = rng.normal(0, 0.03, 2)
        images[i] = 90 * ((x - centre[0]) ** 2 / 0.1 + (y - centre[1]) ** 2 / 0.2 < 1)
        images[i] += 80 * np.exp(-((x - centre[0]) ** 2 + (y - centre[1] + 0.25) ** 2) / 0.004)
        images[i] += sick[i] * 80 * np.exp(-((x - centre[0] - 0.15) ** 2 + (y - centre[1]) ** 2) / 0.004)
    return (images + rng.normal(0, 4, images.shape)).clip(0, 255).astype(np.uint8), sick[:, None]


@pytest.fixture(scope="module")
def site() -> encoder.Encoder:
    found = encoder.learn(*bodies(120, 0))
    assert found is not None
    return found


def test_it_sees_what_is_upside_down_and_takes_other_real_images_for_real(site: encoder.Encoder) -> None:
    one, two, three = (bodies(200, seed)[0] for seed in (1, 2, 3))
    scale = Scale.of(site(one))
    real = frechet(scale(site(one)), scale(site(two)))
    assert frechet(scale(site(three)), scale(site(two))) < 2 * real
    assert frechet(scale(site(np.ascontiguousarray(three[:, ::-1]))), scale(site(two))) > 4 * real


def test_a_finding_can_be_read_from_its_features(site: encoder.Encoder) -> None:
    images, sick = bodies(200, 4)
    found = site(images)
    apart = found[sick[:, 0]].mean(0) - found[~sick[:, 0]].mean(0)
    order = found @ apart
    assert np.mean(order[sick[:, 0]][:, None] > order[~sick[:, 0]][None]) > 0.7


def test_the_same_images_give_the_same_encoder_and_others_another() -> None:
    few = [encoder.learn(*bodies(encoder.FEWEST, seed)) for seed in (5, 5, 6)]
    one, again, other = (found.digest() for found in few if found is not None)
    assert one == again != other


def test_it_is_kept_and_read_back_whole(site: encoder.Encoder) -> None:
    images = bodies(20, 6)[0]
    again = encoder.Encoder.from_bytes(site.to_bytes())
    assert (again.digest(), again.trained_on) == (site.digest(), 120)
    np.testing.assert_array_equal(again(images), site(images))
    for damaged in (b"", b"nothing of the kind", site.to_bytes()[:1000]):
        with pytest.raises(BadInput):
            encoder.Encoder.from_bytes(damaged)


def test_one_image_never_changes_the_numbers_of_another(site: encoder.Encoder) -> None:
    images = bodies(300, 7)[0]
    np.testing.assert_allclose(site(images)[[7, 299]], site(images[[7, 299]]), rtol=1e-4, atol=1e-5)
    assert site(images[:0]).shape == (0, encoder.WIDTHS[-1])


def test_blank_and_large_images_have_finite_features(site: encoder.Encoder) -> None:
    assert np.isfinite(site(np.zeros((2, 8, 8), np.uint8))).all()
    assert np.isfinite(site(np.full((1, 200, 200), 255, np.uint8))).all()
    with pytest.raises(BadInput):
        site(np.zeros((2, 32, 32, 3), np.uint8))


def test_colour_without_findings_is_learned_too_and_stops_when_asked() -> None:
    images = np.repeat(bodies(50, 8)[0][..., None], 3, axis=3)
    found = encoder.learn(images)
    assert found is not None and found(images).shape == (50, encoder.WIDTHS[-1])
    assert encoder.learn(images, wanted=lambda: False) is None
    with pytest.raises(BadInput):
        encoder.learn(images[: encoder.FEWEST - 1])
