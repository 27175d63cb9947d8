"""Sequential trees: each column learned from those before it, then drawn in the same order (synthpop's CART idea).

Follows Nowok, Raab & Dibben 2016 ("synthpop") and El Emam et al. 2020 (JMIR 22(11):e23139), with three changes: a leaf
keeps a summary of at least eleven patients instead of its rows, missing is an outcome of its own, and what can be asked
for comes first and is drawn from its joint, so that conditioning is exact and never rejects.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from medsynth_engine.rows.coding import SMALLEST, Bins
from medsynth_engine.rows.columns import AGE_BAND, Coded, code_columns
from medsynth_engine.rows.model import RowModel
from medsynth_engine.rows.sequence import in_order, nominal, one_row_each, place, smallest_leaf
from medsynth_engine.rows.step import Lesson, Step, learn
from medsynth_engine.rows.table import Schema
from medsynth_engine.rows.unusable import UnusableTable


@dataclass(frozen=True)
class SequentialTrees(RowModel):
    """`steps` belong to `inner` one by one."""

    steps: tuple[Step, ...]

    FORMAT: ClassVar[str] = "medsynth.rows.trees"

    @classmethod
    def fit(
        cls,
        table: pd.DataFrame,
        schema: Schema,
        rng: np.random.Generator,
        first: Sequence[str] = (),
        patients: np.ndarray | pd.Series | None = None,
        leaf: Callable[[int], int] = smallest_leaf,
    ) -> Self:
        """Learn `table`, one row a record, by `schema`; other columns of the table are ignored.

        first     columns that must be possible to ask for, besides those whose role is not plain `column`
        patients  whose record each row is (any hashable values, none missing); None: each record its own patient
        leaf      the least rows in a leaf for so many rows: the dial between utility and privacy

        Raises UnusableTable for fewer than eleven patients, a table that does not match its schema, or `first` columns
        that are not in it.
        """
        lesson = prepared(table, schema, first, patients)
        teacher = Teacher(lesson.coded, lesson.asked, lesson.patients, rng, leaf)
        steps = tuple(teacher.step(number) for number in range(len(lesson.coded)))
        return cls(lesson.outer, tuple(column.inner for column in lesson.coded), lesson.asked, teacher.records(), steps)

    def _shares(self) -> np.ndarray:
        return joint_of(self.steps[: self.asked])

    def _complete(self, codes: np.ndarray, firsts: np.ndarray, patient: np.ndarray, rng: np.random.Generator) -> None:
        for number in range(self.asked, len(self.inner)):
            column = self.inner[number]
            once = self._once(column)
            rows = firsts if once else np.arange(len(codes))
            inside = codes[rows, self._places[column.within]] if column.within else None
            forbidden = self.masks.forbidden(number, codes, firsts if once else None)
            drawn = self.steps[number].draw(codes[rows, :number], inside, rng, forbidden)
            codes[:, number] = drawn[patient] if once else drawn

    def _learned(self) -> dict[str, Any]:
        return {"steps": [step.document() for step in self.steps]}

    @classmethod
    def _restored(cls, document: dict[str, Any], **shared: Any) -> Self:
        return cls(steps=tuple(Step.from_document(step) for step in document["steps"]), **shared)


@dataclass(frozen=True)
class Prepared:
    """A table that was checked and coded: what every learner begins with. patients: int (n,) numbers."""

    coded: list[Coded]
    asked: int
    patients: np.ndarray
    outer: tuple[tuple[str, str], ...]


def prepared(table: pd.DataFrame, schema: Schema, first: Sequence[str], patients: Any) -> Prepared:
    """Raises UnusableTable as `SequentialTrees.fit` does."""
    whose = checked(table, schema, patients)
    table = table.reset_index(drop=True)
    coded, asked = in_order(code_columns(table, schema, whose), schema, first)
    return Prepared(coded, asked, whose, outer_columns(table, schema))


def checked(table: pd.DataFrame, schema: Schema, patients: Any) -> np.ndarray:
    """The patient of each row as a number, where rows can be learned at all."""
    schema.check(table)
    whose = np.arange(len(table)) if patients is None else pd.factorize(np.asarray(patients))[0]
    if len(np.unique(whose)) < SMALLEST:
        raise UnusableTable(
            "too_few_patients",
            f"Rows are learned from at least {SMALLEST} patients.",
            "Bring in more patients; below that every row would describe a person.",
        )
    return whose


def outer_columns(table: pd.DataFrame, schema: Schema) -> tuple[tuple[str, str], ...]:
    names = {column.name for column in schema.columns} | ({AGE_BAND} if schema.age else set())
    return tuple((str(name), str(table[name].dtype)) for name in table if name in names)


def joint_of(steps: Sequence[Step]) -> np.ndarray:
    """The joint of columns from the trees of each given the ones before it, written out."""
    shares = np.ones(())
    for step in steps:
        cells = np.indices(shares.shape).reshape(shares.ndim, -1).T if shares.ndim else np.zeros((1, 0), dtype=int)
        shares = shares[..., None] * step.probabilities(cells).reshape(*shares.shape, step.size)
    return shares


class Teacher:
    """Holds the coded table while it is learned, column by column."""

    def __init__(
        self,
        coded: list[Coded],
        asked: int,
        patients: np.ndarray,
        rng: np.random.Generator,
        leaf: Callable[[int], int] = smallest_leaf,
    ) -> None:
        self.coded, self.asked, self.patients, self.leaf = coded, asked, patients, leaf
        empty = np.zeros((len(patients), 0), dtype=np.int64)  # images alone: there is nothing to learn but how many
        self.codes = np.stack([column.codes for column in coded], axis=1).astype(np.int64) if coded else empty
        self.representative = one_row_each(patients, rng)
        self.several = len(self.representative) < len(patients)
        self.seed = int(rng.integers(2**31))

    def step(self, number: int) -> Step:
        inner = self.coded[number].inner
        once = self.several and inner.per == "patient"
        rows = self.representative if once else np.arange(len(self.patients))
        inside = self.codes[rows, place(self.coded, inner.within)] if inner.within else None
        return learn(self._lesson(rows, number, self.codes[rows, number], inside), inner.coding)

    @property
    def _finding(self) -> int | None:
        """The finding among the conditioning columns, where there is one."""
        places = [number for number in range(self.asked) if self.coded[number].inner.role == "finding"]
        return places[0] if len(places) == 1 else None

    def records(self) -> tuple[Bins, Step] | None:
        """How many records a patient has, given the patient's own conditioning columns."""
        if not self.several:
            return None
        counts = pd.Series(np.bincount(self.patients)[self.patients[self.representative]])
        coding = Bins.learn(counts, self.patients[self.representative])
        own = sum(column.inner.per == "patient" for column in self.coded[: self.asked])
        return coding, learn(self._lesson(self.representative, own, coding.encode(counts), None), coding)

    def _lesson(self, rows: np.ndarray, before: int, codes: np.ndarray, inside: np.ndarray | None) -> Lesson:
        orderless = nominal([column.inner for column in self.coded[:before]])
        leaf = self.leaf(len(rows))
        finding = self._finding if before >= self.asked else None
        return Lesson(
            self.codes[rows, :before], codes, self.patients[rows], orderless, leaf, self.seed, inside, finding
        )
