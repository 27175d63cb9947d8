"""What synthetic records are good for: to whom, with how many, and beside real ones; fairlearn is the oracle."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from evidence_tables import SCHEMA, folds
from sklearn.metrics import roc_auc_score

from medsynth_engine.evidence.learners import SYNTHETIC, TRAINING, scores
from medsynth_engine.evidence.tables import columns
from medsynth_engine.evidence.tasks import Task, row_task
from medsynth_engine.evidence.utility import learning_curve, usefulness
from medsynth_engine.evidence.utility_groups import both_ways, flagged
from medsynth_engine.kernel.evidence import Evidence


def task(training: pd.DataFrame, holdout: pd.DataFrame, synthetic: pd.DataFrame) -> Task:
    return row_task(training, holdout, synthetic, columns(SCHEMA, training, holdout, synthetic))


def useful(of: Task) -> dict[str, Evidence]:
    found = usefulness(of, np.random.default_rng(0), "utility.")
    return {value.name.removeprefix("utility."): value for value in found}


@pytest.fixture(scope="module")
def clean() -> Task:
    return task(*folds(1200, 600, 1200))


@pytest.fixture(scope="module")
def found(clean: Task) -> dict[str, Evidence]:
    return useful(clean)


def test_as_good_as_real_is_as_useful_as_real_to_everybody(found: dict[str, Evidence]) -> None:
    assert found["tstr_auc"].value == pytest.approx(found["trtr_auc"].value, abs=0.05)
    assert found["tsrtr_auc"].value > found["tstr_auc"].value - 0.03
    for attribute in ("sex", "age_band", "ethnicity"):
        for gap in ("group_gap", "fnr_gap"):
            value = found[f"{gap}.{attribute}"]
            assert not value.enough or value.low <= 0 <= value.high, value.name
    women = found["group.tstr_auc.sex=F"]
    assert women.low < women.control < women.high


def test_findings_at_random_are_of_no_use_and_of_little_beside_real_ones() -> None:
    training, holdout, synthetic = folds(1200, 600, 1200)
    synthetic["finding"] = np.random.default_rng(0).permutation(synthetic["finding"].to_numpy())
    bad = useful(task(training, holdout, synthetic))
    assert bad["tstr_auc"].high < bad["trtr_auc"].low
    assert bad["tstr_auc"].value < bad["tsrtr_auc"].value < bad["trtr_auc"].value + 0.03


def test_a_group_whose_findings_were_drawn_away_is_missed_more_often() -> None:
    training, holdout, synthetic = folds(1500, 900, 1500)
    synthetic.loc[synthetic["sex"] == "F", "finding"] = "normal"
    bad = useful(task(training, holdout, synthetic))["fnr_gap.sex"]
    assert bad.low > 0
    assert "missed" in bad.reads_as


def test_auc_in_a_group_agrees_with_scikit_learn(clean: Task, found: dict[str, Evidence]) -> None:
    (label,) = clean.usable()
    rng = np.random.default_rng(0)
    real = rng.permutation(len(clean.training))[: clean.n]
    drawn = rng.permutation(len(clean.synthetic))[: clean.n]
    women = (clean.holdout_table["sex"] == "F").to_numpy()
    for fold, rows, told in ((SYNTHETIC, drawn, "value"), (TRAINING, real, "control")):
        score = scores(clean, [label], (fold, rows))[label]
        expected = roc_auc_score(clean.labels[1][label][women], score[women])
        assert getattr(found["group.tstr_auc.sex=F"], told) == pytest.approx(expected, abs=1e-9)


def test_the_gap_of_missed_findings_agrees_with_fairlearn(clean: Task, found: dict[str, Evidence]) -> None:
    metrics = pytest.importorskip("fairlearn.metrics")
    labels, rng = clean.usable(), np.random.default_rng(0)
    real = TRAINING, rng.permutation(len(clean.training))[: clean.n]
    drawn = SYNTHETIC, rng.permutation(len(clean.synthetic))[: clean.n]
    truth = {label: clean.labels[1][label] for label in labels}
    pair = scores(clean, labels, drawn), scores(clean, labels, real)
    gaps = []
    for side in (0, 1):
        rates = [
            metrics.MetricFrame(
                metrics=metrics.false_negative_rate,
                y_true=one[2],
                y_pred=flagged(one[side], one[2]),
                sensitive_features=clean.holdout_table["sex"],
            ).by_group
            for one in both_ways(clean, truth, pair)
        ]
        mean = sum(rates) / len(rates)
        gaps.append(float(mean.max() - mean.min()))
    assert len(rates) == 2, "of effusion and normal either may be missed"
    assert found["fnr_gap.sex"].value == pytest.approx(gaps[0] - gaps[1], abs=1e-9)


def test_the_learning_curve_rises_and_ends_where_the_records_do() -> None:
    of = task(*folds(400, 600, 1200))
    curve = learning_curve(of, np.random.default_rng(0), "utility.")
    assert [value.name for value in curve] == ["utility.curve.100", "utility.curve.300"]
    assert curve[0].value < curve[1].value + 0.02
    assert all(value.control is not None and value.low < value.value for value in curve)


def test_small_groups_of_the_unseen_are_not_judged() -> None:
    training, holdout, synthetic = folds(600, 300, 600)
    holdout["ethnicity"] = np.where(np.arange(300) < 8, "Asian", "White")
    found = useful(task(training, holdout, synthetic))
    assert "group.tstr_auc.ethnicity=Asian" not in found
    assert not found["group_gap.ethnicity"].enough and not found["fnr_gap.ethnicity"].enough


@pytest.mark.parametrize("n", [0, 1, 2, 12])
def test_too_few_records_are_not_enough_evidence(n: int) -> None:
    of = task(*folds(n, n, n))
    assert {name: value.enough for name, value in useful(of).items()} == {
        "tstr_auc": False,
        "trtr_auc": False,
        "tsrtr_auc": False,
    }
    assert learning_curve(of, np.random.default_rng(0), "utility.") == []


def test_no_small_group_follows_from_the_sizes_of_the_others() -> None:
    training, holdout, synthetic = folds(600, 300, 600)
    holdout["ethnicity"] = np.repeat(["White", "Asian", "Black"], [200, 95, 5])
    told = useful(task(training, holdout, synthetic))
    assert told["group.tstr_auc.ethnicity=White"].n == 200
    hidden = told["group.tstr_auc.ethnicity=Asian"]
    assert hidden.n == 0 and hidden.value is not None and "not told" in hidden.reads_as
    assert "group.tstr_auc.ethnicity=Black" not in told
