"""Bias on populations of known make-up; small real cells are neither shown nor given away."""

from random import Random

import numpy as np
import pandas as pd
import pytest
from evidence_tables import folds, people
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from medsynth_engine.evidence.bias import bias
from medsynth_engine.evidence.heatmap import prevalence_heatmap
from medsynth_engine.evidence.intersections import intersection_table
from medsynth_engine.evidence.representation import Reference, axis_table, expected_tvd
from medsynth_engine.evidence.small_cells import SMALLEST, hidden
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
    alone = [value for name, value in found.items() if "ethnicity" in name and value.enough]
    assert all("against_equal_shares" in value.name for value in alone), "only what the cohort alone says"
    assert all(value.control is None for value in alone)
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
            told = hide.any() and (hide.sum() == 1 or line[hide].sum() < SMALLEST)
            assert not told or not (~hide & (line > 0)).any()


def prevalence(training: pd.DataFrame, attribute: str) -> dict[str, dict[str, float | None]]:
    """The real shares that the heatmap shows, by finding and group."""
    each = next(one for one in prevalence_heatmap(training, training) if one["attribute"] == attribute)
    return {
        finding: dict(zip(each["columns"], row, strict=True))
        for finding, row in zip(each["rows"], each["training"], strict=True)
    }


def test_nobody_beside_a_hidden_cell_does_not_tell_where_the_hidden_patients_are() -> None:
    training, _, _ = folds(600, 10, 10)
    training["ethnicity"] = np.repeat(["Asian", "Black", "White"], 200)
    training["finding"] = "normal"
    training.loc[:99, "finding"] = training.loc[400:499, "finding"] = "effusion"  # in Asian and White people alone
    shown = prevalence(training, "ethnicity")
    assert shown["effusion"] == {"Asian": 0.5, "Black": 0.0, "White": 0.5}, "nothing is hidden, so nobody may show"
    training.loc[:4, "finding"] = "rare"  # five patients of one group
    shown = prevalence(training, "ethnicity")
    assert set(shown["rare"].values()) == {None}
    assert shown["effusion"]["Black"] is None and shown["normal"]["Black"] is None


def test_nobody_on_an_axis_with_a_hidden_group_is_not_told_from_it() -> None:
    training, holdout, synthetic = folds(300, 100, 300)
    training["ethnicity"] = np.where(np.arange(300) < 5, "Black", np.where(np.arange(300) < 100, "White", "Mixed"))
    synthetic["ethnicity"] = np.where(np.arange(300) < 40, "Asian", "Black")
    found = measured(training, holdout, synthetic)
    hidden_one, nobody = found["representation.ethnicity=Black"], found["representation.ethnicity=Asian"]
    assert hidden_one.reads_as == nobody.reads_as and not nobody.enough
    asked = Reference({"ethnicity": {"Asian": 0.5, "Black": 0.5}})
    _, rows, _ = axis_table("ethnicity", training, holdout, synthetic, asked)
    assert [row["training"] for row in rows if row["value"] in ("Asian", "Black")] == [None, None]


def test_parity_does_not_reach_for_a_group_whose_prevalence_is_hidden() -> None:
    training, _, synthetic = folds(900, 10, 900)
    for table in (training, synthetic):
        table["ethnicity"] = np.repeat(["Asian", "Black", "White"], 300)
        sick = np.arange(900) % 300 < np.repeat([0, 100, 200], 300)
        table["finding"] = np.where(sick, "effusion", "normal")
    training.loc[:2, "finding"] = "effusion"  # three of 300: with the gap and what is shown they could be had
    found = measured(training, training, synthetic)["parity_amplification.effusion.ethnicity"]
    assert found.value == pytest.approx(0, abs=1e-9) or not found.enough
    assert "66.7%" not in found.reads_as


def test_what_sampling_alone_gives_is_its_expectation() -> None:
    rng = np.random.default_rng(0)
    shares = np.array([0.5, 0.3, 0.15, 0.05])
    drawn = rng.multinomial(40, shares, 20_000) / 40
    simulated = np.abs(drawn - shares).sum(axis=1).mean() / 2
    assert expected_tvd(shares, 40) == pytest.approx(simulated, rel=0.01)
    assert expected_tvd(np.array([1.0, 0.0]), 40) == pytest.approx(0)


