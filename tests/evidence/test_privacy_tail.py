"""The test for copies: it hears a few copies among thousands of records, and is silent about chance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medsynth_engine.evidence import gauge
from medsynth_engine.evidence.distances import Distances
from medsynth_engine.evidence.tail import strongest, tail
from medsynth_engine.kernel.evidence import Evidence


def cloud(n: int, seed: int, columns: int = 12) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, columns))


def between(training: np.ndarray, holdout: np.ndarray, synthetic: np.ndarray) -> Distances:
    return Distances.between(training, holdout, synthetic, np.arange(len(training)), np.arange(len(holdout)))


def told(distances: Distances, seed: int = 0) -> dict[str, Evidence]:
    return {e.name.rsplit(".", 1)[1]: e for e in tail("rows", distances, np.random.default_rng(seed))}


@pytest.mark.parametrize("noise", [0.0, 0.05], ids=["verbatim", "near copies"])
def test_twelve_copies_among_two_thousand_records_are_heard(noise: float) -> None:
    training, synthetic = cloud(1200, 1), cloud(2000, 3)
    synthetic[:12] = training[:12] + noise * cloud(12, 4)
    found = told(between(training, cloud(600, 2), synthetic))
    assert found["tail_p"].value < 0.03
    assert found["tail_share"].value > 0.9
    assert 0.003 < found["repeated"].value < 0.012


def test_among_clean_samples_alarms_are_as_rare_as_promised() -> None:
    alarms = 0
    for seed in range(60):
        clean = between(cloud(400, 3 * seed), cloud(200, 3 * seed + 1), cloud(600, 3 * seed + 2))
        alarms += told(clean, seed)["tail_p"].value < 0.05
    assert alarms <= 6


@pytest.mark.parametrize("sizes", [(600, 200), (200, 600)])
def test_a_table_of_few_different_records_is_no_leak_whoever_is_held_out(sizes: tuple[int, int]) -> None:
    alarms = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        sets = [rng.integers(0, 4, (n, 4)).astype(float) for n in (*sizes, 500)]
        alarms += told(between(*sets), seed)["tail_p"].value < 0.05
    assert alarms <= 5


def test_who_prefers_the_typical_is_not_accused_for_that() -> None:
    """Records drawn twice as close to the middle are nearer to everybody, training and held out alike."""
    found = told(between(cloud(1200, 1), cloud(600, 2), cloud(2000, 3) / 2))
    assert found["tail_p"].value > 0.05


def test_more_copies_more_repeated_and_a_higher_needle() -> None:
    training, holdout, fresh = cloud(1200, 1), cloud(600, 2), cloud(2000, 3)
    shares, needles = [], []
    for count in (0, 20, 100, 400):
        synthetic = fresh.copy()
        synthetic[:count] = training[np.arange(count)]
        found = told(between(training, holdout, synthetic))
        shares.append(found["repeated"].value)
        proved = gauge.component(found["tail_share"])
        assert proved is not None
        needles.append(proved.low)
    assert shares == sorted(shares)
    assert needles == sorted(needles)
    assert shares[2] == pytest.approx(0.05, abs=0.01)
    assert needles[0] == 0
    assert needles[-1] > 0.33


def test_many_synthetic_records_next_to_one_patient_are_one_hit() -> None:
    training, synthetic = cloud(1200, 1), cloud(2000, 3)
    synthetic[:40] = training[0]
    look = strongest(between(training, cloud(600, 2), synthetic), np.random.default_rng(0))
    assert look.trials < look.count / 3
    assert look.both_p > 0.05


def test_records_of_one_patient_change_folds_together() -> None:
    """Ten slices a patient, three patients copied: 30 hits, three people."""
    slices = np.repeat(cloud(120, 1), 10, axis=0) + 0.01 * cloud(1200, 5)
    synthetic = cloud(2000, 3)
    synthetic[:30] = slices[:30]
    owners, held = np.repeat(np.arange(120), 10), np.repeat(np.arange(60), 10)
    unseen = np.repeat(cloud(60, 2), 10, axis=0) + 0.01 * cloud(600, 6)
    look = strongest(Distances.between(slices, unseen, synthetic, owners, held), np.random.default_rng(0))
    assert look.trials < look.count / 3
    assert look.both_p > 0.05


def test_nothing_near_is_no_finding_and_too_few_is_no_evidence() -> None:
    far = told(between(cloud(100, 1), cloud(100, 2), cloud(100, 3) + 100))
    assert (far["tail_share"].value, far["tail_p"].value, far["repeated"].value) == (0.5, 1.0, 0.0)
    assert "No synthetic row" in far["tail_share"].reads_as
    assert not told(between(cloud(100, 1), cloud(10, 2), cloud(100, 3)))["tail_p"].enough


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**31), st.integers(11, 40), st.integers(11, 40), st.integers(11, 40), st.booleans())
def test_the_order_of_records_does_not_matter(seed: int, a: int, b: int, c: int, constant: bool) -> None:
    rng = np.random.default_rng(seed)
    sets = [np.zeros((n, 3)) if constant else rng.integers(0, 3, (n, 3)).astype(float) for n in (a, b, c)]
    one = strongest(between(*sets), np.random.default_rng(1))
    other = strongest(between(*(points[rng.permutation(len(points))] for points in sets)), np.random.default_rng(1))
    assert one.count == other.count
    assert one.nearer == pytest.approx(other.nearer)
    assert 0 < one.both_p <= 1
    assert one.share.low <= one.share.value <= one.share.high
