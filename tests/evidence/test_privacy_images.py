"""Image privacy beside copies: C_T, patients found again, and real records handed in as synthetic."""

import numpy as np
import pandas as pd
import pytest

from medsynth_engine.evidence.alignment import aligned
from medsynth_engine.evidence.data_copying import data_copying
from medsynth_engine.evidence.real_records import ImageSearch, RowSearch
from medsynth_engine.evidence.reidentification import reidentification
from medsynth_engine.evidence.tables import Column
from medsynth_engine.evidence.white_box import white_box
from medsynth_engine.features.neighbours import embed
from medsynth_engine.kernel.evidence import Evidence


def cloud(n: int, seed: int, d: int = 8) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d))


def c_t(training: np.ndarray, holdout: np.ndarray, synthetic: np.ndarray) -> Evidence:
    return data_copying("image", training, holdout, synthetic, np.arange(len(holdout)), np.random.default_rng(0))


def test_c_t_is_about_zero_for_fresh_records_and_low_for_copies_only_towards_training() -> None:
    training, holdout, fresh = cloud(800, 1), cloud(400, 2), cloud(800, 3)
    quiet = c_t(training, holdout, fresh)
    assert quiet.low < 0 < quiet.high
    copied = training + 0.2 * cloud(800, 4)
    loud = c_t(training, holdout, copied)
    assert loud.high < -3
    assert loud.control > loud.value + 3


def test_c_t_of_a_generator_that_underfits_is_high() -> None:
    assert c_t(cloud(800, 1), cloud(400, 2), 1.6 * cloud(800, 3)).low > 3


def test_c_t_needs_enough_records_and_says_so() -> None:
    for sizes in ((10, 400, 400), (400, 0, 400), (400, 400, 1)):
        assert not c_t(*(cloud(n, n) for n in sizes)).enough
    same = np.zeros((60, 3))
    assert c_t(same, same, same).value == 0


