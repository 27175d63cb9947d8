"""Is a record of a cohort a real record of the store, of whichever dataset and fold? Asked of what others made.

Who relabels real data as synthetic need not take it from the dataset that they name. So every dataset is looked
through, whole; only sets of pixels, hashes and keys leave this file's hands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from medsynth_engine.evidence.intervals import wilson
from medsynth_engine.evidence.pictures import alike_to_an_eye
from medsynth_engine.evidence.prints import pixel_digest
from medsynth_engine.evidence.row_keys import Key, row_keys
from medsynth_engine.evidence.tables import Column
from medsynth_engine.features.neighbours import embed
from medsynth_engine.kernel.evidence import Evidence

ADVERSARY = "Somebody who hands in real records of this store as if they were synthetic"
FEWEST_COLUMNS = 4
"""Columns that a table must share with the cohort: with fewer, equal rows say nothing."""


@dataclass
class ImageSearch:
    """Which images of a cohort equal a real one, or look the same to an eye; datasets are added piece by piece.

    images   of the cohort, uint8 (n, s, s) or (n, s, s, 3)
    chance   how often unseen images of a dataset look like images of other patients: the largest of all datasets
    """

    images: np.ndarray
    chance: float = 0.0
    identical: np.ndarray = field(init=False)
    alike: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.pixels = embed(self.images)
        self.digests = [pixel_digest(image) for image in self.images]
        self.identical = np.zeros(len(self.images), bool)
        self.alike = np.zeros(len(self.images), bool)

    def add(self, real: np.ndarray) -> None:
        """Real images of the same size and colour."""
        if not len(real):
            return
        there = {pixel_digest(image) for image in real}
        speaking = np.abs(self.pixels).max(axis=1, initial=0) > 0  # a blank picture equals others and is nobody's
        self.identical |= speaking & np.array([digest in there for digest in self.digests], dtype=bool)
        open_ = np.flatnonzero(~self.alike & speaking)
        if len(open_):
            self.alike[open_] |= alike_to_an_eye(self.pixels[open_], embed(real))

    def control(self, unseen: np.ndarray, other: np.ndarray) -> None:
        """Learn from images of different patients of one dataset how often they are alike by chance."""
        if len(unseen) and len(other):
            self.chance = max(self.chance, float(alike_to_an_eye(embed(unseen), embed(other)).mean()))

    def evidence(self) -> list[Evidence]:
        both = self.identical | self.alike
        return [
            _told("image.store_identical", self.identical, 0.0, "images", "pixel for pixel a real image"),
            _told("image.store_copies", both, self.chance, "images", "the same to an eye as a real image"),
        ]


@dataclass
class RowSearch:
    """Which rows of a cohort equal a real row in all the columns that they share, of the dataset where most do."""

    table: pd.DataFrame
    found: list[tuple[np.ndarray, float]] = field(default_factory=list)

    def add(self, real: pd.DataFrame, unseen: pd.DataFrame, columns: Sequence[Column]) -> None:
        """`real`: all rows of a dataset; `unseen`: some of them, of patients that no other row belongs to."""
        shared = tuple(column for column in columns if column.name in self.table)
        if len(shared) < FEWEST_COLUMNS or not len(real):
            return
        there = set(row_keys(real, shared))
        hits = _in(row_keys(self.table, shared), there)
        others = real.drop(index=unseen.index)
        chance = _in(row_keys(unseen, shared), set(row_keys(others, shared)))
        self.found.append((hits, float(chance.mean()) if len(chance) else 0.0))

    def evidence(self) -> list[Evidence]:
        if not self.found:
            return []
        hits, chance = max(self.found, key=lambda pair: float(pair[0].mean()) - pair[1])
        return [_told("rows.store_copies", hits, chance, "rows", "equal to a real row in every shared column")]


def _in(keys: Iterable[Key], there: set[Key]) -> np.ndarray:
    return np.array([key in there for key in keys], dtype=bool)


def _told(measure: str, hits: np.ndarray, chance: float, things: str, what: str) -> Evidence:
    found = wilson(float(hits.sum()), len(hits))
    return Evidence(
        f"privacy.{measure}",
        found.value if len(hits) else None,
        found.low,
        found.high,
        chance,
        len(hits),
        "lower",
        ADVERSARY,
        f"{int(hits.sum())} of {len(hits)} {things} are {what} of this store (any dataset, any fold); among different "
        f"real patients {chance:.1%} are.",
        "All datasets of the store looked through; share with Wilson interval; control: unseen patients of a dataset "
        "against the others, the largest of all datasets.",
    )
