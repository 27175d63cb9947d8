"""Singling out: does a description read off the synthetic data fit exactly one real person? (Giomi et al. 2023)"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from medsynth_engine.evidence.intervals import residual_risk, wilson
from medsynth_engine.evidence.tables import Column, numbers, patients, words
from medsynth_engine.evidence.victims import FEWEST, Victims, told
from medsynth_engine.kernel.evidence import Evidence, not_enough

ENOUGH_QUERIES = 1_000
MOST_TRIES = 6_000
WIDTHS = (3, 4, 5, 6)
"""How many random columns a query uses."""
MISSING, UNKNOWN = -1, -2
"""Codes of a word that is not there, and of one that the training data does not know: that one fits nobody."""


def singling_out(victims: Victims, rng: np.random.Generator) -> Evidence:
    """Queries read off unique synthetic records: how often does one describe exactly one real patient's record?"""
    name = "privacy.rows.singling_out"
    adversary = "Somebody who reads a description off the synthetic data and looks for the one person whom it fits"
    method = (
        "Multivariate predicates from synthetic records that they alone fit (numbers at or beyond the value on its "
        "side of the median, words equal), on three to six random columns and on all quasi-identifiers; success: "
        "exactly one patient of a training sample as large as the held-out data; net of the same on held-out data."
    )
    if not victims.enough or len(victims.columns) < 2:
        return victims.short(name, adversary, method)
    coded = _Predicates.of(victims.training, victims.columns)
    synthetic = coded.codes(victims.synthetic)
    codes, owners = coded.codes(victims.training), patients(victims.training)
    samples = [(codes[keep], owners[keep]) for keep in _equal_samples(owners, patients(victims.holdout), rng)]
    holdout = coded.codes(victims.holdout), patients(victims.holdout)
    lone = rng.permutation(len(synthetic))[: len(victims.holdout)]  # unique among as many as are held out
    hits, control, made = 0.0, 0, 0
    for record, chosen in _queries(victims, rng):
        if not coded.fits_one(synthetic[lone], lone, synthetic[record], chosen):
            continue
        made += 1
        hits += float(np.mean([coded.fits_one(*sample, synthetic[record], chosen) for sample in samples]))
        control += coded.fits_one(*holdout, synthetic[record], chosen)
        if made == ENOUGH_QUERIES:
            break
    if made < FEWEST:
        why = f"only {made} synthetic records are unique enough to make a query of."
        return not_enough(name, made, "lower", why, method, adversary)
    people = min(made, len(np.unique(patients(victims.holdout))))
    found = residual_risk(wilson(hits / made * people, people), wilson(control / made * people, people))
    return told(
        name, found, control / made, made, adversary, method, f"{hits / made:.1%} of {made} queries single out one"
    )


@dataclass(frozen=True)
class _Predicates:
    """Records as numbers, so that a query is a few comparisons. NaN (missing) never fits a number's predicate."""

    columns: tuple[Column, ...]
    medians: np.ndarray
    vocabulary: tuple[dict[str, int], ...]

    @classmethod
    def of(cls, table: pd.DataFrame, columns: tuple[Column, ...]) -> _Predicates:
        medians, vocabulary = [], []
        for column in columns:
            known = numbers(table[column.name]) if column.kind == "number" else np.empty(0)
            known = known[np.isfinite(known)]
            medians.append(float(np.median(known)) if len(known) else 0.0)
            vocabulary.append(
                {}
                if column.kind == "number"
                else {word: i for i, word in enumerate(sorted({w for w in words(table[column.name]) if w is not None}))}
            )
        return cls(columns, np.array(medians), tuple(vocabulary))

    def codes(self, table: pd.DataFrame) -> np.ndarray:
        """float64 (n, columns); an unknown word is UNKNOWN, a missing one MISSING, a missing number NaN."""
        out = np.empty((len(table), len(self.columns)))
        for place, column in enumerate(self.columns):
            if column.kind == "number":
                out[:, place] = numbers(table[column.name])
            else:
                known = self.vocabulary[place]
                out[:, place] = [
                    MISSING if word is None else known.get(word, UNKNOWN) for word in words(table[column.name])
                ]
        return out

    def fits_one(self, records: np.ndarray, owners: np.ndarray, pattern: np.ndarray, chosen: np.ndarray) -> bool:
        """True where the query that `pattern` makes on the columns `chosen` fits records of exactly one owner."""
        fits = np.ones(len(records), bool)
        for place in chosen:
            value, column = pattern[place], records[:, place]
            if self.columns[place].kind != "number":
                fits &= (column == value) & (column != UNKNOWN)
            elif np.isnan(value):
                fits &= np.isnan(column)
            elif value >= self.medians[place]:
                fits &= column >= value
            else:
                fits &= column <= value
        found = owners[fits]
        return len(found) > 0 and bool((found == found[0]).all())


def _queries(victims: Victims, rng: np.random.Generator) -> Iterator[tuple[int, np.ndarray]]:
    """Different queries: a synthetic record, and some random columns or all quasi-identifiers."""
    every = len(victims.columns)
    quasi = np.array([i for i, column in enumerate(victims.columns) if column in victims.quasi])
    seen: set[tuple[int, ...]] = set()
    for query in range(MOST_TRIES):
        width = min(WIDTHS[query % len(WIDTHS)], every)
        chosen = quasi if query % 5 == 4 else np.sort(rng.choice(every, width, replace=False))
        record = int(rng.integers(len(victims.synthetic)))
        key = (record, *chosen.tolist())
        if key not in seen:
            seen.add(key)
            yield record, chosen


def _equal_samples(owners: np.ndarray, held: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """The training records in disjoint samples of as many patients as are held out, at most five of them."""
    people = rng.permutation(int(owners.max()) + 1)
    size = min(len(np.unique(held)), len(people))
    starts = range(0, len(people) - size + 1, size)
    return [np.flatnonzero(np.isin(owners, people[start : start + size])) for start in starts][:5]
