"""What the validation fold tells: of a generator that copies, of one that draws like the real thing, of groups."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gan_shapes import shapes, write_run

from medsynth_engine.gan import data
from medsynth_engine.gan.conditions import Vocabulary
from medsynth_engine.gan.data import Data
from medsynth_engine.gan.evaluate import Evaluator, Measured

COUNT = 900


class Drawing(Evaluator):
    """Measures these images as if a generator had drawn them."""

    drawn: np.ndarray

    def draw(self, generator: Any) -> np.ndarray:
        return self.drawn

    def of(self, images: np.ndarray) -> Measured:
        self.drawn = images
        return self.measure(None)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def folds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Data, Vocabulary]:
    folder = write_run(tmp_path_factory.mktemp("evaluate") / "run", count=COUNT)
    vocabulary = Vocabulary.from_document(folder.config()["conditions"])
    return data.load(folder.data, vocabulary, torch.device("cpu")), vocabulary


@pytest.fixture(scope="module")
def evaluator(folds: tuple[Data, Vocabulary]) -> Drawing:
    return Drawing(folds[0], 0, folds[1].categorical)


def copies(folds: tuple[Data, Vocabulary], count: int) -> np.ndarray:
    """Training images with a little noise."""
    rng = np.random.default_rng(1)
    training = folds[0].training
    images = training.pixels(rng.permutation(len(training))[:count]).astype(float)
    return (images + rng.normal(0, 3, images.shape)).clip(0, 255).astype(np.uint8)


def test_images_that_nobody_learned_from_are_as_good_as_real_and_no_copies(evaluator: Drawing):
    measured = evaluator.of(shapes(evaluator.n, seed=99)[0])
    assert measured.fd_ratio is not None and measured.neighbour_risk is not None
    assert 0.5 < measured.fd_ratio < 2 and not measured.copying
    assert measured.neighbour_risk <= evaluator.most_risk


def test_a_generator_that_copies_is_found_out(evaluator: Drawing, folds: tuple[Data, Vocabulary]):
    measured = evaluator.of(copies(folds, evaluator.n))
    assert measured.copying and (measured.neighbour_risk or 0) > 0.9


def test_one_that_copies_a_fifth_of_the_time_is_found_out_too(evaluator: Drawing, folds: tuple[Data, Vocabulary]):
    mixed = shapes(evaluator.n, seed=98)[0]
    mixed[::5] = copies(folds, len(mixed[::5]))
    assert evaluator.of(mixed).copying


def test_poor_images_beside_one_training_image_are_no_copies(evaluator: Drawing, folds: tuple[Data, Vocabulary]):
    """Early in a training all images are alike: whatever they lie next to, they are far from it."""
    rng = np.random.default_rng(2)
    poor = rng.normal(128, 40, (evaluator.n, 32, 32)).clip(0, 255).astype(np.uint8)
    assert not evaluator.of(poor).copying


def test_each_group_with_enough_images_has_a_risk_of_its_own(evaluator: Drawing, folds: tuple[Data, Vocabulary]):
    """Bars are copied, discs are not."""
    drawn = shapes(evaluator.n, seed=97)[0]
    bars = evaluator.groups["finding=bar"]
    training = folds[0].training
    rows = np.flatnonzero(training.categorical[:, 0] == 1)[: len(bars)]
    drawn[bars[: len(rows)]] = training.pixels(rows)
    measured = evaluator.of(drawn)
    assert set(measured.groups) == {"finding=disc", "finding=bar"}
    assert measured.groups["finding=bar"] > 0.9 > measured.groups["finding=disc"]


def test_the_noise_is_that_of_drawing_again(evaluator: Drawing):
    """Within a factor of two of what repeated draws show."""
    found = [evaluator.of(shapes(evaluator.n, seed=200 + turn)[0]) for turn in range(8)]
    spread = float(np.std([one.fd_ratio for one in found], ddof=1))
    told = float(np.mean([one.fd_noise for one in found]))
    assert spread / 2 < told < 2 * spread


def test_folds_hold_the_images_of_the_file(tmp_path: Path):
    folder = write_run(tmp_path / "run", count=50, colour=True)
    vocabulary = Vocabulary.from_document(folder.config()["conditions"])
    loaded = data.load(folder.data, vocabulary, torch.device("cpu"))
    arrays = np.load(folder.data)
    for number, fold in enumerate((loaded.training, loaded.validation)):
        rows = np.flatnonzero(arrays["fold"] == number)
        assert np.array_equal(fold.pixels(np.arange(len(fold))), arrays["images"][rows])
        assert np.array_equal(fold.patient, arrays["patient"][rows])
        assert fold.images.shape == (len(rows), 3, 32, 32)
    assert loaded.training.batch(torch.tensor([0])).min() >= -1
