"""How one coded column follows from the ones before it: whether it is missing, then its value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from medsynth_engine.rows.coding import Bins, Coding
from medsynth_engine.rows.tilt import Tilt, fitted
from medsynth_engine.rows.tree import Tree, grow

ALL = -1
"""The only branch of a column that lies inside no other."""


@dataclass(frozen=True)
class Step:
    """`values` holds a tree for each value of the column this one lies within, or one for all under `ALL`.

    `absent` says for a number whether it is missing (code 1); words have missing as one of their levels. Without any
    tree the column is always missing. `tilt` is what the leaves of the only tree leave out about the finding.
    """

    size: int
    values: dict[int, Tree]
    absent: Tree | None = None
    tilt: Tilt | None = None

    def draw(
        self,
        predictors: np.ndarray,
        inside: np.ndarray | None,
        rng: np.random.Generator,
        forbidden: np.ndarray | None = None,
    ) -> np.ndarray:
        """A code for each row of `predictors`, int (n, p). `inside`: the codes (n,) it lies within, where it does.

        forbidden  bool (n, size): codes that a rule rules out; where no other is left the value is missing
        """
        codes = np.full(len(predictors), self.size - 1, dtype=np.int64)
        for branch, tree in self.values.items():
            rows = np.arange(len(codes)) if inside is None else np.flatnonzero(inside == branch)
            codes[rows] = tree.draw(predictors[rows], rng, self.tilt)
            if forbidden is not None:
                again = rows[forbidden[rows, codes[rows]]]
                codes[again] = tree.draw_allowed(predictors[again], forbidden[again], rng, self.tilt)
        if self.absent is not None:
            codes[self.absent.draw(predictors, rng) == 1] = self.size - 1
        return codes

    def probabilities(self, predictors: np.ndarray) -> np.ndarray:
        """Share of every code for each row of `predictors`: float64 (n, size). Not for columns within another."""
        shares = np.zeros((len(predictors), self.size))
        if ALL in self.values:
            shares = self.values[ALL].probabilities(predictors, self.size, self.tilt)
        else:
            shares[:, -1] = 1
        if self.absent is not None:
            missing = self.absent.probabilities(predictors, 2)[:, 1]
            shares = shares * (1 - missing)[:, None]
            shares[:, -1] += missing
        return shares

    def document(self) -> dict[str, Any]:
        values = {str(branch): tree.document() for branch, tree in self.values.items()}
        absent = self.absent.document() if self.absent else None
        tilt = {"tilt": self.tilt.document()} if self.tilt else {}
        return {"size": self.size, "values": values, "absent": absent, **tilt}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Step:
        values = {int(branch): Tree.from_document(tree) for branch, tree in document["values"].items()}
        absent = Tree.from_document(document["absent"]) if document["absent"] else None
        tilt = Tilt.from_document(document["tilt"]) if document.get("tilt") else None
        return cls(int(document["size"]), values, absent, tilt)


@dataclass(frozen=True)
class Lesson:
    """What a step is learned from. `predictors` int (n, p), `codes` and `patients` int (n,).

    `nominal` names the predictors without an order and how many codes they have; `inside` as in `Step.draw`.
    `finding` is the predictor that holds the finding, where its link to the column is to be kept by a tilt.
    """

    predictors: np.ndarray
    codes: np.ndarray
    patients: np.ndarray
    nominal: dict[int, int]
    leaf: int
    seed: int
    inside: np.ndarray | None = None
    finding: int | None = None


def learn(lesson: Lesson, coding: Coding) -> Step:
    """Learn one column. Rows whose value was too rare to be a level or a missing one are left out."""
    missing = lesson.codes == coding.missing
    if lesson.inside is not None:
        branches = {
            int(branch): _tree(lesson, (lesson.inside == branch) & ~missing, True)
            for branch in np.unique(lesson.inside[~missing])
        }
        return Step(coding.size, branches)
    numeric = isinstance(coding, Bins)
    taught = ~missing if numeric or not coding.missing_learned else np.ones(len(missing), dtype=bool)
    values = {ALL: _tree(lesson, taught, numeric)} if taught.any() else {}
    tilt = _tilt(lesson, taught, values[ALL], coding) if values and lesson.finding is not None else None
    if numeric and coding.missing_learned and values:
        absent = _tree(lesson, np.ones_like(missing), False, missing.astype(np.int64))
        return Step(coding.size, values, absent, tilt)
    return Step(coding.size, values, None, tilt)


def _tilt(lesson: Lesson, rows: np.ndarray, tree: Tree, coding: Coding) -> Tilt | None:
    assert lesson.finding is not None
    predictors, codes = lesson.predictors[rows], lesson.codes[rows].astype(np.int64)
    finding, leaves = predictors[:, lesson.finding], tree.leaves(predictors)
    shares, ordered = tree.shares(coding.size), isinstance(coding, Bins)
    return fitted(lesson.finding, finding, codes, lesson.patients[rows], shares, leaves, ordered)


def _tree(lesson: Lesson, rows: np.ndarray, ordered: bool, outcome: np.ndarray | None = None) -> Tree:
    outcome = lesson.codes if outcome is None else outcome
    return grow(
        lesson.predictors[rows],
        outcome[rows].astype(np.int64),
        lesson.patients[rows],
        lesson.leaf,
        lesson.nominal,
        ordered,
        lesson.seed,
    )
