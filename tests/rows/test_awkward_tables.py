"""Whatever a hospital's table holds: no crash, no warning, the right shape, the same again from the same generator."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medsynth_engine.rows.adversarial.gan import TabularGan
from medsynth_engine.rows.private.tree import PrivateTree
from medsynth_engine.rows.table import Column, Schema
from medsynth_engine.rows.trees import SequentialTrees
from medsynth_engine.rows.unusable import UnusableTable

WORDS = st.text(min_size=0, max_size=8).filter(lambda text: "\x00" not in text)

SHAPES = ["normal", "constant", "one_level", "all_missing", "unicode", "levels", "huge", "tiny", "integers", "flags"]
SHAPES += ["holes", "infinite", "heaped", "multi"]


@st.composite
def columns(draw, n: int):
    """One awkward column of n values with its kind."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = draw(st.sampled_from(SHAPES))
    if shape == "normal":
        return rng.normal(size=n), "number"
    if shape == "constant":
        return np.full(n, draw(st.floats(-1e6, 1e6))), "number"
    if shape == "one_level":
        return np.full(n, draw(WORDS), dtype=object), "category"
    if shape == "all_missing":
        kind = draw(st.sampled_from(["number", "category", "multi", "boolean"]))
        return (np.full(n, np.nan), kind) if kind == "number" else (np.full(n, None, dtype=object), kind)
    if shape == "unicode":
        words = draw(st.lists(WORDS, min_size=1, max_size=6))
        return np.array([*words, None], dtype=object)[rng.integers(0, len(words) + 1, n)], "category"
    if shape == "levels":
        return np.array([f"level {i}" for i in rng.integers(0, 500, n)], dtype=object), "category"
    if shape in ("huge", "tiny"):
        return rng.normal(size=n) * (1e300 if shape == "huge" else 1e-300), "number"
    if shape == "integers":
        return rng.integers(-(2**40), 2**40, n), "integer"
    if shape == "flags":
        return rng.random(n) < draw(st.floats(0, 1)), "boolean"
    if shape == "holes":
        return np.where(rng.random(n) < draw(st.floats(0, 1)), np.nan, rng.integers(0, 9, n)), "integer"
    if shape == "infinite":
        return np.where(rng.random(n) < 0.2, np.inf, rng.normal(size=n).round(2)), "number"
    if shape == "heaped":
        return np.where(rng.random(n) < 0.7, 0.0, rng.exponential(50, n).round(1)), "number"
    labels = np.array(["a", "b", "c", "|", "", " d ", "e", "f"])
    return np.array(["|".join(rng.choice(labels, rng.integers(0, 5))) for _ in range(n)], dtype=object), "multi"


@st.composite
def tables(draw):
    n = draw(st.integers(11, 160))
    drawn = [draw(columns(n)) for _ in range(draw(st.integers(1, 5)))]
    names = draw(st.lists(WORDS.filter(bool), min_size=len(drawn), max_size=len(drawn), unique=True))
    roles = draw(st.permutations(["sex", "ethnicity", "finding", "condition", "column"]))
    owners = [draw(st.sampled_from(["patient", "record"])) for _ in drawn]
    table = pd.DataFrame({name: values for name, (values, _) in zip(names, drawn, strict=True)})
    schema = Schema(
        tuple(
            Column(name, role, kind, per)
            for name, role, (_, kind), per in zip(names, roles, drawn, owners, strict=False)
        )
    )
    patients = np.arange(n) if draw(st.booleans()) else np.r_[np.arange(11), np.arange(n - 11) % 13]
    if draw(st.booleans()):
        table = table.iloc[[0, 0, *range(n)]]  # duplicates, also in the index
        patients = patients[[0, 0, *range(n)]]
    return table, schema, patients


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(tables(), st.integers(0, 40))
def test_any_table_can_be_learned_and_drawn(case, n):
    table, schema, patients = case
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = SequentialTrees.fit(table, schema, np.random.default_rng(0), patients=patients)
        drawn = model.sample(n, None, np.random.default_rng(1))
        restored = SequentialTrees.from_json(model.to_json())
        again = restored.sample(n, None, np.random.default_rng(1))
    pd.testing.assert_frame_equal(drawn, again)
    assert len(drawn) == n and list(drawn)[-len(table.columns) :] == list(table)
    for name in table:
        if pd.api.types.is_numeric_dtype(table[name]) and schema[name].numeric:
            finite = table[name][np.isfinite(table[name])]
            assert drawn[name].dropna().between(finite.min(), finite.max()).all() if len(finite) else True


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(tables(), st.integers(1, 30))
def test_any_known_value_can_be_asked_for(case, n):
    table, schema, patients = case
    model = SequentialTrees.fit(table, schema, np.random.default_rng(0), patients=patients)
    for name in model.conditions:
        known = table[name].dropna() if name in table else pd.Series(dtype=object)
        if known.empty:
            continue
        value = known.iloc[0]
        if schema[name].numeric and not np.isfinite(value):
            continue
        drawn = model.sample(n, pd.DataFrame({name: [value] * n}), np.random.default_rng(1))
        assert (drawn[name] == value).all()


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(tables(), st.integers(0, 40))
def test_the_gan_learns_any_table_too(case, n):
    table, schema, patients = case
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = TabularGan.fit(table, schema, np.random.default_rng(0), patients=patients, steps=2)
        drawn = model.sample(n, None, np.random.default_rng(1))
        again = TabularGan.from_json(model.to_json()).sample(n, None, np.random.default_rng(1))
    pd.testing.assert_frame_equal(drawn, again)
    assert len(drawn) == n and list(drawn)[-len(table.columns) :] == list(table)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(tables(), st.integers(0, 40))
def test_any_table_can_be_learned_privately_once_it_is_declared(case, n):
    table, schema, patients = case
    words = {}
    for column in schema.columns:
        if column.numeric:
            finite = pd.to_numeric(table[column.name]).to_numpy(dtype=float)
            finite = finite[np.isfinite(finite)]
            low, high = (finite.min(), finite.max()) if len(finite) else (0.0, 1.0)
            words[column.name] = f"{low:.9g}..{high:.9g}" if f"{low:.9g}" != f"{high:.9g}" else "drop"
        elif column.kind != "boolean":
            levels = {part for value in table[column.name].dropna() for part in str(value).split("|") if part.strip()}
            words[column.name] = "|".join(sorted(levels)) or "nothing"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            model = PrivateTree.fit(table, schema, patients=patients, words=words)
        except UnusableTable as error:
            assert error.code in ("nothing_declared", "bad_declaration")
            return
        drawn = model.sample(n, None, np.random.default_rng(1))
        again = PrivateTree.from_json(model.to_json()).sample(n, None, np.random.default_rng(1))
    pd.testing.assert_frame_equal(drawn, again)
    assert len(drawn) == n
