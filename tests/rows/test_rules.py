"""Rules: what they say of real rows, and that no sampled row breaks one, whoever learned it."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from row_clinic import DECLARED, ROLES, clinic

from medsynth_engine.rows.adversarial.gan import TabularGan
from medsynth_engine.rows.choose import choose
from medsynth_engine.rows.private.tree import PrivateTree
from medsynth_engine.rows.rule import Rule, Test
from medsynth_engine.rows.table import Column, Schema
from medsynth_engine.rows.trees import SequentialTrees
from medsynth_engine.rows.unusable import UnusableTable

RULES = (
    Rule("women", "Effusion is found in women only.", (Test("finding", ("effusion",)),), Test("sex", ("F",))),
    Rule("grown", "Only adults smoke.", (Test("smoker", ("True",)),), Test("age", low=18)),
    Rule("old", "The old have a pressure of 140 or more.", (Test("age", low=70),), Test("pressure", low=140)),
    Rule("below", "Age in years is not above the pressure.", order=("age", "pressure")),
    Rule("born", "Nobody is older than 85.", (), Test("age", high=85)),
)


@pytest.fixture(scope="module")
def models():
    table = clinic()
    schema = Schema.of(table, ROLES)
    return {
        "trees": SequentialTrees.fit(table, schema, np.random.default_rng(1)),
        "dp": PrivateTree.fit(table, schema, epsilon=10, words=DECLARED),
        "gan": TabularGan.fit(table, schema, np.random.default_rng(1), steps=30),
    }


@pytest.mark.parametrize("name", ["trees", "dp", "gan"])
def test_no_sampled_row_breaks_a_rule(models, name):
    model = models[name]
    free = model.sample(6000, None, np.random.default_rng(2))
    assert sum(rule.broken(free).sum() for rule in RULES) > 500
    drawn = model.under(RULES).sample(6000, None, np.random.default_rng(2))
    assert [int(rule.broken(drawn).sum()) for rule in RULES] == [0] * len(RULES)
    assert drawn["age"].notna().all()  # the band is drawn first, and is one that an age can lie in


@pytest.mark.parametrize("name", ["trees", "dp", "gan"])
def test_what_is_asked_for_is_kept_to_under_rules(models, name):
    asked = pd.DataFrame({"finding": ["effusion"] * 500, "age_band": ["65-79"] * 500})
    drawn = models[name].under(RULES).sample(500, asked, np.random.default_rng(3))
    assert set(drawn["finding"]) == {"effusion"} and drawn["age"].between(65, 79).all()
    assert set(drawn["sex"].dropna()) == {"F"} and [int(rule.broken(drawn).sum()) for rule in RULES] == [0] * 5


@pytest.mark.parametrize("name", ["trees", "dp", "gan"])
def test_a_request_that_breaks_a_rule_is_refused_with_its_sentence(models, name):
    asked = pd.DataFrame({"finding": ["effusion"], "sex": ["M"]})
    with pytest.raises(UnusableTable) as caught:
        models[name].under(RULES).sample(1, asked, np.random.default_rng(0))
    assert caught.value.code == "against_rule" and "women only" in caught.value.message


@pytest.fixture(scope="module")
def onsets():
    """The year of onset follows from the age and is never above it; the dose is always above any age."""
    rng = np.random.default_rng(0)
    age = rng.integers(1, 90, 3000)
    table = pd.DataFrame({"sex": rng.choice(["F", "M"], 3000), "age": age, "dose": rng.integers(100, 150, 3000)})
    table["onset"] = (age * rng.uniform(0.2, 1, 3000)).astype(int)
    schema, words = Schema.of(table, {"age": "age", "sex": "sex"}), {"onset": "0..90", "dose": "100..150"}
    return {
        "trees": SequentialTrees.fit(table, schema, rng),
        "dp": PrivateTree.fit(table, schema, words=words),
        "gan": TabularGan.fit(table, schema, rng, steps=30),
    }


@pytest.mark.parametrize("name", ["trees", "dp", "gan"])
@pytest.mark.parametrize("band", [(0, 17), (18, 39)])
def test_an_age_that_was_asked_for_is_kept_where_another_number_must_not_be_above_it(onsets, name, band):
    rule = Rule("onset", "Onset is not above age.", order=("onset", "age"))
    asked = pd.DataFrame({"age_band": [f"{band[0]}-{band[1]}"] * 1500})
    drawn = onsets[name].under([rule]).sample(1500, asked, np.random.default_rng(0))
    assert drawn["age"].between(*band).all() and not rule.broken(drawn).any()
    assert drawn["onset"].isna().mean() < 0.02


@pytest.mark.parametrize("name", ["trees", "dp", "gan"])
def test_where_an_order_cannot_be_met_what_was_asked_for_stays_and_the_other_is_missing(onsets, name):
    rule = Rule("dose", "The dose is not above the age.", order=("dose", "age"))
    asked = pd.DataFrame({"age_band": ["65-79"] * 300})
    drawn = onsets[name].under([rule]).sample(300, asked, np.random.default_rng(0))
    assert drawn["age"].between(65, 79).all() and drawn["dose"].isna().all()


@pytest.mark.parametrize("name", ["trees", "dp", "gan"])
def test_a_band_of_which_rules_leave_no_age_is_refused(onsets, name):
    rules = [
        Rule("young", "At most 50.", (), Test("age", high=50)),
        Rule("old", "At least 55.", (), Test("age", low=55)),
    ]
    asked = pd.DataFrame({"age_band": ["40-64"] * 20})
    with pytest.raises(UnusableTable) as caught:
        onsets[name].under(rules).sample(20, asked, np.random.default_rng(0))
    assert caught.value.code == "against_rule"


@pytest.mark.parametrize("name", ["trees", "dp", "gan"])
def test_rules_travel_with_the_model(models, name):
    model = models[name].under(RULES)
    restored = type(model).from_json(model.to_json())
    assert restored.rules == RULES and restored.digest == model.digest
    assert restored.under(()).digest == models[name].digest


def test_rules_change_nothing_but_what_breaks_them(models):
    """The shares within what a rule allows stay as they were: masked, not re-learned."""
    rule = Rule("women", "Effusion in women only.", (Test("finding", ("effusion",)),), Test("sex", ("F",)))
    free = models["trees"].sample(30_000, None, np.random.default_rng(4))
    ruled = models["trees"].under([rule]).sample(30_000, None, np.random.default_rng(5))
    allowed = free[~rule.broken(free)]
    for column in ("sex", "finding", "ethnicity"):
        shares = (frame[column].value_counts(normalize=True) for frame in (allowed, ruled))
        assert (next(shares) - next(shares)).abs().max() < 0.02


def test_a_rare_value_that_no_model_knows_still_breaks_no_rule():
    table = clinic()
    table.loc[:5, "finding"] = "prostatic cyst"
    model = SequentialTrees.fit(table, Schema.of(table, ROLES), np.random.default_rng(0))
    rule = Rule("men", "A prostate is a man's.", (Test("finding", ("prostatic cyst",)),), Test("sex", ("M",)))
    asked = pd.DataFrame({"finding": ["prostatic cyst"] * 400})
    drawn = model.under([rule]).sample(400, asked, np.random.default_rng(0))
    assert set(drawn["finding"]) == {"prostatic cyst"} and set(drawn["sex"].dropna()) == {"M"}


def test_findings_that_are_learned_label_by_label_obey():
    rng = np.random.default_rng(0)
    names = ["prostate", "ovary", "nodule", "effusion", "fracture", "cyst", "device"]
    held = rng.random((1500, 7)) < 0.35
    text = ["|".join(name for name, has in zip(names, row, strict=True) if has) or None for row in held]
    table = pd.DataFrame({"sex": rng.choice(["F", "M"], 1500), "finding": text})
    schema = Schema((Column("sex", "sex"), Column("finding", "finding", "multi")))
    rules = [
        Rule("men", "A prostate is a man's.", (Test("finding", ("prostate",)),), Test("sex", ("M",))),
        Rule("women", "An ovary is a woman's.", (Test("finding", ("ovary",)),), Test("sex", ("F",))),
        Rule("lone", "Men have devices alone.", (Test("sex", ("M",)),), Test("finding", ("device", "nodule", "cyst"))),
    ]
    model = SequentialTrees.fit(table, schema, rng)
    drawn = model.under(rules).sample(5000, None, np.random.default_rng(1))
    assert [int(rule.broken(drawn).sum()) for rule in rules] == [0, 0, 0]
    assert drawn["finding"].str.contains("ovary").sum() > 300


def test_patients_of_many_records_obey():
    rng = np.random.default_rng(0)
    table = clinic(400)
    records = table.loc[np.repeat(np.arange(400), rng.integers(1, 6, 400))]
    patients = records.index.to_numpy()
    records = records.reset_index(drop=True).assign(view=lambda t: rng.choice(["front", "side"], len(t)))
    records["dose"] = rng.normal(120, 30, len(records)).round()
    own = ["age", "sex", "ethnicity", "pressure", "smoker"]
    model = SequentialTrees.fit(records, Schema.of(records, ROLES, own), rng, patients=patients)
    rules = [
        Rule("one", "Smokers are seen from the front.", (Test("smoker", ("True",)),), Test("view", ("front",))),
        Rule("two", "A side view is of a high pressure.", (Test("view", ("side",)),), Test("pressure", low=130)),
        Rule("three", "The dose is not above the pressure.", order=("dose", "pressure")),
    ]
    drawn = model.under(rules).sample(4000, None, np.random.default_rng(1))
    assert [int(rule.broken(drawn).sum()) for rule in rules] == [0, 0, 0]
    assert drawn.groupby("patient")[own].nunique(dropna=False).to_numpy().max() == 1


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.lists(st.sampled_from(range(6)), min_size=1, max_size=5), st.integers(0, 2**31))
def test_any_set_of_rules_is_obeyed_even_where_they_leave_nothing(models, kinds, seed):
    rng = np.random.default_rng(seed)
    rules = [_any_rule(kind, rng, number) for number, kind in enumerate(kinds)]
    try:
        drawn = models["trees"].under(rules).sample(200, None, rng)
    except UnusableTable as error:
        assert error.code == "against_rule"
        return
    assert not any(rule.broken(drawn).any() for rule in rules)


def _any_rule(kind: int, rng: np.random.Generator, number: int) -> Rule:
    name = f"rule {number}"
    age = float(rng.integers(0, 100))
    return [
        Rule(name, "a", (Test("sex", (str(rng.choice(["F", "M"])),)),), Test("finding", ("healthy",))),
        Rule(name, "b", (Test("age", low=age),), Test("pressure", high=float(rng.integers(60, 200)))),
        Rule(name, "c", (), Test("age", low=age)),
        Rule(name, "d", (Test("pressure", high=130.0),), Test("smoker", ("False",))),
        Rule(name, "e", order=("pressure", "age")),
        Rule(name, "f", (Test("ethnicity", ("Asian", "Black")),), Test("age", high=age)),
    ][kind]


def test_rules_cost_no_time_worth_naming(models):
    asked = pd.DataFrame({"finding": ["effusion"] * 20_000})
    began = time.process_time()
    models["trees"].sample(20_000, asked, np.random.default_rng(0))
    free = time.process_time() - began
    began = time.process_time()
    models["trees"].under(RULES).sample(20_000, asked, np.random.default_rng(0))
    assert time.process_time() - began < 4 * free + 1


def test_a_code_is_drawn_by_its_shares_without_the_forbidden_ones():
    shares = np.tile([0.5, 0.3, 0.2, 0.0], (30_000, 1))
    forbidden = np.zeros_like(shares, dtype=bool)
    forbidden[:, 0] = True
    drawn = choose(shares, forbidden, np.random.default_rng(0).random(30_000))
    assert set(drawn) == {1, 2} and abs((drawn == 1).mean() - 0.6) < 0.02
    assert (choose(shares[:1], np.ones((1, 4), dtype=bool), np.array([0.5])) == -1).all()
    assert choose(shares[:1], forbidden[:1], np.array([np.nextafter(1.0, 0)]))[0] == 2  # never one of share 0


def test_broken_rows_of_a_real_table_are_found_and_missing_breaks_nothing():
    table = pd.DataFrame({"sex": ["F", "M", None, "M"], "finding": ["a", "prostate|a", "prostate", None]})
    rule = Rule("x", "x", (Test("finding", ("prostate",)),), Test("sex", ("F",)))
    assert list(rule.broken(table)) == [False, True, False, False]
    assert list(rule.concerns(table)) == [False, True, False, False]
    absent = Rule("y", "y", (), Test("height", low=1))
    assert not absent.broken(table).any()


@pytest.mark.parametrize(
    "document",
    [{}, {"name": "a", "sentence": "b"}, {"name": "a", "sentence": "b", "then": {"column": "c"}}, [], None],
)
def test_what_is_no_rule_is_refused(document):
    with pytest.raises(UnusableTable) as caught:
        Rule.from_document(document)
    assert caught.value.code == "bad_rule"


def test_days_that_a_rule_orders_are_drawn_in_order():
    rng = np.random.default_rng(0)
    start = 15_000 + np.repeat(rng.integers(0, 4000, 400), 3) + rng.integers(0, 30, 1200)
    table = pd.DataFrame(
        {"came_day": start, "left_day": start + rng.integers(0, 8, 1200), "ward": rng.choice(["a", "b"], 1200)}
    )
    model = SequentialTrees.fit(
        table, Schema.of(table), np.random.default_rng(1), patients=np.repeat(np.arange(400), 3)
    )
    rule = Rule("stay", "Nobody leaves before coming.", order=("came_day", "left_day"))
    free, bound = (one.sample(6000, None, np.random.default_rng(2)) for one in (model, model.under([rule])))
    assert rule.broken(free).any()
    assert not rule.broken(bound).any()
    assert bound["left_day"].notna().all(), "drawn in order, not blanked"
    assert (bound.groupby("patient")["came_day"].agg(np.ptp) <= 35).all()
