"""Rows under differential privacy: what is promised, what must be declared, and that asking is exact."""

from __future__ import annotations

from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from row_clinic import DECLARED, ROLES, clinic

from medsynth_engine.rows.learners import Choice, learn, read
from medsynth_engine.rows.private.accounting import Budget
from medsynth_engine.rows.private.domain import declared, encode
from medsynth_engine.rows.private.marginals import grouped, onto_simplex
from medsynth_engine.rows.private.tree import PrivateTree, _Counted
from medsynth_engine.rows.table import Schema
from medsynth_engine.rows.unusable import UnusableTable


def learned(table: pd.DataFrame, epsilon: float = 10.0, **more) -> PrivateTree:
    more = {"words": DECLARED, "below": Random(0).randrange, **more}
    return PrivateTree.fit(table, Schema.of(table, ROLES), epsilon=epsilon, **more)


@pytest.fixture(scope="module")
def model() -> PrivateTree:
    return learned(clinic())


def test_what_nobody_declared_is_refused_by_name():
    with pytest.raises(UnusableTable) as caught:
        learned(clinic(), words={"finding": "effusion|healthy"})
    assert caught.value.code == "undeclared"
    assert "ethnicity" in caught.value.message and "pressure" in caught.value.message
    assert "age" not in caught.value.message and "sex" not in caught.value.message


@pytest.mark.parametrize(
    "word",
    [
        "",
        "10",
        "5..1",
        "a..b",
        "0..1/0",
        "0..nan",
        "1..2/9",
        "0..1e308/1e-300",
        "-1e308..1e308/1",
        "0..1e-300",
        "0..1e30/1",
        "5e-324..1e-323",
    ],
)
def test_bounds_that_are_none_are_refused(word):
    with pytest.raises(UnusableTable) as caught:
        learned(clinic(), words={**DECLARED, "pressure": word})
    assert caught.value.code in ("bad_declaration", "undeclared")


def test_values_of_the_schema_count_only_where_a_person_says_that_they_are_public():
    table = clinic()
    document = Schema.of(table, ROLES).document()
    for column in document["columns"]:
        if column["name"] == "ethnicity":
            column["values"] = ["White", "Asian", "Black"]
    schema = Schema.from_document(document)
    with pytest.raises(UnusableTable):
        PrivateTree.fit(table, schema, words={**DECLARED, "ethnicity": ""})
    model = PrivateTree.fit(table, schema, words={**DECLARED, "ethnicity": "schema"})
    assert set(model.values("ethnicity")) == {"White", "Asian", "Black"}


def test_a_column_can_be_left_out():
    drawn = learned(clinic(), words={**DECLARED, "pressure": "drop"}).sample(50, None, np.random.default_rng(0))
    assert "pressure" not in drawn and "smoker" in drawn


def test_rows_stay_within_what_was_declared_on_its_grid(model):
    drawn = model.sample(5000, None, np.random.default_rng(0))
    assert drawn["pressure"].dropna().between(60, 260).all() and set(drawn["pressure"].dropna() % 2) == {0}
    assert drawn["age"].dropna().between(0, 90).all()
    assert set(drawn["ethnicity"].dropna()) <= {"White", "Asian", "Black"}


def test_the_types_of_drawn_columns_do_not_tell_whether_anybodys_value_is_missing():
    table = clinic(300).assign(score=np.arange(300) % 11)
    schema, words = Schema.of(table, ROLES), {**DECLARED, "score": "0..10"}
    less = table.assign(score=table["score"].where(table.index != 3), smoker=table["smoker"].where(table.index != 4))
    models = [PrivateTree.fit(one, schema, words=words) for one in (table, less)]
    assert models[0].outer == models[1].outer
    drawn = models[1].sample(500, None, np.random.default_rng(0))
    assert drawn.dtypes.astype(str).to_dict() == dict(models[0].outer) | {"patient": "int64"}


def test_dependencies_survive_at_a_generous_epsilon(model):
    real, drawn = clinic(), model.sample(20_000, None, np.random.default_rng(1))
    assert abs(drawn["age"].mean() - real["age"].mean()) < 2
    assert abs((drawn["sex"] == "M").mean() - (real["sex"] == "M").mean()) < 0.03
    assert drawn[["age", "pressure"]].corr().iloc[0, 1] > 0.5
    by_sex = drawn.groupby("sex")["finding"].apply(lambda found: (found == "effusion").mean())
    assert by_sex["M"] - by_sex["F"] > 0.15


def test_what_is_asked_for_is_drawn_exactly_whichever_columns_they_are(model):
    asked = pd.DataFrame({"finding": ["effusion"] * 400, "age_band": ["0-17", "80+"] * 200, "sex": ["F"] * 400})
    drawn = model.sample(400, asked, np.random.default_rng(2))
    assert set(drawn["finding"]) == {"effusion"} and set(drawn["sex"]) == {"F"}
    assert drawn["age"][::2].between(0, 17).all() and (drawn["age"][1::2] >= 80).all()


def test_conditioning_gives_what_selecting_from_many_rows_gives(model):
    many = model.sample(60_000, None, np.random.default_rng(3))
    chosen = many[(many["finding"] == "effusion") & (many["sex"] == "M")]
    asked = pd.DataFrame({"finding": ["effusion"] * 8000, "sex": ["M"] * 8000})
    drawn = model.sample(8000, asked, np.random.default_rng(4))
    assert abs(drawn["age"].mean() - chosen["age"].mean()) < 1
    assert abs(drawn["pressure"].mean() - chosen["pressure"].mean()) < 1.5
    assert abs(drawn["smoker"].mean() - chosen["smoker"].mean()) < 0.03


