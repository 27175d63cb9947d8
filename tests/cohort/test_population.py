"""A request becomes whole numbers of records in cells, and small cells are refused or broadened."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medsynth_engine.cohort.population import largest_remainder, plan
from medsynth_engine.cohort.target import rake, read
from medsynth_engine.kernel.errors import BadInput

FILE = """
name = "Catchment 2024"
source = "a census"
year = 2024
licence = "CC BY 4.0"
[axis.sex]
values = { F = 0.51, M = 0.49 }
[axis.age]
kind = "binned"
edges = [18, 40, 65, 80]
p = [0.4, 0.4, 0.2]
"""


def test_balance_gives_every_known_value_the_same_number(records):
    made = plan(records, 501, balance=("sex",))
    assert dict(zip(made.cells["sex"], made.cells["n"], strict=True)) == {"F": 251, "M": 250}
    assert len(made.given()) == 501


def test_balance_is_over_the_joint_and_unknown_is_never_asked_for(records):
    made = plan(records, 1000, balance=("sex", "age"))
    assert list(made.attributes) == ["sex", "age_band"]
    assert made.cells["n"].sum() == 1000
    assert set(made.cells["sex"]) == {"F", "M"}
    assert made.cells["n"].max() - made.cells["n"].min() <= 1


def test_without_a_request_the_population_is_the_training_data(records):
    made = plan(records, 77)
    assert made.attributes == () and made.cells["n"].tolist() == [77] and made.source == {"name": "training"}


def test_uniform_balances_the_demographics_there_are(records):
    made = plan(records.drop(columns="ethnicity"), 100, population="uniform")
    assert made.attributes == ("sex", "age_band")


def test_small_cells_are_refused_with_their_counts_hidden(records):
    with pytest.raises(BadInput) as caught:
        plan(records, 100, balance=("ethnicity",))
    assert caught.value.code == "small_cells" and caught.value.exit_code == 4
    assert "ethnicity=Black: <11 images, <11 patients" in caught.value.hint
    assert " 8 " not in caught.value.hint
    assert caught.value.hint.startswith("Draw from wider cells"), "the way out is not what a small window cuts off"


def test_only_the_training_fold_counts(records):
    moved = records.copy()
    moved.loc[moved["sex"] == "F", "fold"] = "holdout"
    with pytest.raises(BadInput) as caught:
        plan(moved, 100, given={"sex": "F"})
    assert caught.value.code == "unknown_value"


def test_a_small_cell_is_broadened_by_the_next_smallest_value_and_said_so(records):
    made = plan(records, 300, balance=("ethnicity",), small_cells="broaden")
    assert made.cells.set_index("ethnicity")["n"].to_dict() == {"Asian": 100, "Black or Asian": 100, "White": 100}
    (merger,) = made.mergers
    assert merger == {
        "cell": {"ethnicity": "Black"},
        "attribute": "ethnicity",
        "value": "Black",
        "merged_with": ["Asian"],
        "n": 100,
    }
    assert made.given()["ethnicity"].tolist().count(("Black", "Asian")) == 100


def test_a_small_age_band_merges_with_its_neighbour(records):
    few = records[(records["age_band"] != "80+") | (np.arange(len(records)) < 150)]
    made = plan(few, 100, balance=("age_band",), small_cells="broaden")
    assert "80+ or 65-79" in set(made.cells["age_band"])


def test_a_dataset_too_small_altogether_is_refused_even_when_broadened(records):
    with pytest.raises(BadInput) as caught:
        plan(records.head(20), 100, balance=("sex",), small_cells="broaden")
    assert caught.value.code == "small_cells"


def test_given_restricts(records):
    made = plan(records, 90, balance=("sex",), given={"finding": "effusion"})
    assert set(made.cells["finding"]) == {"effusion"} and made.cells["n"].tolist() == [45, 45]


def test_a_value_that_is_not_there_is_told_with_those_that_are(records):
    with pytest.raises(BadInput) as caught:
        plan(records, 10, given={"finding": "melanoma"})
    assert caught.value.code == "unknown_value" and "effusion" in caught.value.hint
    with pytest.raises(BadInput) as caught:
        plan(records, 10, given={"ethnicity": "Green"})
    assert "Black" not in caught.value.hint  # eight patients


@pytest.mark.parametrize(("name", "code"), [("shoe_size", "no_such_attribute"), ("pressure", "not_countable")])
def test_what_cannot_be_balanced_is_refused(records, name, code):
    with pytest.raises(BadInput) as caught:
        plan(records, 10, balance=(name,))
    assert caught.value.code == code


def test_a_population_file_is_raked_from_the_training_joint_and_said_to_be_assumed(records, tmp_path):
    file = tmp_path / "catchment.toml"
    file.write_text(FILE)
    made = plan(records, 10_000, population=file)
    cells = made.cells
    assert abs(cells[cells["sex"] == "F"]["n"].sum() - 5100) <= 3
    ages = cells.groupby("age_band")["n"].sum()
    assert abs(ages["18-39"] - 4000) <= 3 and "0-17" not in ages and "80+" not in ages
    assert len(made.assumed) == 1 and "sex and age_band" in made.assumed[0]
    assert made.source == {"name": "Catchment 2024", "source": "a census", "year": "2024", "licence": "CC BY 4.0"}
    training = records[(records["fold"] == "training") & records["sex"].notna()]
    ours = cells.pivot_table(index="sex", columns="age_band", values="n").to_numpy()
    theirs = pd.crosstab(training["sex"], training["age_band"])[["18-39", "40-64", "65-79"]].to_numpy()
    odds = lambda t: t[0, 0] * t[1, 1] / (t[0, 1] * t[1, 0])  # noqa: E731 - raking keeps the odds ratios
    assert odds(ours) == pytest.approx(odds(theirs), rel=0.02)


def test_a_declared_joint_is_taken_as_it_is(records):
    document = {
        "axis": {"sex": {"values": {"F": 0.5, "M": 0.5}}, "ethnicity": {"values": {"White": 0.7, "Asian": 0.3}}},
        "joint": [
            {
                "axes": ["sex", "ethnicity"],
                "cells": [
                    {"k": ["F", "White"], "p": 0.4},
                    {"k": ["F", "Asian"], "p": 0.1},
                    {"k": ["M", "White"], "p": 0.3},
                    {"k": ["M", "Asian"], "p": 0.2},
                ],
            }
        ],
    }
    made = plan(records, 1000, population=document)
    cells = made.cells.set_index(["sex", "ethnicity"])["n"]
    assert cells["F", "White"] == 400 and cells["M", "Asian"] == 200 and made.assumed == ()


def test_words_of_the_file_are_mapped_to_words_of_the_dataset_either_way_round(records):
    for words in ({"female": "F", "male": "M"}, {"F": "female", "M": "male"}):
        document = {"axis": {"sex": {"values": {"female": 0.6, "male": 0.4}, "map": words}}}
        made = plan(records, 100, population=document)
        assert sorted(zip(made.cells["sex"], made.cells["n"], strict=True)) == [("F", 60), ("M", 40)]


def test_a_population_keeps_its_margins_when_restricted(records):
    document = {"axis": {"sex": {"values": {"F": 0.6, "M": 0.4}}}}
    made = plan(records, 100, population=document, given={"finding": "effusion"})
    assert made.cells.set_index("sex")["n"].to_dict() == {"F": 60, "M": 40}
    assert set(made.cells["finding"]) == {"effusion"}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"axis": []},
        {"axis": {"sex": 3}},
        {"axis": {"sex": {"values": {"F": 0.9, "M": 0.9}}}},
        {"axis": {"sex": {"values": {"F": "half", "M": 0.5}}}},
        {"axis": {"sex": {"values": {"F": 0.5, "M": 0.5}, "unknown": "own"}}},
        {"axis": {"age": {"kind": "binned", "edges": [0, 33, 120], "p": [0.5, 0.5]}}},
        {"axis": {"sex": {"values": {"F": 0.5, "M": 0.5}}}, "joint": [{"axes": ["sex", "planet"], "cells": []}]},
    ],
)
def test_a_bad_population_file_gets_a_sentence(records, document):
    with pytest.raises(BadInput) as caught:
        plan(records, 10, population=document)
    assert caught.value.code == "bad_population"


def test_a_file_that_is_no_toml_gets_a_sentence(tmp_path):
    (tmp_path / "x.toml").write_text("[axis")
    with pytest.raises(BadInput):
        read(tmp_path / "x.toml")


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=40), st.integers(1, 100_000))
def test_counts_always_add_up_and_stay_within_one_of_what_was_asked(shares, n):
    asked = np.array(shares) / np.sum(shares)
    counts = largest_remainder(asked, n)
    assert counts.sum() == n and counts.min() >= 0
    assert np.abs(counts - asked * n).max() < 1 + 1e-6


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1))
def test_raking_meets_its_margins(seed):
    rng = np.random.default_rng(seed)
    joint = rng.integers(1, 50, (3, 4))
    rows, columns = rng.dirichlet(np.ones(3) * 3), rng.dirichlet(np.ones(4) * 3)
    places = np.indices(joint.shape)
    raked = rake(joint, [(places[0], rows), (places[1], columns)])
    assert np.allclose(raked.sum(axis=1), rows, atol=1e-6) and np.allclose(raked.sum(axis=0), columns, atol=1e-6)


SEXES = {"sex": {"values": {"F": 0.5, "M": 0.5}}}


@pytest.mark.parametrize(
    "document",
    [
        {"axis": SEXES, "joint": [{"axes": 5, "cells": []}]},
        {"axis": {**SEXES, "e": {"values": {"A": 1}}}, "joint": [{"axes": ["sex", "e"], "cells": [{"k": 5, "p": 1}]}]},
        {"axis": {"age": {"edges": [0, 18, "x"], "p": [0.5, 0.5]}}},
        {"axis": {"age": {"edges": [[0], 18], "p": [1]}}},
        {"axis": {"age": {"edges": [0, 18, 18.5], "p": [0.5, 0.5]}}},
        {"axis": {"age": {"edges": [0, 18, float("nan")], "p": [0.5, 0.5]}}},
    ],
)
def test_what_has_another_shape_than_a_population_gets_a_sentence(document):
    with pytest.raises(BadInput) as caught:
        read(document)
    assert caught.value.code == "bad_population"


def test_ages_without_end_are_called_so():
    (axis,) = read({"axis": {"age": {"edges": [0, 18, float("inf")], "p": [0.5, 0.5]}}}).axes
    assert list(axis.shares) == ["0-17", "18+"] and axis.words["18+"][-1] == "80+"
