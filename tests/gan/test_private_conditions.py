"""What a generator may be asked for is released with noise: no name of a value, and no count, rests on one patient."""

from __future__ import annotations

import numpy as np
import pytest
from private_parts import KEY

from medsynth_engine.gan.conditions import Categorical, Continuous, Vocabulary
from medsynth_engine.gan.private import histogram
from medsynth_engine.gan.private.stream import Stream

INNER = Vocabulary(
    (
        Categorical("finding", ("zoster", "asthma", "rare"), (600, 500, 25)),
        Categorical("sex", ("F", "M"), (700, 500)),
    ),
    (Continuous("age", 61.0, 12.0, 40.0, 80.0),),
)
SIGMA, DELTA = 5.0, 1e-6


def patients(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Codes and owners of 1,200 patients with an image each: 600 zoster, 575 asthma, 25 rare."""
    finding = np.repeat([0, 1, 2], [600, 575, 25])
    return np.stack([finding, np.arange(1200) % 2], 1), np.arange(1200)


def release(codes: np.ndarray, owner: np.ndarray, **changes: object) -> Vocabulary:
    usual = {"sigma": SIGMA, "delta": DELTA, "columns": 2, "stream": Stream(KEY)}
    return histogram.release(INNER, codes, owner, **{**usual, **changes})


def test_values_are_sorted_by_name_and_counted_with_noise():
    public = release(*patients())
    finding, sex = public.categorical
    assert finding.values == ("asthma", "zoster") and sex.values == ("F", "M")
    assert finding.counts != (575, 600) and abs(finding.counts[0] - 575) < 6 * SIGMA * 2**0.5
    again = release(*patients(), stream=Stream())
    assert again.categorical[0].counts != finding.counts


def test_the_noise_of_counts_is_what_was_paid_for():
    codes, owner = patients()
    counts = [release(codes, owner, stream=Stream()).categorical[1].counts[0] for _ in range(400)]
    assert np.std(counts) == pytest.approx(SIGMA * 2**0.5, rel=0.15) and abs(np.mean(counts) - 600) < 2


def test_a_value_of_few_patients_is_not_named():
    codes, owner = patients()
    for _ in range(200):
        assert "rare" not in release(codes, owner, stream=Stream()).categorical[0].values


def test_the_threshold_hides_what_few_patients_have():
    least = histogram.threshold(SIGMA * 2**0.5, 2, DELTA)
    drawn = histogram.LEAST + SIGMA * 2**0.5 * Stream(KEY).normal(2_000_000)
    assert (drawn >= least).mean() <= 5 * DELTA


def test_a_patient_with_many_images_and_values_counts_once():
    codes, owner = patients()
    crowd = np.stack([np.arange(3000) % 3, np.zeros(3000, int)], 1)
    more = release(np.concatenate([codes, crowd]), np.concatenate([owner, np.full(3000, 1200)]))
    usual = release(codes, owner)
    for one, other in zip(usual.categorical, more.categorical, strict=True):
        assert one.values == other.values
        assert sum(abs(a - b) for a, b in zip(one.counts, other.counts, strict=True)) <= 1


def test_an_attribute_that_was_cut_off_by_its_counts_is_no_condition():
    many = Vocabulary((Categorical("code", tuple(f"{i:02d}" for i in range(64)), (100,) * 64),))
    codes = np.repeat(np.arange(64), 100)[:, None]
    public = histogram.release(many, codes, np.arange(6400), SIGMA, DELTA, 1, Stream(KEY))
    assert public.categorical == ()


def test_images_are_recoded_for_what_was_released():
    codes, owner = patients()
    codes[5, 1] = -1
    ages = np.linspace(20, 90, 1200)
    ages[7] = np.nan
    public = release(codes, owner)
    found = histogram.recoded(INNER, public, codes, INNER.encode(codes, ages[:, None]))
    assert found.categorical[0].tolist() == [1, 0] and found.categorical[700].tolist() == [0, 0]
    assert found.categorical[1190].tolist()[0] == 2, "a value that was not released is unknown"
    assert found.categorical[5].tolist()[1] == 2
    assert found.continuous[100, 0].item() == pytest.approx((ages[100] - 50) / 25, abs=1e-4)
    assert found.known[7, 0].item() == 0 and found.continuous[7, 0].item() == 0
