"""The evaluation takes whatever a hospital's table is like, and its document is plain JSON."""

import json
from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd
import pytest
from evidence_tables import SCHEMA, folds
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medsynth_engine.evidence.document import document
from medsynth_engine.evidence.evaluate import evaluate
from medsynth_engine.evidence.identifying import identifying
from medsynth_engine.evidence.inputs import Inputs
from medsynth_engine.evidence.resampling import auc, auc_interval, effective, exact_binomial, rate
from medsynth_engine.kernel.errors import Interrupted
from medsynth_engine.kernel.evidence import Evidence


def judged(of: Inputs) -> dict[str, Any]:
    found = document(of, lambda *_: None, lambda: True)
    json.dumps(found, allow_nan=False)
    for value in found["evidence"]:
        assert value["reads_as"]
        assert value["direction"] in ("higher", "lower", "one", "zero")
        if value["value"] is not None and value["low"] is not None:
            assert value["low"] <= value["high"]
    return found


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    return judged(Inputs(*folds(400, 200, 300), SCHEMA, seed=4))


def test_the_document_has_what_the_command_line_promises(whole: dict[str, Any]) -> None:
    assert {"evidence", "gauge", "bias", "heatmap", "identifying", "sizes", "stamp"} <= set(whole)
    assert set(whole["gauge"]) == {"data", "generator", "insider"}
    assert {"reading", "band", "driver"} <= set(whole["gauge"]["data"])
    fields = ["adversary", "control", "direction", "high", "low", "method", "n", "name", "reads_as", "value"]
    assert sorted(whole["evidence"][0]) == fields
    names = [value["name"] for value in whole["evidence"]]
    assert len(names) == len(set(names))
    for name in ("fidelity.rows.pairwise", "privacy.rows.close_match", "utility.tstr_auc", "bias.tvd.sex"):
        assert name in names
    assert not any("image" in name for name in names)
    families = [name.split(".")[0] for name in names]
    assert families == sorted(families, key=["fidelity", "privacy", "bias", "utility"].index)
    assert all(value["adversary"] for value in whole["evidence"] if value["name"].startswith("privacy."))


def test_a_sentence_is_read_whole_in_the_three_lines_that_the_studio_has_at_80_columns(whole: dict[str, Any]) -> None:
    long = {value["name"]: len(wrap(value["reads_as"], 76)) for value in whole["evidence"]}
    assert {name for name, lines in long.items() if lines > 3} == set()


def test_the_same_inputs_give_the_same_document(whole: dict[str, Any]) -> None:
    assert judged(Inputs(*folds(400, 200, 300), SCHEMA, seed=4)) == whole


def test_progress_and_cancel() -> None:
    seen: list[tuple[int, int | None]] = []
    inputs = Inputs(*folds(60, 40, 50), SCHEMA)
    evaluate(inputs, lambda done, total, say: seen.append((done, total)))
    assert seen[0][0] == 0
    assert seen[-1][0] == seen[-1][1]
    with pytest.raises(Interrupted):
        evaluate(inputs, wanted=lambda: False)


def test_a_table_without_demographics_or_findings() -> None:
    training, holdout, synthetic = (table[["pressure", "ward"]] for table in folds(100, 60, 80))
    schema = {"columns": [column for column in SCHEMA["columns"] if column["name"] in ("pressure", "ward")]}
    found = judged(Inputs(training, holdout, synthetic, schema))
    assert found["bias"] == []
    assert found["heatmap"] == []


def test_a_schema_that_shares_nothing_with_the_cohort() -> None:
    training, holdout, synthetic = folds(30, 20, 20)
    found = judged(Inputs(training, holdout, synthetic[["patient"]], SCHEMA))
    assert found["gauge"]["data"]["band"] == "grey"


def test_unknown_training_data_leaves_the_gauge_grey() -> None:
    found = judged(Inputs(*folds(300, 150, 100), SCHEMA, unknown_training=True))
    assert {reading["band"] for reading in found["gauge"].values()} == {"grey"}


