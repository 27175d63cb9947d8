"""What a generator may be asked for, released with noise: values that enough patients have, and how many those are.

The names of values come from the table, so a name is data. A value is published only where its noisy number of patients
passes a threshold that the value of one patient alone passes with probability `delta` at most: then the names cost no
more than the counts do (stability-based histogram with Gaussian noise; Korolova et al. 2009; Wilkins et al. 2024,
"Exact privacy analysis of the Gaussian sparse histogram mechanism").

A patient counts in each column for her first image alone, whatever it says, and a value that nobody counts for is no
candidate: so taking her out moves one count of a column by one, and takes away one name at most. No exact count decides
anything: order and cap are made of noisy ones.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from medsynth_engine.gan.conditions import Categorical, Conditions, Continuous, Vocabulary
from medsynth_engine.gan.private.limits import AGE
from medsynth_engine.gan.private.stream import Stream

LEAST = 20
"""Patients whose common value stays hidden. One would do for the promise; the names of small groups are kept too."""
MOST_VALUES = 64
"""Values of an attribute that are published at most: those with the most patients, by the noisy counts."""


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

    codes    int (n, A) of the training images, -1 for unknown, of all values that there are; owner int (n,)
    sigma    noise multiplier against the sensitivity: a patient counts once per column, for one of her values
    columns  how many columns there may be, at least A
    """
    deviation = sigma * max(1, columns) ** 0.5
    least = threshold(deviation, max(1, columns), delta)
    kept = []
    for position, item in enumerate(vocabulary.categorical):
        counts = _patients_by_value(codes[:, position], owner, len(item.values))
        candidates = np.flatnonzero(counts)
        noisy = counts[candidates] + deviation * stream.normal(len(candidates))
        passed = [i for i in np.argsort(-noisy) if noisy[i] >= least][:MOST_VALUES]
        published = sorted((item.values[candidates[i]], round(noisy[i])) for i in passed)
        if len(published) >= 2:
            values, patients = zip(*published, strict=True)
            kept.append(Categorical(item.name, values, patients))
    return Vocabulary(tuple(kept), tuple(Continuous(item.name, **AGE) for item in vocabulary.continuous))


def _patients_by_value(codes: np.ndarray, owner: np.ndarray, values: int) -> np.ndarray:
    """How many patients have each value in their first image. Where that is unknown a patient counts for nothing: to
    look for her first known one would let others decide, by what they make known, which of her images counts."""
    _, first = np.unique(owner, return_index=True)
    found = codes[first]
    return np.bincount(found[found >= 0], minlength=values)


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
