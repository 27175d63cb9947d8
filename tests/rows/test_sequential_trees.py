"""Sequential trees: what is learned, what is protected, and that conditioning is exact."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from row_clinic import ROLES, clinic

from medsynth_engine.kernel import small_cells
from medsynth_engine.rows import coding
from medsynth_engine.rows.columns import code_columns
from medsynth_engine.rows.table import Schema
from medsynth_engine.rows.trees import SequentialTrees
from medsynth_engine.rows.unusable import UnusableTable


def learned(table: pd.DataFrame, **more) -> SequentialTrees:
    return SequentialTrees.fit(table, Schema.of(table, ROLES), np.random.default_rng(1), **more)


@pytest.fixture(scope="module")
def model() -> SequentialTrees:
    return learned(clinic())


def test_rows_learn_from_no_fewer_patients_than_may_be_told_of() -> None:
    assert coding.SMALLEST == small_cells.SMALLEST


def test_the_sample_has_the_columns_order_and_types_of_the_training_table(model):
    real, drawn = clinic(), model.sample(500, None, np.random.default_rng(2))
    assert list(drawn) == ["patient", *real]
    assert drawn.dtypes[list(real)].astype(str).to_dict() == real.dtypes.astype(str).to_dict()
    assert len(drawn) == 500


def test_dependencies_and_missingness_survive(model):
    real, drawn = clinic(), model.sample(20_000, None, np.random.default_rng(3))
    for table in (real, drawn):
        table["young"] = table["age"] < 40
    for column, by in (("finding", "sex"), ("smoker", "young")):
        ours = pd.crosstab(drawn[by], drawn[column], normalize="index")
        assert np.abs(ours - pd.crosstab(real[by], real[column], normalize="index")).to_numpy().max() < 0.06
    missing = real.groupby("young")["pressure"].apply(lambda s: s.isna().mean())
    assert np.abs(drawn.groupby("young")["pressure"].apply(lambda s: s.isna().mean()) - missing).max() < 0.05
    assert abs(drawn[["age", "pressure"]].corr().iloc[0, 1] - real[["age", "pressure"]].corr().iloc[0, 1]) < 0.06


def test_numbers_lie_on_the_columns_own_grid(model):
    drawn = model.sample(20_000, None, np.random.default_rng(4))
    assert set(drawn["pressure"].dropna() % 2) == {0}


def test_an_extreme_that_few_patients_reach_does_not_show():
    table = clinic()
    table.loc[:2, "pressure"] = [420.0, 400.0, 20.0]
    model = learned(table)
    drawn = model.sample(20_000, None, np.random.default_rng(4))
    ordered = table["pressure"].dropna().sort_values().to_numpy()
    assert drawn["pressure"].max() < ordered[-4] + 10
    assert drawn["pressure"].min() > ordered[1] - 10


def test_the_tails_of_a_small_table_are_kept():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"age": rng.normal(50, 12, 33).round()})
    drawn = learned(table).sample(5000, None, np.random.default_rng(1))["age"]
    assert table["age"].min() <= drawn.min() <= drawn.max() <= table["age"].max()
    assert 0.7 < drawn.std() / table["age"].std() < 1.2


def test_the_same_generator_draws_the_same_rows(model):
    pd.testing.assert_frame_equal(
        model.sample(300, None, np.random.default_rng(5)), model.sample(300, None, np.random.default_rng(5))
    )


def test_learning_twice_gives_the_same_model_and_text_restores_it(model):
    again = learned(clinic())
    restored = SequentialTrees.from_json(model.to_json())
    assert again.digest == model.digest == restored.digest
    pd.testing.assert_frame_equal(
        model.sample(300, None, np.random.default_rng(6)), restored.sample(300, None, np.random.default_rng(6))
    )


def test_what_is_asked_for_is_drawn_exactly_and_the_rest_follows_it(model):
    given = pd.DataFrame({"finding": ["effusion", "healthy"] * 3000})
    drawn = model.sample(6000, given, np.random.default_rng(7))
    assert list(drawn["finding"]) == list(given["finding"])
    real = clinic()
    expected = (real[real["finding"] == "effusion"]["sex"] == "M").mean()  # sex comes before finding in the sequence
    assert abs((drawn[drawn["finding"] == "effusion"]["sex"] == "M").mean() - expected) < 0.04


def test_age_is_drawn_inside_the_band_that_was_asked_for():
    table = clinic()
    table["age_band"] = ""
    bands = {"0-17": (0, 17), "18-39": (18, 39), "40-64": (40, 64), "65-79": (65, 79), "80+": (80, 120)}
    model = learned(table)
    given = pd.DataFrame({"age_band": [band for band in bands for _ in range(400)]})
    drawn = model.sample(2000, given, np.random.default_rng(8))
    assert list(drawn["age_band"]) == list(given["age_band"])
    for band, (low, high) in bands.items():
        assert drawn[drawn["age_band"] == band]["age"].between(low, high).all()


def test_an_age_band_too_rare_to_learn_is_still_kept_to():
    table = clinic()
    table = table[(table["age"] >= 18) | (np.arange(len(table)) < 0)]
    drawn = learned(table).sample(50, pd.DataFrame({"age_band": ["0-17"] * 50}), np.random.default_rng(0))
    assert drawn["age"].between(0, 17).all()


def test_a_band_that_does_not_exist_is_refused(model):
    with pytest.raises(UnusableTable):
        model.sample(1, pd.DataFrame({"age_band": ["90-99"]}), np.random.default_rng(0))


def test_age_as_words_is_a_category_like_any_other():
    table = clinic().assign(age=lambda t: "[" + (t["age"] // 10 * 10).astype(str) + ")")
    value = table["age"].mode()[0]
    drawn = learned(table).sample(20, pd.DataFrame({"age": [value] * 20}), np.random.default_rng(0))
    assert set(drawn["age"]) == {value}
    table = table.rename(columns={"age": "age_band"})
    model = SequentialTrees.fit(table, Schema.of(table, {"age_band": "age"}), np.random.default_rng(0))
    drawn = model.sample(20, pd.DataFrame({"age_band": [value] * 20}), np.random.default_rng(0))
    assert set(drawn["age_band"]) == {value}


def test_any_of_several_values_can_be_asked_for(model):
    given = pd.DataFrame({"ethnicity": [("Asian", "Black")] * 3000, "sex": ["F"] * 3000})
    drawn = model.sample(3000, given, np.random.default_rng(9))
    shares = drawn["ethnicity"].value_counts(normalize=True)
    assert set(shares.index) == {"Asian", "Black"}
    real = clinic().query("sex == 'F' and ethnicity != 'White'")["ethnicity"]
    assert abs(shares["Asian"] - (real == "Asian").mean()) < 0.06
    assert set(drawn["sex"]) == {"F"}


def test_a_missing_cell_of_the_request_asks_for_nothing(model):
    given = pd.DataFrame({"sex": ["F", None] * 500})
    drawn = model.sample(1000, given, np.random.default_rng(10))
    assert set(drawn["sex"][::2]) == {"F"}
    assert set(drawn["sex"][1::2]) == {"F", "M"}


def test_a_plain_column_can_be_asked_for_when_it_was_learned_first():
    given = pd.DataFrame({"smoker": [True] * 200})
    with pytest.raises(UnusableTable) as caught:
        learned(clinic()).sample(200, given, np.random.default_rng(0))
    assert caught.value.code == "not_conditionable" and "sex" in caught.value.hint
    drawn = learned(clinic(), first=["smoker"]).sample(200, given, np.random.default_rng(0))
    assert drawn["smoker"].all() and drawn["smoker"].dtype == bool


def test_rare_values_never_reach_the_model():
    table = clinic()
    table.loc[:4, "ethnicity"] = "Tristan da Cunha"  # five patients
    table.loc[5:14, "ethnicity"] = "Pitcairn"  # ten
    table.loc[15:18, "finding"] = "fibrosis"  # four, and nothing else rare beside them
    model = learned(table)
    text = model.to_json()
    assert "Tristan" not in text and "Pitcairn" not in text and "fibrosis" not in text
    drawn = model.sample(5000, None, np.random.default_rng(0))
    assert set(drawn["ethnicity"]) == {"White", "Asian", "Black", "other"}
    assert set(drawn["finding"]) == {"effusion", "healthy"}


def test_a_value_that_was_too_rare_is_carried_when_asked_for():
    table = clinic()
    table.loc[:9, "ethnicity"] = "Pitcairn"
    drawn = learned(table).sample(30, pd.DataFrame({"ethnicity": ["Pitcairn"] * 30}), np.random.default_rng(0))
    assert set(drawn["ethnicity"]) == {"Pitcairn"}


def test_every_leaf_rests_on_eleven_patients_where_patients_have_many_records():
    rng = np.random.default_rng(0)
    table = clinic(120)
    records = table.loc[np.repeat(np.arange(120), rng.integers(1, 40, 120))]
    patients = records.index.to_numpy()
    records = records.assign(slice=rng.integers(0, 40, len(records))).reset_index(drop=True)
    schema = Schema.of(records, ROLES, per_patient=["age", "sex", "ethnicity", "smoker"])
    model = SequentialTrees.fit(records, schema, np.random.default_rng(1), patients=patients)
    codes = {column.inner.name: column.codes for column in code_columns(records, schema, patients)}
    grid = np.stack([codes[column.name] for column in model.inner], axis=1)
    checked = 0
    for number, (column, step) in enumerate(zip(model.inner, model.steps, strict=True)):
        for branch, tree in step.values.items():
            rows = codes[column.name] != column.coding.missing
            if column.within:
                rows &= codes[column.within] == branch
            leaves = tree.leaves(grid[rows][:, :number])
            support = pd.Series(patients[rows]).groupby(leaves).nunique()
            settled = all(before.per == "patient" for before in model.inner[:number])  # one leaf a patient
            if column.per == "record" or settled:
                assert support.min() >= 11
                checked += len(support)
    assert checked > 5


def test_patients_keep_their_own_columns_and_their_number_of_records():
    rng = np.random.default_rng(0)
    table = clinic(600)
    times = rng.choice([1, 2, 3, 8], 600, p=[0.4, 0.3, 0.2, 0.1])
    records = table.loc[np.repeat(np.arange(600), times)]
    patients = records.index.to_numpy()
    records = records.reset_index(drop=True)
    records["finding"] = np.where(rng.random(len(records)) < 0.4, "effusion", "healthy")
    schema = Schema.of(records, ROLES, per_patient=["age", "sex", "ethnicity", "pressure", "smoker"])
    model = SequentialTrees.fit(records, schema, np.random.default_rng(1), patients=patients)
    drawn = model.sample(9000, None, np.random.default_rng(2))
    own = drawn.groupby("patient")[["age", "sex", "ethnicity", "pressure", "smoker"]].nunique(dropna=False)
    assert own.to_numpy().max() == 1
    assert drawn.groupby("patient")["finding"].nunique().max() == 2
    counts = drawn.groupby("patient").size().value_counts(normalize=True)
    for count, share in ((1, 0.4), (2, 0.3), (3, 0.2), (8, 0.1)):
        assert abs(counts[count] - share) < 0.07
    given = pd.DataFrame({"sex": ["F", "M"] * 500, "finding": ["effusion"] * 1000})
    asked = model.sample(1000, given, np.random.default_rng(3))
    assert list(asked["sex"]) == list(given["sex"]) and set(asked["finding"]) == {"effusion"}
    assert asked.groupby("patient")["sex"].nunique().max() == 1
    assert asked["patient"].nunique() < 700


def test_no_synthetic_row_is_a_training_row_more_often_than_chance():
    table = clinic().drop(columns=["sex", "ethnicity", "finding", "smoker"])
    rng = np.random.default_rng(0)
    for name in "abcd":
        table[name] = rng.normal(size=len(table)).round(4)
    drawn = learned(table).sample(4000, None, np.random.default_rng(1))
    assert drawn.merge(table, on=list(table)).empty


def test_findings_of_many_combinations_are_learned_label_by_label():
    rng = np.random.default_rng(0)
    labels = ["mass", "oedema", "nodule", "effusion", "fracture", "cyst", "device"]
    held = rng.random((1500, 7)) < [0.3, 0.3, 0.2, 0.4, 0.2, 0.2, 0.3]
    held[:, 1] |= held[:, 3] & (rng.random(1500) < 0.8)  # oedema follows effusion
    text = ["|".join(name for name, has in zip(labels, row, strict=True) if has) or None for row in held]
    table = pd.DataFrame({"finding": text, "weight": rng.normal(70, 9, 1500).round(1)})
    schema = Schema.of(table, {"finding": "finding"})
    schema = replace(schema, columns=(replace(schema["finding"], kind="multi"), schema["weight"]))
    model = SequentialTrees.fit(table, schema, np.random.default_rng(0))
    drawn = model.sample(4000, None, np.random.default_rng(1))
    found = Counter(label for text in drawn["finding"].dropna() for label in text.split("|"))
    assert set(found) == set(labels)
    assert abs(found["cyst"] / 4000 - 0.2) < 0.04
    both = drawn["finding"].fillna("").map(lambda t: "oedema" in t and "effusion" in t).mean()
    assert abs(both - (held[:, 1] & held[:, 3]).mean()) < 0.04


def test_fewer_than_eleven_patients_are_refused():
    with pytest.raises(UnusableTable) as caught:
        learned(clinic(10))
    assert caught.value.code == "too_few_patients"


def test_words_in_a_column_of_numbers_are_refused():
    table = clinic(50)
    schema = Schema.of(table, ROLES)
    with pytest.raises(UnusableTable) as caught:
        SequentialTrees.fit(table.assign(age="old"), schema, np.random.default_rng(0))
    assert caught.value.code == "not_numbers"


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"format": "medsynth.rows.trees", "version": 99}', "null"])
def test_text_that_is_no_model_is_refused(text):
    with pytest.raises(UnusableTable):
        SequentialTrees.from_json(text)


def test_the_stored_text_is_json_with_counts_and_no_rows(model):
    document = json.loads(model.to_json())
    assert document["format"] == "medsynth.rows.trees"
    for step in document["steps"]:
        for tree in step["values"].values():
            totals = np.add.reduceat(tree["counts"], tree["starts"][:-1])
            assert totals.min() >= 11


def test_a_code_that_many_have_is_not_spread_over_codes_that_nobody_has():
    table = clinic()
    table["source"] = np.random.default_rng(0).choice([1, 2, 7, 17], len(table), p=[0.3, 0.04, 0.6, 0.06])
    table.loc[:3, "source"] = [9, 12, 14, 20]  # single patients
    drawn = learned(table).sample(20_000, None, np.random.default_rng(4))
    assert set(drawn["source"]) == {1, 2, 7, 17}
