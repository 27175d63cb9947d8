"""The small fixed classifiers that say what records are good for, and how well they rank unseen real ones.

Logistic regression on scaled radiomics features of images, histogram gradient boosting on rows.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.linear_model import LogisticRegression

from medsynth_engine.evidence.boosting import boosted
from medsynth_engine.evidence.intervals import Z95
from medsynth_engine.evidence.resampling import auc, spread
from medsynth_engine.evidence.tasks import Task

TIMES = 100
CLASSIFIER = {
    "image": "logistic regression on radiomics-lite",
    "rows": "histogram gradient boosting on the other columns",
}
TRAINING, SYNTHETIC = 0, 2
Scores = dict[str, np.ndarray]
"""For each label the score of every held-out record, float (n,)."""
Truth = dict[str, np.ndarray]
"""For each label which held-out records have it, bool (n,)."""
Lesson = tuple[int, np.ndarray]
"""Which fold is learned from (TRAINING or SYNTHETIC), and which of its records."""


def reader() -> LogisticRegression:
    """What learns from features of images."""
    return LogisticRegression(C=0.1, max_iter=200)


def scores(task: Task, labels: list[str], *lessons: Lesson) -> Scores:
    """Scores of the held-out records for each label, of a classifier that learned all lessons together."""
    folds = {TRAINING: task.training, SYNTHETIC: task.synthetic}
    features = np.concatenate([folds[fold][rows] for fold, rows in lessons])
    out = {}
    for label in labels:
        truth = np.concatenate([task.labels[fold][label][rows] for fold, rows in lessons])
        if truth.all() or not truth.any():
            out[label] = np.zeros(len(task.holdout))
        elif task.medium == "image":
            out[label] = reader().fit(features, truth).predict_proba(task.holdout)[:, 1]
        else:
            out[label] = boosted(features, truth, task.holdout)[1][:, 1]
    return out


def mean_auc(found: Scores, truth: Truth, rows: np.ndarray) -> float:
    """Mean over the labels of the AUC among held-out records `rows` (positions); NaN where no label has both sides."""
    values = [auc(found[label][rows][mask[rows]], found[label][rows][~mask[rows]]) for label, mask in truth.items()]
    finite = [value for value in values if np.isfinite(value)]
    return float(np.mean(finite)) if finite else float("nan")


def around(
    value: float,
    statistic: Callable[[np.ndarray], float],
    owners: np.ndarray,
    rng: np.random.Generator,
    times: int = TIMES,
) -> tuple[float | None, float | None]:
    """Bounds of an AUC from the spread of `statistic(positions)` over redrawn patients."""
    deviation = spread(statistic, (owners,), rng, times)
    if not np.isfinite(deviation) or not np.isfinite(value):
        return None, None
    return max(0.0, value - Z95 * deviation), min(1.0, value + Z95 * deviation)