def test_the_text_restores_the_model_and_says_what_it_cost(model):
    restored = read(model.to_json())
    assert restored.digest == model.digest and restored.spending == model.spending
    pd.testing.assert_frame_equal(
        restored.sample(100, None, np.random.default_rng(5)), model.sample(100, None, np.random.default_rng(5))
    )
    assert "epsilon 10" in model.spending.sentence() and model.spending.rows_per_patient == 1
    parts = model.spending.single + model.spending.chosen + model.spending.pairs
    assert parts == pytest.approx(model.spending.rho)


def test_the_noise_comes_from_the_system_and_not_from_a_seed():
    table, choice = clinic(), Choice("dp", declared=DECLARED)
    schema = Schema.of(table, ROLES)
    one, other = (learn(choice, table, schema, np.random.default_rng(0)) for _ in range(2))
    assert one.digest != other.digest


def test_a_patients_further_rows_change_nothing():
    table = clinic(300)
    more = pd.concat([table, table.iloc[[7] * 50].assign(pressure=240.0)], ignore_index=True)
    patients = np.r_[np.arange(300), np.full(50, 7)]
    first = learned(table, below=Random(3).randrange)
    second = learned(more, below=Random(3).randrange, patients=patients)
    assert first._learned() == second._learned()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.integers(0, 10**6), st.integers(1, 3))
def test_one_patient_moves_counts_and_scores_by_no_more_than_is_assumed(seed, rows):
    """Every score of a pair moves by at most `rows`, every table of counts by at most `rows` in the Euclidean norm."""
    rng = np.random.default_rng(seed)
    table = clinic(60, seed)
    extra = clinic(rows, seed + 1)
    inner, _ = declared(Schema.of(table, ROLES), DECLARED)
    nodes = [column for column in inner if column.name != "age_band"]
    with_and_without = []
    for one in (table, pd.concat([table, extra], ignore_index=True)):
        counted = _Counted(nodes, {c.name: encode(one[c.source], c) for c in nodes}, rows, rng.integers)
        with_and_without.append(counted)
    groups, margins = [], []
    for node, codes in zip(nodes, with_and_without[0].codes, strict=True):
        noise = rng.normal(0, 3, node.coding.size)
        counts = np.bincount(codes, minlength=node.coding.size) + noise
        group = grouped(counts, 60.0, node.coding, 1.0, 1.0)
        groups.append(group)
        margins.append(np.bincount(group, onto_simplex(counts, 1.0)))
    for a in range(len(nodes)):
        for b in range(a + 1, len(nodes)):
            here, there = (one._pair(a, b, groups).astype(float) for one in with_and_without)
            assert np.linalg.norm(here - there) <= rows
            expected = 60 * np.outer(margins[a], margins[b])
            assert abs(int(np.abs(here - expected).sum()) - int(np.abs(there - expected).sum())) <= rows


def test_a_leaky_canary_is_seen_without_noise_and_not_with_it():
    """A patient alone in a declared value: whether the model knows the value tells whether the patient took part."""
    table = clinic(200)[["sex", "finding"]]
    canary = pd.concat([table, table.iloc[[0]].assign(finding="canary")], ignore_index=True)
    words = {"finding": "effusion|healthy|canary"}

    def shares(epsilon: float, times: int) -> tuple[np.ndarray, np.ndarray]:
        found = []
        for data in (table, canary):
            models = [learned(data, epsilon, words=words, below=Random(7 + i).randrange) for i in range(times)]
            found.append(np.array([_of(model, "finding", "canary") for model in models]))
        return found[0], found[1]

    absent, present = shares(100.0, 12)
    assert (present[:, None] > absent[None, :]).mean() > 0.9
    absent, present = shares(0.5, 60)
    won = (present[:, None] > absent[None, :]).mean() + 0.5 * (present[:, None] == absent[None, :]).mean()
    assert won < np.exp(0.5) / (1 + np.exp(0.5)) + 0.1  # what epsilon 0.5 allows, and chance


def _of(model: PrivateTree, column: str, value: str) -> float:
    place = next(i for i, inner in enumerate(model.inner) if inner.name == column)
    node = model.network.columns.index(place)
    return float(model.network.shares[node][model.inner[place].coding.code(value)])


def test_noise_on_empty_cells_goes_and_the_total_stays():
    noise = np.random.default_rng(0).normal(0, 5, 500)
    values = noise + np.r_[np.full(5, 200.0), np.zeros(495)]
    projected = onto_simplex(values, 1000.0)
    assert projected.sum() == pytest.approx(1000) and projected.min() == 0
    assert projected[:5].sum() > 900  # cutting at zero would leave 500 * 5 * 0.4 = 1,000 beside the true 1,000


def test_a_tighter_budget_is_noisier():
    budgets = [Budget.of(epsilon, 1e-6) for epsilon in (0.5, 1, 5)]
    variances = [budget.variance(budget.pairs, 5, 1) for budget in budgets]
    assert variances == sorted(variances, reverse=True)


@pytest.mark.parametrize("epsilon", [0, -1, 1e6, float("nan")])
def test_an_epsilon_that_is_none_is_refused(epsilon):
    with pytest.raises(UnusableTable) as caught:
        learned(clinic(50), epsilon)
    assert caught.value.code == "bad_epsilon"
