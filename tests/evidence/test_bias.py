"""Bias on populations of known make-up; small real cells are neither shown nor given away."""

import numpy as np
import pandas as pd
import pytest
from evidence_tables import folds, people
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from medsynth_engine.evidence.bias import Reference, bias
from medsynth_engine.evidence.heatmap import prevalence_heatmap
from medsynth_engine.evidence.small_cells import SMALLEST, hidden, suppress
from medsynth_engine.kernel.evidence import Evidence

NOBODY = Reference({})


def measured(
    training: pd.DataFrame, holdout: pd.DataFrame, synthetic: pd.DataFrame, reference: Reference = NOBODY
) -> dict[str, Evidence]:
    found = bias(training, holdout, synthetic, reference, np.random.default_rng(0))
    return {value.name.removeprefix("bias."): value for value in found}


def biased(n: int, women: float, seed: int = 7) -> pd.DataFrame:
    """A sample with another share of women, and a finding that women have twice as often as in the population."""
    rng = np.random.default_rng(seed)
    pool = people(4 * n, rng, "S")
    chosen = np.concatenate(
        [
            np.flatnonzero(pool["sex"] == "F")[: int(women * n)],
            np.flatnonzero(pool["sex"] == "M")[: n - int(women * n)],
        ]
    )
    return pool.iloc[chosen].reset_index(drop=True)


def test_representation_is_the_ratio_of_shares() -> None:
    training, holdout, _ = folds(1000, 400, 10)
    found = measured(training, holdout, biased(1000, 0.3))["representation.sex=F"]
    share = (training["sex"] == "F").mean()
    assert found.value == pytest.approx(0.3 / share)
    assert found.low < found.value < found.high < 0.8
    assert found.control == pytest.approx((holdout["sex"] == "F").mean() / share)


def test_a_population_is_the_reference_where_it_speaks_and_the_control_is_the_real_data() -> None:
    training, holdout, _ = folds(1000, 400, 10)
    even = Reference({"sex": {"F": 0.5, "M": 0.5}}, "uniform")
    found = measured(training, holdout, biased(1000, 0.5), even)
    assert found["representation.sex=F"].value == pytest.approx(1.0)
    assert found["representation.sex=F"].control == pytest.approx((training["sex"] == "F").mean() / 0.5)
    assert "uniform" in found["representation.sex=F"].reads_as
    assert found["tvd.sex"].value == pytest.approx(0.0)
    assert found["representation.ethnicity=White"].value == pytest.approx(1.0, abs=0.15)


def test_drawing_more_records_makes_no_narrower_interval() -> None:
    training, holdout, _ = folds(300, 200, 10)
    few, many = (measured(training, holdout, biased(n, 0.5))["representation.sex=F"] for n in (300, 3000))
    assert many.high - many.low == pytest.approx(few.high - few.low, rel=0.05)


def test_equal_samples_are_within_what_sampling_gives() -> None:
    found = measured(*folds(1000, 500, 1000))
    assert found["tvd.age_band"].value < 3 * found["tvd.age_band"].control
    assert found["age_wasserstein"].value < 3
    assert found["worst_intersection"].low < 1 < found["worst_intersection"].high
    assert found["parity_amplification.effusion.sex"].low < 0 < found["parity_amplification.effusion.sex"].high


def test_age_distance_is_in_years() -> None:
    training, holdout, synthetic = folds(500, 300, 500)
    older = synthetic.assign(age=synthetic["age"] + 10)
    found = measured(training, holdout, older)["age_wasserstein"]
    assert found.value == pytest.approx(10, abs=4)
    assert found.low > 3


def test_an_amplified_gap_between_groups_is_seen() -> None:
    training, holdout, synthetic = folds(1000, 400, 1000)
    synthetic.loc[synthetic["sex"] == "F", "finding"] = "effusion"
    found = measured(training, holdout, synthetic)["parity_amplification.effusion.sex"]
    assert found.low > 0.3


def test_a_group_of_few_patients_is_not_told_nor_given_away() -> None:
    training, holdout, synthetic = folds(200, 100, 200)
    training["ethnicity"] = np.where(np.arange(200) < 5, "Black", "White")
    synthetic["ethnicity"] = np.where(np.arange(200) < 40, "Black", "White")
    found = measured(training, holdout, synthetic)
    assert not found["representation.ethnicity=Black"].enough
    assert not found["representation.ethnicity=White"].enough, "of two groups the other one would tell"
    assert not found["tvd.ethnicity"].enough
    assert not any("ethnicity" in name and value.enough for name, value in found.items())
    even = Reference({"ethnicity": {"Black": 0.5, "White": 0.5}})
    shown = measured(training, holdout, synthetic, even)["representation.ethnicity=Black"]
    assert shown.value == pytest.approx(0.4)
    assert shown.control is None, "the real share stays hidden"


def test_a_finding_of_several_parts_counts_for_each() -> None:
    table = pd.DataFrame({"finding": ["a|b", "a", "b", None] * 30, "patient": range(120)})
    found = measured(table, table, table)
    assert found["representation.finding=a"].value == 1
    assert found["representation.finding=b"].enough


def test_the_heatmap_flags_what_is_surely_different_and_hides_small_cells() -> None:
    training, _, synthetic = folds(1000, 10, 1000)
    synthetic.loc[synthetic["sex"] == "F", "finding"] = "normal"
    by_sex = next(each for each in prevalence_heatmap(training, synthetic) if each["attribute"] == "sex")
    row, column = by_sex["rows"].index("effusion"), by_sex["columns"].index("F")
    assert by_sex["flag"][row][column]
    assert by_sex["high"][row][column] < 0
    assert not by_sex["flag"][row][by_sex["columns"].index("M")]
    training.loc[:4, "finding"] = "rare"
    by_sex = next(each for each in prevalence_heatmap(training, synthetic) if each["attribute"] == "sex")
    assert by_sex["training"][by_sex["rows"].index("rare")] == [None, None]
    assert by_sex["training"][row] == [None, None], "with the group's size and the rest the rare one could be had"
    assert None not in by_sex["training"][by_sex["rows"].index("normal")]


@given(arrays.arrays(int, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.integers(0, 40)))
def test_no_line_leaves_one_hidden_cell_alone(counts: np.ndarray) -> None:
    gone = hidden(counts)
    assert gone[(counts > 0) & (counts < SMALLEST)].all()
    assert not gone[counts == 0].any()
    for lines, cover in ((counts, gone), (counts.T, gone.T)):
        for line, hide in zip(lines, cover, strict=True):
            assert hide.sum() != 1 or not (~hide & (line > 0)).any()


def test_suppressed_counts_in_words() -> None:
    assert suppress({"a": 5, "b": 30, "c": 20, "d": 0}) == {"a": "<11", "b": 30, "c": "hidden", "d": 0}
    assert suppress({}) == {}
