"""The one classifier of tables: small, fixed, and on one core, so that several evaluations do not fight for threads."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits


def boosted(rows: np.ndarray, labels: np.ndarray, asked: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Train on `rows` (n, d; NaN is missing) and `labels` of two classes or more; classes and chances of `asked`.

    Histogram gradient boosting, 40 trees of depth 4. Returns the sorted classes (k,) and float (m, k).
    """
    known = np.isfinite(rows).any(axis=0)
    if not known.any():
        known, rows, asked = np.ones(1, bool), np.zeros((len(rows), 1)), np.zeros((len(asked), 1))
    rows, asked = rows[:, known], asked[:, known]  # a column without one value cannot be binned
    model = HistGradientBoostingClassifier(max_iter=40, max_depth=4, early_stopping=False, random_state=seed)
    with threadpool_limits(limits=1, user_api="openmp"):
        chances = model.fit(rows, labels).predict_proba(asked)
    return model.classes_, np.asarray(chances)
