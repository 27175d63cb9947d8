"""Conditions, augmentation, sampler, schedule, average, presets: each does what its name says."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import torch

from medsynth_engine.gan import augment, presets, sampler, schedule
from medsynth_engine.gan.conditions import Categorical, Continuous, Vocabulary
from medsynth_engine.gan.ema import Average, power_exponent
from medsynth_engine.gan.networks import Architecture, Discriminator, Generator, parameters
from medsynth_engine.kernel.errors import BadInput

VOCABULARY = Vocabulary(
    (Categorical("finding", ("1", "2"), (30, 10)), Categorical("smoker", ("false", "true"), (20, 20))),
    (Continuous("age", 50.0, 10.0, 20.0, 80.0),),
)


def test_a_table_becomes_codes_and_what_is_not_known_is_unknown():
    table = pd.DataFrame(
        {"finding": [1.0, "2", "nine", None], "smoker": [True, "False", np.nan, 1], "age": [60, "", None, 999]}
    )
    asked = VOCABULARY.encode_table(table)
    assert asked.categorical.tolist() == [[0, 1], [1, 0], [2, 2], [2, 2]]
    assert asked.continuous[:, 0].tolist() == [1.0, 0.0, 0.0, 6.0]
    assert asked.known[:, 0].tolist() == [1.0, 0.0, 0.0, 1.0]


def test_an_absent_column_is_not_asked_for():
    asked = VOCABULARY.encode_table(pd.DataFrame({"other": [1, 2]}))
    unknown = VOCABULARY.unknown(2)
    assert (asked.categorical == unknown.categorical).all() and (asked.known == 0).all()


def test_a_vocabulary_survives_its_document():
    assert Vocabulary.from_document(VOCABULARY.document()) == VOCABULARY


@pytest.mark.parametrize(
    "document",
    [
        {"categorical": [{"name": "a"}]},
        {"categorical": [{"name": "a", "values": ["x", "x"], "counts": [1, 1]}]},
        {"continuous": [{"name": "a", "mean": float("nan"), "std": 1, "low": 0, "high": 1}]},
        {"categorical": "none"},
    ],
)
def test_an_unreadable_vocabulary_is_bad_input(document: dict):
    with pytest.raises(BadInput):
        Vocabulary.from_document(document)


def test_codes_that_do_not_fit_are_bad_input():
    with pytest.raises(BadInput):
        VOCABULARY.encode(np.array([[7, 0]]), np.array([[1.0]]))
    with pytest.raises(BadInput):
        VOCABULARY.encode(np.zeros((2, 1), int), np.zeros((2, 1)))


def test_dropout_makes_attributes_unknown_at_its_rate():
    asked = VOCABULARY.encode(np.zeros((5000, 2), int), np.full((5000, 1), 60.0))
    dropped = VOCABULARY.dropped(asked, 0.2, torch.Generator().manual_seed(0))
    assert (dropped.categorical == torch.tensor([2, 2])).float().mean().item() == pytest.approx(0.2, abs=0.02)
    assert 1 - dropped.known.mean().item() == pytest.approx(0.2, abs=0.02)
    assert (dropped.continuous[dropped.known == 0] == 0).all()


def test_an_unmoved_warp_changes_nothing_and_a_shift_shifts():
    still = augment.interpolation(16, torch.ones(1), torch.zeros(1))
    torch.testing.assert_close(still[0], torch.eye(16))
    image = torch.zeros(1, 1, 16, 16)
    image[0, 0, 4, 6] = 1
    moved = augment.Warp(
        rows=augment.interpolation(16, torch.ones(1), torch.tensor([2 / 16])),
        columns=augment.interpolation(16, torch.ones(1), torch.tensor([-3 / 16])),
    )(image)
    assert moved[0, 0, 6, 3].item() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("name", augment.PROFILES)
def test_every_profile_keeps_shape_and_stays_finite(name: str):
    source = torch.Generator().manual_seed(0)
    images = torch.rand(64, 3, 32, 32) * 2 - 1
    warped = augment.draw(augment.profile(name, 100), torch.ones(64), 32, 3, source)(images)
    assert warped.shape == images.shape and torch.isfinite(warped).all()


def test_a_radiograph_is_never_mirrored():
    warp = augment.draw(augment.profile("radiograph", 5000), torch.ones(32), 32, 1, torch.Generator().manual_seed(0))
    assert warp.mirrored is warp.flipped is warp.turned is warp.kept is None


def test_where_the_chance_is_zero_an_image_stays_as_it_is():
    chance = torch.tensor([0.0, 1.0] * 8)
    images = torch.rand(16, 1, 32, 32)
    warped = augment.draw(augment.PROFILES["dermoscopy"], chance, 32, 1, torch.Generator().manual_seed(0))(images)
    torch.testing.assert_close(warped[::2], images[::2])
    assert ((warped - images)[1::2].abs().amax((1, 2, 3)) > 0.01).all()


def test_unknown_profile_is_bad_input():
    with pytest.raises(BadInput):
        augment.profile("selfie", 100)


def test_augmentation_grows_with_overfitting_only():
    controller = augment.Controller(0.0, images_to_full=10_000)
    for _ in range(20):
        controller.update(2.0, 1.9, 256)
    assert controller.signal == pytest.approx(0.05) and controller.chance == 0
    for _ in range(80):
        controller.update(2.0, 0.1, 256)
    assert controller.signal == pytest.approx(0.95, abs=0.01) and controller.chance == pytest.approx(0.8)


def test_the_sampler_favours_the_rare_value_but_not_beyond_the_cap():
    codes = np.array([[0]] * 9990 + [[1]] * 10)
    often = sampler.repeats(codes)
    assert often.mean() == pytest.approx(1)
    assert often[0] < 1 < 5 < often[-1] <= sampler.CAP
    drawn = sampler.Sampler(codes, torch.device("cpu")).draw(200_000, torch.Generator().manual_seed(0))
    assert (drawn >= 9990).float().mean().item() == pytest.approx(10 * often[-1] / 10_000, rel=0.1)


def test_missing_values_and_single_values_leave_the_sampler_plain():
    assert (sampler.repeats(np.full((50, 2), -1)) == 1).all()
    assert (sampler.repeats(np.zeros((50, 0), int)) == 1).all()


def test_power_function_average_has_the_width_asked_for():
    assert power_exponent(0.05) == pytest.approx(16.97, abs=0.01)
    assert power_exponent(0.10) == pytest.approx(6.94, abs=0.01)
    steps, exponent = 2000, power_exponent(0.10)
    weights = np.ones(1)
    for step in range(2, steps + 1):
        past = (1 - 1 / step) ** (exponent + 1)
        weights = np.append(weights * past, 1 - past)
    place = np.arange(1, steps + 1) / steps
    spread = math.sqrt((weights * place**2).sum() - (weights * place).sum() ** 2)
    assert weights.sum() == pytest.approx(1)
    assert spread == pytest.approx(0.10, rel=0.02)


def test_the_first_average_is_the_network_itself():
    architecture = Architecture((8, 8), 1, 1)
    generator = Generator(architecture, Vocabulary())
    average = Average(generator, 0.1)
    for parameter in generator.parameters():
        parameter.data += 1
    average.update(1)
    for own, followed in zip(average.network.parameters(), generator.parameters(), strict=True):
        torch.testing.assert_close(own, followed)


def test_short_budgets_learn_fast_and_long_ones_slowly():
    nano = presets.PRESETS["nano32"]
    rates = [schedule.plan(nano, 3000, images, 16, 0.01).learning_rate for images in (3e4, 3e5, 5e6)]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == pytest.approx(2e-4)


def test_rates_fall_and_the_conditions_fade_in():
    plan = schedule.plan(presets.PRESETS["nano32"], 3000, 40_000, 16, 0.01)
    first, last = plan.rates(0), plan.rates(plan.images)
    assert last.learning_rate == pytest.approx(first.learning_rate / 5)
    assert last.gamma == pytest.approx(first.gamma / 10)
    assert (first.ramp, last.ramp, first.beta2, last.beta2) == (0, 1, 0.9, 0.99)
    assert schedule.Plan.from_document(plan.document()) == plan
    assert plan.images % plan.batch == plan.evaluate % plan.batch == plan.tick % plan.batch == 0


def test_speed_only_changes_how_often_a_run_reports():
    slow, fast = (schedule.plan(presets.PRESETS["nano32"], 500, 5e4, 16, s) for s in (0.1, 0.001))
    assert slow.tick < fast.tick
    assert (slow.images, slow.evaluate, slow.learning_rate) == (fast.images, fast.evaluate, fast.learning_rate)


def test_minutes_leave_room_for_the_evaluations():
    images, evaluations = schedule.within(3, 0.01, 2.0, spent=10)
    assert images * 0.01 + evaluations * 2.0 == pytest.approx(170)
    assert 3 <= evaluations <= 24


def test_low_resource_halves_batch_and_default_length():
    usual, small = (presets.resolve("small64", 64, 1000, low_resource=low) for low in (False, True))
    assert (small.batch, small.kimg) == (usual.batch / 2, usual.kimg / 2)


def test_auto_chooses_by_image_count_and_device():
    assert presets.resolve("auto", 200, 10_000, "cpu").name == "nano32"
    assert presets.resolve("auto", 64, 1000, "mps").name == "small64"
    assert presets.resolve("auto", 200, 10_000, "cuda").name == "base128"
    assert presets.resolve("auto", 64, 100, "cpu", fixed_size=True).resolution == 64


@pytest.mark.parametrize("name", ["dp64", "huge", ""])
def test_presets_that_cannot_be_had_say_what_else(name: str):
    with pytest.raises(BadInput) as caught:
        presets.resolve(name, 64, 1000)
    assert caught.value.hint


def test_networks_have_the_sizes_that_were_measured():
    grey = Architecture(presets.PRESETS["nano32"].widths, 1, 1)
    assert grey.resolution == 32
    assert 0.1e6 < parameters(Generator(grey, Vocabulary())) < 1.5e6
    assert 0.1e6 < parameters(Discriminator(grey, Vocabulary())) < 1.5e6


@pytest.mark.parametrize("name", presets.PRESETS)
def test_every_preset_draws_and_judges_images_of_its_size(name: str):
    preset = presets.PRESETS[name]
    architecture = Architecture(preset.widths, preset.blocks, 3)
    assert architecture.resolution == preset.resolution
    with torch.no_grad():
        images = Generator(architecture, VOCABULARY)(torch.randn(2, 64), VOCABULARY.unknown(2))
        logits = Discriminator(architecture, VOCABULARY)(images, VOCABULARY.unknown(2))
    assert images.shape == (2, 3, preset.resolution, preset.resolution) and logits.shape == (2,)


def test_presets_are_light():
    import subprocess
    import sys

    code = "import sys, medsynth_engine.gan.presets; sys.exit('torch' in sys.modules or 'pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
