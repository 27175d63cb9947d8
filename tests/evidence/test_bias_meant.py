"""What a cohort was meant to be is what was asked for, broadened or not; bias is judged against that."""

import numpy as np
import pandas as pd
import pytest
from evidence_tables import people

from medsynth_engine.cohort.meant import meant
from medsynth_engine.cohort.population import plan
from medsynth_engine.evidence.bias import bias
from medsynth_engine.evidence.representation import Reference


@pytest.fixture(scope="module")
def records() -> pd.DataFrame:
    """Five Asian and seven Black patients among 600: too few to draw from."""
    table = people(600, np.random.default_rng(0))
    table["ethnicity"] = np.repeat(["Asian", "Black", "White"], [5, 7, 588])
    return table.assign(fold="training", record=table["patient"], file=None)


def test_a_broadened_cell_counts_for_what_was_asked(records: pd.DataFrame) -> None:
    document = plan(records, 300, balance=("ethnicity",), small_cells="broaden").document()
    assert document["mergers"], "else this test shows nothing"
    assert meant(document)["ethnicity"] == pytest.approx({"Asian": 1 / 3, "Black": 1 / 3, "White": 1 / 3})


def test_crossed_cells_keep_their_margins(records: pd.DataFrame) -> None:
    document = plan(records, 600, balance=("ethnicity", "sex"), small_cells="broaden").document()
    found = meant(document)
    assert found["ethnicity"] == pytest.approx({"Asian": 1 / 3, "Black": 1 / 3, "White": 1 / 3})
    assert found["sex"] == pytest.approx({"F": 0.5, "M": 0.5})


def test_whoever_asked_for_a_group_is_told_how_much_of_it_came(records: pd.DataFrame) -> None:
    document = plan(records, 300, balance=("ethnicity",), small_cells="broaden").document()
    cohort = people(300, np.random.default_rng(1), "S").assign(
        ethnicity=np.repeat(["Asian", "Black", "White"], [20, 30, 250])
    )
    found = bias(records, records, cohort, Reference(meant(document), "uniform"), np.random.default_rng(0))
    ratio = next(value for value in found if value.name == "bias.representation.ethnicity=Asian")
    assert ratio.value == pytest.approx(0.2) and ratio.high < 0.5
    assert ratio.control is None, "the five real ones stay hidden"


def test_what_was_not_broadened_is_as_before(records: pd.DataFrame) -> None:
    assert meant(plan(records, 100, balance=("sex",)).document()) == {"sex": {"F": 0.5, "M": 0.5}}
    assert meant(plan(records, 100).document()) == {}
    assert meant({}) == {}


def test_a_value_that_stands_for_several_is_no_group_of_its_own(records: pd.DataFrame) -> None:
    document = {
        "cells": [{"ethnicity": "Asian or Black", "n": 30}, {"ethnicity": "White", "n": 70}],
        "composition": {"ethnicity": {"Asian": 12, "Black": 18, "White": 70}},
    }
    assert meant(document) == {}
