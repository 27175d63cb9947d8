"""Many weak links to the finding are kept, though no tree asks about them; few patients tilt nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from medsynth_engine.rows.learners import Choice, learn
from medsynth_engine.rows.rule import Rule, Test
from medsynth_engine.rows.step import ALL
from medsynth_engine.rows.table import Schema
from medsynth_engine.rows.tilt import Tilt, fitted, groups_of
from medsynth_engine.rows.trees import SequentialTrees

WEAK = [f"weak {number}" for number in range(8)]


def ward(n: int = 1500, seed: int = 0) -> pd.DataFrame:
    """Eight words that hang together strongly, each with the finding a little; a number that falls with it a little."""
    rng = np.random.default_rng(seed)
    sick, hidden = rng.random(n) < 0.3, rng.normal(size=n)
    words = {
        name: np.array(["low", "middle", "high"])[
            np.digitize(hidden + rng.normal(size=n) + 0.35 * sick * (-1) ** place, [-0.7, 0.7])
        ]
        for place, name in enumerate(WEAK)
    }
    dose = np.round(50 + 5 * hidden - 3 * sick + rng.normal(0, 5, n))
    return pd.DataFrame({"finding": np.where(sick, "sepsis", "healthy"), **words, "dose": dose})


@pytest.fixture(scope="module")
def model() -> SequentialTrees:
    table = ward()
    return SequentialTrees.fit(table, Schema.of(table, {"finding": "finding"}), np.random.default_rng(1))


def gap(model: SequentialTrees) -> float:
    """By how much the shares of words given the finding miss the real ones, on average."""
    real, drawn = ward(), model.sample(20_000, None, np.random.default_rng(2))
    tables = [[pd.crosstab(one["finding"], one[name], normalize="index") for name in WEAK] for one in (real, drawn)]
    return float(np.mean([np.abs(a - b).to_numpy().mean() for a, b in zip(*tables, strict=True)]))


def test_many_weak_links_to_the_finding_are_kept(model):
    untilted = replace(model, steps=tuple(replace(step, tilt=None) for step in model.steps))
    assert gap(model) < 0.006
    assert gap(untilted) > 2 * gap(model)
    real, drawn = ward(), model.sample(20_000, None, np.random.default_rng(2))
    difference = [one.groupby("finding")["dose"].mean().diff().iloc[-1] for one in (real, drawn)]
    assert difference[1] == pytest.approx(difference[0], abs=0.5)


def test_what_is_drawn_follows_the_tilted_shares(model):
    number = next(number for number, column in enumerate(model.inner) if column.name == WEAK[3])
    step = model.steps[number]
    predictors = np.repeat(np.zeros((1, number), dtype=np.int64), 20_000, axis=0)
    drawn = step.draw(predictors, None, np.random.default_rng(0))
    shares = step.values[ALL].probabilities(predictors[:1], step.size, step.tilt)[0]
    assert np.abs(np.bincount(drawn, minlength=step.size) / 20_000 - shares).max() < 0.015


def test_a_tilted_model_is_the_same_after_writing_and_reading(model):
    again = SequentialTrees.from_json(model.to_json())
    assert again.to_json() == model.to_json()
    assert any(step.tilt is not None for step in again.steps)
    ours, theirs = (one.sample(500, None, np.random.default_rng(3)) for one in (again, model))
    assert ours.equals(theirs)


def test_rules_bind_tilted_rows(model):
    rule = Rule(
        "r",
        "Where the first is low the fourth is not high.",
        (Test(WEAK[0], ("low",)),),
        Test(WEAK[3], ("low", "middle")),
    )
    drawn = model.under([rule]).sample(5_000, None, np.random.default_rng(4))
    assert rule.broken(ward()).any() and not rule.broken(drawn).any()


def test_fewer_than_eleven_patients_tilt_nothing():
    finding, codes = np.repeat([0, 1], [500, 40]), np.r_[np.tile([0, 1], 250), np.zeros(30, int), np.ones(10, int)]
    shares, leaves = np.array([[0.5, 0.5]]), np.zeros(540, dtype=int)
    own, shared = np.arange(540), np.r_[np.arange(500), np.arange(40) % 10]
    tilt = fitted(0, finding, codes, own, shares, leaves, False)
    assert tilt is not None and tilt.factors[1, 0] > 0.3
    assert tilt.factors[1, 1] == 0, "ten patients"
    silent = fitted(0, finding, codes, shared, shares, leaves, False)
    assert silent is None or not silent.factors[1].any(), "many rows of ten patients"


def test_the_table_of_finding_and_column_becomes_the_real_one():
    rng = np.random.default_rng(0)
    leaves = rng.integers(0, 4, 4000)
    finding = (rng.random(4000) < 0.2 + 0.1 * leaves).astype(int)
    codes = np.minimum(rng.poisson(1 + leaves * 0.3 + 0.6 * finding), 4)
    shares = np.stack([np.bincount(codes[leaves == leaf], minlength=5) / (leaves == leaf).sum() for leaf in range(4)])
    tilt = fitted(0, finding, codes, np.arange(4000), shares, leaves, False)
    assert tilt is not None
    said = tilt.on(shares[leaves], finding)
    for value in (0, 1):
        real = np.bincount(codes[finding == value], minlength=5)
        assert said[finding == value].sum(axis=0) == pytest.approx(real, abs=1)


def test_numbers_are_tilted_in_groups_of_neighbours():
    groups = groups_of(np.repeat(np.arange(100), 30), 101, ordered=True)
    assert (np.diff(groups) >= 0).all() and 15 <= groups.max() + 1 <= 25
    assert groups_of(np.repeat(np.arange(20), 10), 21, ordered=True).max() + 1 == 4, "fewer of few rows"
    assert groups_of(np.array([0, 0, 1]), 3, ordered=False).tolist() == [0, 1, 2]
    assert isinstance(Tilt.from_document(Tilt(0, groups, np.zeros((2, int(groups.max()) + 1))).document()), Tilt)


def test_a_finding_under_which_a_column_is_always_missing_is_drawn_untilted():
    rng = np.random.default_rng(0)
    finding = rng.choice(["a", "b", "z"], 600, p=[0.4, 0.4, 0.2])
    x = rng.normal(0, 1, 600)
    size = (30 + 8 * x + rng.normal(0, 3, 600) + 1.5 * (finding == "b")).round(1)
    never = finding == "z"
    table = pd.DataFrame({"finding": finding, "x": np.where(never, np.nan, x), "size": np.where(never, np.nan, size)})
    columns = [
        {"name": "finding", "role": "finding", "kind": "category"},
        {"name": "x", "role": "column", "kind": "number"},
        {"name": "size", "role": "column", "kind": "number"},
    ]
    schema = Schema.from_document({"columns": columns})
    model = learn(Choice("trees"), table, schema, np.random.default_rng(1), ("finding",), np.arange(600))
    assert any(step.tilt is not None for step in model.steps)
    drawn = model.sample(500, None, np.random.default_rng(2))
    assert (drawn["finding"] == "z").any() and drawn.loc[drawn["finding"] == "z", "size"].isna().mean() > 0.9
    tilt = Tilt(0, np.arange(2), np.log([[2.0, 1.0]]))
    assert tilt.on(np.full((2, 2), 0.5), tilt.values(np.array([[0], [7]])))[1].tolist() == [0.5, 0.5]
