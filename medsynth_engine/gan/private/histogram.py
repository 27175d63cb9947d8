"""What a generator may be asked for, released with noise: values that enough patients have, and how many those are.

The names of values come from the table, so a name is data. A value is published only where its noisy number of patients
passes a threshold that the value of one patient alone passes with probability `delta` at most: then the names cost no
more than the counts do (stability-based histogram with Gaussian noise; Korolova et al. 2009; Wilkins et al. 2024,
"Exact privacy analysis of the Gaussian sparse histogram mechanism"). The threshold
holds for LEAST patients instead of one, because the run folder leaves out values of few images or patients before any
noise is added.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from medsynth_engine.gan.conditions import Categorical, Conditions, Continuous, Vocabulary
from medsynth_engine.gan.private.stream import Stream

LEAST = 20
"""A value that one patient alone can push under the run folder's limits has at most so many patients."""
MOST_VALUES = 64
"""An attribute with so many was cut off by its counts in the run folder: it is no condition here."""
AGE = {"mean": 50.0, "std": 25.0, "low": 0.0, "high": 100.0}
"""Scale of every measured attribute, in its own unit (years): fixed beforehand instead of read off the patients."""


def usable(vocabulary: Vocabulary) -> list[int]:
    """Positions of the categorical attributes that can be conditions at all."""
    return [i for i, item in enumerate(vocabulary.categorical) if len(item.values) < MOST_VALUES]


def threshold(deviation: float, columns: int, delta: float) -> float:
    """Noisy patients that a value needs: the value of LEAST patients in each of `columns` stays hidden but with
    probability `delta`."""
    return LEAST - deviation * float(ndtri(delta / columns))


def release(
    vocabulary: Vocabulary,
    codes: np.ndarray,
    owner: np.ndarray,
    sigma: float,
    delta: float,
    columns: int,
    stream: Stream,
) -> Vocabulary:
    """Count patients by value, add noise of deviation sigma * sqrt(columns), keep what passes the threshold.

    codes    int (n, A) of the training images, -1 for unknown; owner int (n,), 0..patients-1
    sigma    noise multiplier against the sensitivity: a patient counts once per column, for one of her values
    columns  how many columns there may be, at least A
    """
    deviation = sigma * max(1, columns) ** 0.5
    least = threshold(deviation, max(1, columns), delta)
    kept = []
    for position in usable(vocabulary):
        item = vocabulary.categorical[position]
        counts = _patients_by_value(codes[:, position], owner, len(item.values))
        noisy = counts + deviation * stream.normal(len(counts))
        published = sorted((item.values[i], round(noisy[i])) for i in range(len(counts)) if noisy[i] >= least)
        if len(published) >= 2:
            values, patients = zip(*published, strict=True)
            kept.append(Categorical(item.name, values, patients))
    return Vocabulary(tuple(kept), tuple(Continuous(item.name, **AGE) for item in vocabulary.continuous))


def _patients_by_value(codes: np.ndarray, owner: np.ndarray, values: int) -> np.ndarray:
    """How many patients have each value; one with several counts for that of her first image alone."""
    known = np.flatnonzero(codes >= 0)
    _, first = np.unique(owner[known], return_index=True)
    return np.bincount(codes[known[first]], minlength=values)


def recoded(inner: Vocabulary, public: Vocabulary, codes: np.ndarray, conditions: Conditions) -> Conditions:
    """Conditions of images for the public vocabulary, from `codes` int (n, A) and `conditions` for the inner one."""
    columns = []
    for item in public.categorical:
        position = [one.name for one in inner.categorical].index(item.name)
        known = {value: code for code, value in enumerate(item.values)}
        table = np.array([*(known.get(value, -1) for value in inner.categorical[position].values), -1])
        columns.append(table[codes[:, position]])
    scale = np.array([(one.std if one.std > 0 else 1.0, one.mean) for one in inner.continuous]).reshape(-1, 2)
    measured = conditions.continuous.cpu().numpy() * scale[:, 0] + scale[:, 1]
    measured = np.where(conditions.known.cpu().numpy() > 0, measured, np.nan)
    stacked = np.stack(columns, 1) if columns else np.zeros((len(codes), 0), int)
    return public.encode(stacked, measured).to(conditions.categorical.device)