def test_a_chosen_population_stands_beside_the_training_data_and_equal_shares() -> None:
    training, holdout, _ = folds(1000, 400, 10)
    found = measured(training, holdout, biased(1000, 0.3), Reference({"sex": {"F": 0.25, "M": 0.75}}, "the clinic"))
    share = (training["sex"] == "F").mean()
    assert found["representation.sex=F"].value == pytest.approx(0.3 / 0.25)
    assert found["against_training.sex=F"].value == pytest.approx(0.3 / share)
    assert found["against_equal_shares.sex=F"].value == pytest.approx(0.3 / 0.5)
    assert found["against_equal_shares.sex=F"].control == pytest.approx(share / 0.5)
    assert "against_training.ethnicity=Asian" not in found, "it is the first reference already"
    even = measured(training, holdout, biased(1000, 0.5), Reference({"sex": {"F": 0.5, "M": 0.5}}))
    assert "against_equal_shares.sex=F" not in even, "it was asked for already"


def test_parity_agrees_with_fairlearn() -> None:
    metrics = pytest.importorskip("fairlearn.metrics")
    training, holdout, synthetic = folds(1500, 10, 1500)
    synthetic.loc[synthetic["ethnicity"] == "Asian", "finding"] = "effusion"
    found = measured(training, holdout, synthetic)["parity_amplification.effusion.ethnicity"]
    gaps = [
        metrics.demographic_parity_difference(
            table["finding"] == "effusion", table["finding"] == "effusion", sensitive_features=table["ethnicity"]
        )
        for table in (synthetic, training)
    ]
    assert found.value == pytest.approx(gaps[0] - gaps[1], abs=1e-9)


def test_the_crossings_farthest_off_are_listed_and_small_ones_only_counted() -> None:
    training, _, synthetic = folds(1000, 10, 1000)
    synthetic.loc[(synthetic["sex"] == "F") & (synthetic["ethnicity"] == "Asian"), "ethnicity"] = "White"
    table = intersection_table(training, synthetic)
    assert len(table["rows"]) == 5
    assert all((row["cell"][0], row["cell"][2]) == ("F", "Asian") for row in table["rows"][:2])
    assert table["rows"][0]["high"] < 1
    few = intersection_table(training[:60], synthetic)
    assert few["judged"] + few["left_out"] > few["judged"]


def test_no_small_crossing_follows_from_those_that_are_judged_and_the_margins() -> None:
    sizes = {("F", 20): 5, ("F", 50): 95, ("M", 20): 30, ("M", 50): 170, ("F", 70): 90, ("M", 70): 90}
    people = [(sex, float(age)) for (sex, age), count in sizes.items() for _ in range(count)]
    training = pd.DataFrame(people, columns=["sex", "age"])
    drawn = training.sample(1000, replace=True, random_state=1)
    told = {tuple(row["cell"]) for row in intersection_table(training, drawn)["rows"]}
    for line in (("F", None), (None, "18-39"), (None, "40-64"), ("M", None)):
        cells = [(sex, band) for sex in "FM" for band in ("18-39", "40-64", "65-79") if line[0] in (sex, None)]
        cells = [cell for cell in cells if line[1] in (cell[1], None)]
        assert ("F", "18-39") not in cells or len([cell for cell in cells if cell not in told]) > 1
    assert ("F", "18-39") not in told


@pytest.mark.parametrize("n", [0, 1, 2])
def test_tables_of_almost_nobody_make_no_bias(n: int) -> None:
    training, holdout, synthetic = folds(n, n, n)
    for table in (training, holdout, synthetic):
        table["finding"] = "normal"
    found = measured(training, holdout, synthetic)
    assert not any(value.enough for name, value in found.items() if "equal_shares" not in name and "age" not in name)


@settings(max_examples=10, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_records_changes_no_ratio(random: Random) -> None:
    training, holdout, synthetic = folds(200, 80, 150)
    order = list(range(150))
    random.shuffle(order)
    mixed = measured(training, holdout, synthetic.iloc[order].reset_index(drop=True))
    for name, value in measured(training, holdout, synthetic).items():
        if "parity" not in name and "age" not in name:  # those redraw patients by their place
            assert (mixed[name].value, mixed[name].low) == (value.value, value.low), name
