"""Rules that are proposed: what everybody knows, and what a table never breaks by more than chance."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from row_clinic import ROLES, clinic

from medsynth_engine.rows.propose import Proposal, propose
from medsynth_engine.rows.rule import Rule, Test
from medsynth_engine.rows.table import Schema
from medsynth_engine.rows.trees import SequentialTrees
from medsynth_engine.work.binding_rules import binding
from medsynth_engine.work.propose_rules import _told

DATA = Path(os.environ.get("MEDSYNTH_TEST_DATA") or Path(__file__).parents[2] / "../shared/data")


def proposed(table: pd.DataFrame, roles: dict[str, str] | None = None):
    return propose(table, Schema.of(table, roles or ROLES), np.arange(len(table)))


def test_what_is_independent_proposes_nothing():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({name: rng.choice(list("abcdef"), 1500) for name in ("one", "two", "three")})
    for name in ("four", "five"):
        table[name] = rng.normal(size=1500).round(2)
    assert proposed(table) == []


def test_known_rules_count_what_they_speak_about_and_what_breaks_them():
    table = clinic(500)
    table.loc[:19, "finding"] = "prostate carcinoma"
    table["sex"] = np.where(np.arange(500) < 3, "F", np.where(np.arange(500) < 20, "M", table["sex"]))
    table.loc[0, "age"] = 240
    found = {one.rule.name: one for one in proposed(table) if one.rule.origin == "known"}
    assert (found["finding: prostate"].rule.rows, found["finding: prostate"].broken) == (20, 3)
    assert found["age: age"].broken == 1


def test_a_number_that_is_never_above_another_is_found():
    rng = np.random.default_rng(0)
    examined = rng.integers(1, 40, 800)
    table = pd.DataFrame({"examined": examined, "positive": (examined * rng.random(800)).astype(int)})
    orders = [one.rule.order for one in proposed(table) if one.rule.order]
    assert orders == [("positive", "examined")]


def test_a_rare_word_or_a_single_patients_value_is_in_no_proposal():
    table = clinic(1500)
    table.loc[:9, "ethnicity"] = "Pitcairn"
    table["weight"] = np.random.default_rng(0).normal(70, 10, 1500).round(1)
    table.loc[table["finding"] == "effusion", "weight"] = 61.37
    words = " ".join(one.rule.sentence for one in proposed(table))
    assert "Pitcairn" not in words and "61.37" not in words


@pytest.mark.parametrize("seed", range(10))
def test_a_bound_is_nobodys_alone_and_one_patient_never_moves_it(seed):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"score": rng.integers(0, 11, 500), "ward": rng.choice(["a", "b"], 500)})
    inside = table.index[table["ward"] == "a"]
    table.loc[inside, "score"] = rng.integers(0, 5, len(inside))
    bounds = []
    for own in (0, 4, 5, 6, 7, 8):
        table.loc[inside[0], "score"] = own
        bounds += [(own, one.rule.then.high) for one in proposed(table, {}) if one.rule.then and one.rule.then.high]
    assert bounds == [(0, 4.0), (4, 4.0)]  # and where one patient breaks it, it is not offered


def test_a_bound_of_fractions_lies_on_a_coarse_grid():
    rng = np.random.default_rng(0)
    ward = rng.choice(["a", "b"], 800)
    table = pd.DataFrame({"ward": ward, "dose": np.where(ward == "a", rng.random(800) * 3.97, rng.random(800) * 9)})
    highs = [one.rule.then.high for one in proposed(table, {}) if one.rule.then and one.rule.then.high]
    assert highs == [4.0]


def test_a_level_that_a_single_patient_has_is_in_no_proposal():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"ward": rng.choice(["a", "b"], 600), "drug": rng.choice(["x", "y", "z"], 600)})
    inside = table["ward"] == "a"
    table.loc[inside, "drug"] = "x"
    assert "Where ward is a, drug is x." in {one.rule.sentence for one in proposed(table, {})}
    table.loc[table.index[inside][0], "drug"] = "y"
    assert not any(one.rule.columns == ("ward", "drug") for one in proposed(table, {}) if "is a," in one.rule.sentence)


@pytest.mark.parametrize(
    ("rows", "broken", "told"),
    [(100, 0, (100, 0)), (100, 40, (100, 40)), (100, 3, (100, None)), (2000, 1995, (2000, None)), (5, 5, (None, None))],
)
def test_counts_of_a_few_rows_are_not_told_nor_what_they_follow_from(rows, broken, told):
    rule = Rule("a", "b", (), Test("c", low=0), rows=rows)
    document = _told(Proposal(rule, broken), "proposed")
    assert (document["rows"], document["broken"]) == told


def test_private_rows_are_bound_by_no_rule_that_was_learned_from_the_table():
    rules = tuple(Rule(origin, "b", (), Test("c", low=0), origin=origin) for origin in ("known", "learned", "own"))
    assert [rule.origin for rule in binding("dp", rules)] == ["known", "own"]
    assert binding("trees", rules) == rules


def test_the_cancer_stages_are_found_and_obeyed():
    path = DATA / "tab_seer_breast" / "Breast_Cancer.csv"
    if not path.exists():
        pytest.skip("tab_seer_breast is not here")
    table = pd.read_csv(path).rename(columns=str.strip)
    found = proposed(table, {"Age": "age", "Race": "ethnicity", "Status": "finding"})
    rules = [one.rule for one in found]
    assert all(one.broken == 0 for one in found)
    sentences = {rule.sentence for rule in rules}
    assert "Where N Stage is N3, 6th Stage is IIIC." in sentences
    assert any(rule.columns == ("T Stage", "Tumor Size") for rule in rules)
    model = SequentialTrees.fit(table, Schema.of(table), np.random.default_rng(0))
    free, ruled = (one.sample(4000, None, np.random.default_rng(1)) for one in (model, model.under(rules)))
    assert sum(int(rule.broken(free).sum()) for rule in rules) > 50
    assert sum(int(rule.broken(ruled).sum()) for rule in rules) == 0
    assert [Rule.from_document(rule.document()) for rule in rules] == rules