@pytest.mark.parametrize("sizes", [(0, 0, 0), (1, 1, 1), (2, 2, 2), (12, 0, 5), (40, 12, 0), (3, 30, 30)])
def test_tiny_tables_end_in_not_enough_evidence_and_never_in_an_error(sizes: tuple[int, int, int]) -> None:
    found = judged(Inputs(*folds(*sizes), SCHEMA))
    assert found["gauge"]["data"]["band"] == "grey"


CELLS = {
    "number": st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True), st.just(0.0)),
    "word": st.one_of(st.none(), st.sampled_from(["a", "b", "a|b", "", "=1"]), st.text(max_size=3)),
}


@st.composite
def odd_tables(draw: st.DrawFn) -> pd.DataFrame:
    n = draw(st.integers(0, 30))
    kind = draw(st.sampled_from(["as is", "constant", "empty"]))
    columns = {}
    for column in SCHEMA["columns"]:
        number = column["kind"] in ("number", "integer")
        cell = CELLS["number" if number else "word"]
        values = {"as is": st.lists(cell, min_size=n, max_size=n), "constant": cell.map(lambda one: [one] * n)}
        cells = [None] * n if kind == "empty" else draw(values[kind])
        columns[column["name"]] = pd.Series(cells, dtype=float if number else object)
    columns["patient"] = pd.Series(
        draw(st.lists(st.sampled_from(["p", "q", None]), min_size=n, max_size=n)), dtype=object
    )
    return pd.DataFrame(columns)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(odd_tables(), odd_tables(), odd_tables())
def test_no_table_breaks_it(training: pd.DataFrame, holdout: pd.DataFrame, synthetic: pd.DataFrame) -> None:
    judged(Inputs(training, holdout, synthetic, SCHEMA))


def test_columns_that_must_not_leave_are_named() -> None:
    n = 60
    table = pd.DataFrame(
        {
            "file_name": [f"images/{i}.png" for i in range(n)],
            "note": [f"patient said {i}" for i in range(n)],
            "mail": ["a@b.org"] + ["none"] * (n - 1),
            "number": ["12345678"] + [None] * (n - 1),
            "born": ["1950-01-02"] * n,
            "finding": ["normal"] * n,
            "age": range(n),
        }
    )
    assert identifying(table) == ("note", "mail", "number", "born")


def test_intervals_agree_with_published_ones() -> None:
    found = exact_binomial(10, 20)  # Clopper-Pearson, any table: 0.2720 to 0.7280
    assert (round(found.low, 4), round(found.high, 4)) == (0.2720, 0.7280)
    assert exact_binomial(0, 0).high == 1


def test_auc_counts_pairs_and_ties_half() -> None:
    assert auc(np.array([1.0, 2.0]), np.array([0.0, 1.0])) == pytest.approx(0.875)
    assert np.isnan(auc(np.array([]), np.array([1.0])))


def test_auc_interval_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(300):
        shift = np.repeat(rng.normal(0.5, 1, 40), 5) + rng.normal(0, 1, 200)  # five records a patient
        none = np.repeat(rng.normal(0, 1, 40), 5) + rng.normal(0, 1, 200)
        found = auc_interval(shift, none, np.repeat(np.arange(40), 5), np.repeat(np.arange(40), 5))
        covered += found.low <= 0.5987 <= found.high  # Phi(0.5 / 2)
    assert 0.91 <= covered / 300 <= 0.985


def test_trials_of_one_patient_count_less() -> None:
    rng = np.random.default_rng(0)
    owners = np.repeat(np.arange(50), 10)
    together = np.repeat(rng.random(50) < 0.3, 10)
    assert effective(together, owners) == pytest.approx(50, rel=0.2)
    assert effective(rng.random(500) < 0.3, owners) > 250
    assert effective(np.zeros(500), owners) == 50, "nothing seen: each patient counts once"
    assert rate(np.zeros(0), np.zeros(0)).high == 1


def test_a_value_is_plain() -> None:
    found = evaluate(Inputs(*folds(60, 40, 50), SCHEMA))
    assert all(isinstance(value, Evidence) for value in found)