def bodies(people: int, seed: int, images: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """`images` of each patient: what they are (six numbers), seen with noise, and six numbers of noise alone."""
    rng = np.random.default_rng(seed)
    own = np.repeat(rng.normal(size=(people, 6)), images, axis=0) + 0.15 * rng.normal(size=(people * images, 6))
    return np.hstack([own, rng.normal(size=(people * images, 6))]), np.repeat(np.arange(people), images)


def found_again(synthetic: np.ndarray) -> Evidence:
    (training, owners), (holdout, held) = bodies(200, 1), bodies(100, 2)
    return reidentification(training, holdout, synthetic, owners, held, np.random.default_rng(0))


def test_new_pictures_of_training_patients_are_found_though_no_picture_is_copied() -> None:
    training, _ = bodies(200, 1)
    again = training.copy()
    again[:, 6:] = np.random.default_rng(7).normal(size=(len(again), 6))
    loud, quiet = found_again(again), found_again(bodies(200, 5)[0])
    assert loud.low > 0.2
    assert quiet.low <= 0 <= quiet.high


def test_without_second_pictures_or_a_verifier_that_works_nothing_is_claimed() -> None:
    points, alone = cloud(100, 1), np.arange(100)
    once = reidentification(points, points, points, alone, alone, np.random.default_rng(0))
    assert not once.enough
    assert "two images" in once.reads_as
    noise = reidentification(
        cloud(300, 1), cloud(150, 2), cloud(50, 3), np.arange(300) // 3, np.arange(150) // 3, np.random.default_rng(0)
    )
    assert not noise.enough
    few = reidentification(points[:4], points[:4], points[:0], alone[:4] // 2, alone[:4] // 2, np.random.default_rng(0))
    assert not few.enough


def drawings(n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    small = rng.integers(20, 230, (n, 8, 8)).astype(np.uint8)
    return np.kron(small, np.ones((4, 4), np.uint8))


def test_real_images_are_found_flipped_and_grainy_too() -> None:
    real, fresh = drawings(40, 1), drawings(30, 2)
    grain = np.clip(real[:10] + np.random.default_rng(3).normal(0, 4, (10, 32, 32)), 0, 255).astype(np.uint8)
    search = ImageSearch(np.concatenate([fresh, real[20:30], grain[:, :, ::-1]]))
    search.control(drawings(20, 5), drawings(20, 6))
    for start in range(0, 40, 15):
        search.add(real[start : start + 15])
    search.add(real[:0])
    same, alike = search.evidence()
    assert same.value == pytest.approx(10 / 50)
    assert alike.value == pytest.approx(20 / 50)
    assert alike.control == 0


def test_real_rows_are_found_in_whichever_dataset_and_chance_is_told() -> None:
    rng = np.random.default_rng(0)
    names = ("a", "b", "c", "d", "e")
    columns = tuple(Column(name, "column", "number") for name in names)
    tables = [pd.DataFrame(rng.normal(size=(50, 5)), columns=names) for _ in range(3)]
    search = RowSearch(pd.concat([tables[1].iloc[:20], pd.DataFrame(rng.normal(size=(20, 5)), columns=names)]))
    for table in tables:
        search.add(table, table.iloc[:15], columns)
    search.add(tables[0], tables[0].iloc[:15], columns[:3])  # three columns say nothing
    (found,) = search.evidence()
    assert (found.value, found.control) == (0.5, 0.0)
    assert RowSearch(tables[0]).evidence() == []


def test_the_nearest_picture_is_found_moved_mirrored_grainy_and_in_another_contrast() -> None:
    rng = np.random.default_rng(0)
    wide = np.stack([np.kron(rng.integers(20, 230, (10, 10)), np.ones((7, 7))) for _ in range(80)])
    real = embed(wide[:, 3:67, 3:67].astype(np.uint8))
    moved = np.concatenate([wide[:20, 3:67, 4:68], wide[20:40, 1:65, 3:67], wide[40:60, 3:67, 3:67][:, :, ::-1]])
    changed = 0.8 * moved + 20 + rng.normal(0, 3, moved.shape)
    apart, index = aligned(embed(changed.clip(0, 255).astype(np.uint8)), real)
    assert (index == np.arange(60)).all()
    strangers, _ = aligned(real[:40], real[40:])
    assert apart.max() < strangers.min()


def test_a_picture_is_at_no_distance_from_itself_and_a_blank_one_at_its_length() -> None:
    real = embed(drawings(5, 1))
    apart, index = aligned(real, real)
    assert apart.max() < 0.01 and index.tolist() == list(range(5))
    assert aligned(np.zeros((1, 1024), np.float32), real)[0] == pytest.approx(1, abs=0.01)
    assert aligned(real, real[:1])[1].tolist() == [0] * 5


def test_a_discriminator_that_knows_its_images_is_told_from_one_that_does_not() -> None:
    rng = np.random.default_rng(0)
    owners, held = np.repeat(np.arange(100), 3), np.repeat(np.arange(50), 3)
    loud, p = white_box(rng.normal(2, 1, 300), rng.normal(0, 1, 150), owners, held, rng)
    assert loud.low > 0.8 and p.value < 0.01
    quiet, _ = white_box(rng.normal(0, 1, 300), rng.normal(0, 1, 150), owners, held, rng)
    assert quiet.low < 0.5 < quiet.high
    broken = white_box(np.full(300, np.nan), np.zeros(150), owners, held, rng)
    assert not any(value.enough for value in broken)


def test_a_blank_picture_is_nobody_and_accuses_nobody() -> None:
    search = ImageSearch(np.concatenate([drawings(3, 2), np.zeros((1, 32, 32), np.uint8)]))
    search.add(np.concatenate([np.zeros((1, 32, 32), np.uint8), drawings(3, 1)]))
    assert [value.value for value in search.evidence()] == [0, 0]
