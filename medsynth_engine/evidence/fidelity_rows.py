"""Are the synthetic rows like real ones? Pairs of columns, and whether a classifier can tell the two apart."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from medsynth_engine.evidence.boosting import boosted
from medsynth_engine.evidence.embedding import design
from medsynth_engine.evidence.intervals import Z95
from medsynth_engine.evidence.resampling import auc, auc_interval, spread
from medsynth_engine.evidence.tables import Column, numbers, patients, words
from medsynth_engine.kernel.evidence import Evidence, not_enough

BINS = 10
MOST_LEVELS = 50
MOST_PAIRS = 200
FEWEST = 20
FOLDS = 4


def pairwise(
    training: pd.DataFrame,
    holdout: pd.DataFrame,
    synthetic: pd.DataFrame,
    columns: tuple[Column, ...],
    rng: np.random.Generator,
    name: str = "fidelity.rows.pairwise",
) -> Evidence:
    """Mean over pairs of columns of 1 - total variation distance between synthetic and held-out rows, at equal n."""
    method = (
        "Numbers in tenths of the training data, missing as a value; 1 - TVD over pairs (mostly.ai, 2-way accuracy)."
    )
    n = min(len(training), len(holdout), len(synthetic))
    if n < FEWEST or len(columns) < 2:
        return not_enough(name, n, "higher", f"fewer than {FEWEST} rows in one table, or than two columns.", method)
    levels = [_Levels(training[column.name], column) for column in columns]
    coded = [
        np.column_stack([place(table[column.name]) for place, column in zip(levels, columns, strict=True)])
        for table in (training, holdout, synthetic)
    ]
    sizes = [place.count for place in levels]
    pairs = list(combinations(range(len(columns)), 2))
    if len(pairs) > MOST_PAIRS:
        pairs = [pairs[i] for i in sorted(rng.choice(len(pairs), MOST_PAIRS, replace=False))]

    def alike(rows: np.ndarray, held: np.ndarray) -> float:
        return float(np.mean([_overlap(rows, held, i, j, sizes) for i, j in pairs]))

    real, held, drawn = coded
    held_n = held[rng.permutation(len(held))[:n]]
    value = alike(drawn[rng.permutation(len(drawn))[:n]], held_n)
    control = alike(real[rng.permutation(len(real))[:n]], held_n)
    deviation = spread(lambda a, b: alike(drawn[a[:n]], held[b[:n]]), (patients(synthetic), patients(holdout)), rng, 40)
    bounds = (
        (max(0.0, value - Z95 * deviation), min(1.0, value + Z95 * deviation))
        if np.isfinite(deviation)
        else (None, None)
    )
    return Evidence(
        name,
        value,
        bounds[0],
        bounds[1],
        control,
        n,
        "higher",
        "",
        f"Any two columns of the synthetic rows agree with unseen real rows to {value:.1%}; two real samples of this "
        f"size agree to {control:.1%}, which is the ceiling.",
        method,
    )


class _Levels:
    """Turns a column into whole numbers 0 to count - 1, with places for "missing" and for "not seen in training"."""

    def __init__(self, series: pd.Series, column: Column) -> None:
        self.number = column.kind == "number"
        if self.number:
            known = numbers(series)
            known = known[np.isfinite(known)]
            self.edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if len(known) else np.empty(0)
            self.count = len(self.edges) + 2
        else:
            common = pd.Series([word for word in words(series) if word is not None], dtype=object).value_counts().index
            self.known = {word: place for place, word in enumerate(common[:MOST_LEVELS])}
            self.count = len(self.known) + 2

    def __call__(self, series: pd.Series) -> np.ndarray:
        if self.number:
            values = numbers(series)
            place = np.searchsorted(self.edges, np.where(np.isfinite(values), values, 0), side="right")
            return np.where(np.isfinite(values), place, self.count - 1)
        other, missing = self.count - 2, self.count - 1
        return np.array([missing if word is None else self.known.get(word, other) for word in words(series)], dtype=int)


def _overlap(a: np.ndarray, b: np.ndarray, i: int, j: int, sizes: list[int]) -> float:
    cells = sizes[i] * sizes[j]
    first = np.bincount(a[:, i] * sizes[j] + a[:, j], minlength=cells) / max(1, len(a))
    second = np.bincount(b[:, i] * sizes[j] + b[:, j], minlength=cells) / max(1, len(b))
    return 1 - float(np.abs(first - second).sum()) / 2


def detection(
    training: pd.DataFrame,
    holdout: pd.DataFrame,
    synthetic: pd.DataFrame,
    columns: tuple[Column, ...],
    rng: np.random.Generator,
) -> Evidence:
    """Can gradient boosting tell synthetic rows from held-out ones? AUC over folds by patient; control: training."""
    name = "fidelity.rows.detection_auc"
    method = "Histogram gradient boosting, four folds by patient, equal n; interval by patient (Obuchowski 1997)."
    n = min(len(holdout), len(synthetic))
    if n < FEWEST or not columns:
        return not_enough(name, n, "lower", f"fewer than {FEWEST} rows in one of the tables.", method)
    owners = patients(holdout)
    held = rng.permutation(len(holdout))[:n]
    drawn = rng.permutation(len(synthetic))[:n]
    real = design(holdout.iloc[held], columns, training)
    made = patients(synthetic)[drawn]
    scores = _told_apart(design(synthetic.iloc[drawn], columns, training), real, made, owners[held], rng)
    found = auc_interval(scores[0], scores[1], made, owners[held])
    control = None
    if len(training) >= FEWEST:
        m = min(n, len(training))
        again = rng.permutation(len(training))[:m]
        theirs = patients(training)[again]
        other = _told_apart(design(training.iloc[again], columns, training), real[:m], theirs, owners[held][:m], rng)
        control = auc(other[0], other[1])
    between = "" if control is None else f", and between two real samples it is {control:.0%}"
    return Evidence(
        name,
        found.value,
        found.low,
        found.high,
        control,
        2 * n,
        "lower",
        "",
        f"Shown one synthetic and one real row, a classifier picks the synthetic one {found.value:.0%} of the time; "
        f"50 % is guessing{between}.",
        method,
    )


def _told_apart(
    positive: np.ndarray,
    negative: np.ndarray,
    positive_owners: np.ndarray,
    negative_owners: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Out-of-fold scores of both sides; records of one patient are in one fold."""
    rows = np.concatenate([positive, negative])
    labels = np.concatenate([np.ones(len(positive)), np.zeros(len(negative))])
    place = np.concatenate([_fold(positive_owners, rng), _fold(negative_owners, rng)])
    scores = np.full(len(rows), 0.5)
    for fold in range(FOLDS):
        out = place == fold
        if not out.any() or len(np.unique(labels[~out])) < 2:
            continue
        scores[out] = boosted(rows[~out], labels[~out], rows[out], int(rng.integers(2**31)))[1][:, 1]
    return scores[: len(positive)], scores[len(positive) :]


def _fold(owners: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    _, place = np.unique(owners, return_inverse=True)
    folds: np.ndarray = (rng.permutation(int(place.max()) + 1) % FOLDS)[place]
    return folds
