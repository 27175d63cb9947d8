"""An order for what has none: the codes of a nominal predictor, and the levels of an outcome of many."""

from __future__ import annotations

import numpy as np

AXES = 4
"""Principal axes of the levels of an outcome that are kept."""


def places(asked: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    """Where each row's level lies on the first principal axes of the levels' mean predictors: float (n, <= AXES)."""
    spread = asked.std(axis=0)
    scaled = (asked - asked.mean(axis=0)) / np.where(spread > 0, spread, 1)
    weight = np.maximum(np.bincount(outcome).astype(float), 1)
    means = np.stack([np.bincount(outcome, column) for column in scaled.T.astype(float)], axis=1) / weight[:, None]
    axes = np.linalg.svd(means * np.sqrt(weight)[:, None], full_matrices=False)[2][:AXES]
    return (means @ axes.T)[outcome]


def rank_of(codes: np.ndarray, size: int, outcome: np.ndarray, ordered: bool) -> np.ndarray:
    """An order of a nominal predictor's codes by their outcome.

    By the mean of an ordered outcome; for a nominal one along the first principal axis of the levels' shares
    (Coppersmith, Hong & Hosking 1999, "Partitioning nominal attributes in decision trees").
    """
    weight = np.bincount(codes, minlength=size).astype(float)
    if ordered:
        score = np.bincount(codes, outcome, minlength=size) / np.maximum(weight, 1)
        overall = float(outcome.mean())
    else:
        width = int(outcome.max()) + 1
        table = np.bincount(codes * width + outcome, minlength=size * width).reshape(size, width).astype(float)
        shares, everyone = table / np.maximum(weight, 1)[:, None], table.sum(axis=0) / weight.sum()
        axis = np.linalg.svd((shares - everyone) * np.sqrt(weight)[:, None], full_matrices=False)[2][0]
        axis = axis * np.sign(axis[np.argmax(np.abs(axis))])
        score, overall = shares @ axis, float(everyone @ axis)
    score = np.where(weight > 0, score, overall)
    rank = np.empty(size, dtype=np.int64)
    rank[np.argsort(np.round(score, 12), kind="stable")] = np.arange(size)
    return rank
