"""Sequential trees: each column learned from those before it, then drawn in the same order (synthpop's CART idea).

Follows Nowok, Raab & Dibben 2016 ("synthpop") and El Emam et al. 2020 (JMIR 22(11):e23139), with three changes: a leaf
keeps a summary of at least eleven patients instead of its rows, missing is an outcome of its own, and what can be asked
for comes first and is drawn from its joint, so that conditioning is exact and never rejects.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from medsynth_engine.rows.bands import age_band
from medsynth_engine.rows.coding import SMALLEST, Bins, Levels
from medsynth_engine.rows.columns import AGE_BAND, Coded, Inner, as_before, code_columns, join_labels
from medsynth_engine.rows.joint import Joint, Request
from medsynth_engine.rows.request import Wanted, ask
from medsynth_engine.rows.sequence import in_order, nominal, one_row_each, place, smallest_leaf
from medsynth_engine.rows.step import Lesson, Step, learn
from medsynth_engine.rows.table import Schema, UnusableTable

FORMAT = "medsynth.rows.trees"
VERSION = 1


@dataclass(frozen=True)
class SequentialTrees:
    """A learned table. `inner[:asked]` are the conditioning columns, `steps` belong to `inner` one by one.

    `outer` is the training table's columns with their dtypes; `records` how many records a patient has, where that is
    not always one (a coding and the step that follows from the patient's conditioning columns).
    """

    outer: tuple[tuple[str, str], ...]
    inner: tuple[Inner, ...]
    asked: int
    steps: tuple[Step, ...]
    records: tuple[Bins, Step] | None

    @classmethod
    def fit(
        cls,
        table: pd.DataFrame,
        schema: Schema,
        rng: np.random.Generator,
        first: Sequence[str] = (),
        patients: np.ndarray | pd.Series | None = None,
    ) -> SequentialTrees:
        """Learn `table`, one row a record, by `schema`; other columns of the table are ignored.

        first     columns that must be possible to ask for, besides those whose role is not plain `column`
        patients  whose record each row is (any hashable values, none missing); None: each record its own patient

        Raises UnusableTable for fewer than eleven patients, a table that does not match its schema, or `first` columns
        that are not in it.
        """
        schema.check(table)
        whose = np.arange(len(table)) if patients is None else pd.factorize(np.asarray(patients))[0]
        if len(np.unique(whose)) < SMALLEST:
            raise UnusableTable(
                "too_few_patients",
                f"Rows are learned from at least {SMALLEST} patients.",
                "Bring in more patients; below that every row would describe a person.",
            )
        table = table.reset_index(drop=True)
        coded, asked = in_order(code_columns(table, schema, whose), schema, first)
        teacher = _Teacher(coded, asked, whose, rng)
        steps = tuple(teacher.step(number) for number in range(len(coded)))
        names = {column.name for column in schema.columns} | ({AGE_BAND} if schema.age else set())
        outer = tuple((str(name), str(table[name].dtype)) for name in table if name in names)
        return cls(outer, tuple(column.inner for column in coded), asked, steps, teacher.records())

    @property
    def conditions(self) -> tuple[str, ...]:
        """The columns that can be asked for."""
        names = [column.name for column in self.inner[: self.asked]]
        return (*names, *(column.name for column in self.inner if column.within in names))

    @property
    def usual_records(self) -> int:
        """How many records a patient had on average, at least 1."""
        if self.records is None or not self.records[0].lows:
            return 1
        return max(1, round(float(np.mean([*self.records[0].lows, *self.records[0].highs]))))

    def values(self, name: str) -> tuple[Any, ...]:
        """The learned values of a column of words; empty for numbers."""
        coding = next((column.coding for column in self.inner if column.name == name), None)
        return coding.values if isinstance(coding, Levels) else ()

    def sample(self, n: int, given: pd.DataFrame | None, rng: np.random.Generator) -> pd.DataFrame:
        """`n` records with the columns, order and types of the training table, behind `patient` (1, 2, ...).

        given   one row a record (its index is ignored) with columns of `conditions`; a cell is a value, a tuple of
                values (any of them), or missing (not asked for). What is asked for is in the result, always. Records
                of one synthetic patient have the same request.

        Raises UnusableTable where a column cannot be asked for or the lengths differ.
        """
        wanted = ask(given, n, self.inner[: self.asked], self.conditions)
        codes, patient = self._conditioned(wanted, n, rng)
        firsts = np.flatnonzero(np.r_[True, patient[1:] != patient[:-1]]) if n else np.zeros(0, dtype=np.int64)
        for number in range(self.asked, len(self.inner)):
            column = self.inner[number]
            rows = firsts if self._once(column) else np.arange(n)
            inside = codes[rows, self._places[column.within]] if column.within else None
            drawn = self.steps[number].draw(codes[rows, :number], inside, rng)
            codes[:, number] = drawn[patient] if self._once(column) else drawn
        decoded = {
            column.name: self._decoded(number, codes, firsts, patient, rng) for number, column in enumerate(self.inner)
        }
        wanted.carry(decoded, self.inner, rng, patient)
        drawn_table = self._as_before(decoded, n)
        order = np.argsort(wanted.order, kind="stable")
        if "patient" not in drawn_table:
            drawn_table.insert(0, "patient", patient + 1)
        return drawn_table.iloc[order].reset_index(drop=True)

    def _conditioned(self, wanted: Wanted, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Codes (n, columns) with the conditioning columns drawn, and the patient (n,) of each record.

        Records are in the order of `wanted.groups`, so that those of one patient lie together.
        """
        codes = np.zeros((n, len(self.inner)), dtype=np.int64)
        patient = np.zeros(n, dtype=np.int64)
        start = patients = 0
        for request, count in wanted.groups:
            rows = slice(start, start + count)
            if self.records is None:
                codes[rows, : self.asked] = self._joint.draw(request, count, rng)
                patient[rows] = np.arange(start, start + count)
            else:
                block, sizes = self._patients(request, count, rng)
                owner = np.repeat(np.arange(len(sizes)), sizes)
                codes[rows, : self.asked] = self._of_their_patients(block, owner, request, rng)
                patient[rows] = patients + owner
                patients += len(sizes)
            start += count
        return codes, patient

    def _patients(self, request: Request, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Patients whose records number `count` together: their conditioning codes, and how many records each has."""
        assert self.records is not None
        coding, step = self.records
        own = self._own
        blocks, sizes, filled = [], [], 0
        while filled < count:
            guess = max(1, round((count - filled) / self.usual_records))
            block = self._joint.draw(request, guess, rng)
            size = np.maximum(1, np.nan_to_num(coding.decode(step.draw(block[:, :own], None, rng), rng), nan=1))
            blocks.append(block)
            sizes.append(size.astype(np.int64))
            filled += int(sizes[-1].sum())
        ends = np.minimum(np.cumsum(np.concatenate(sizes)), count)
        kept = np.diff(np.r_[0, ends])
        return np.concatenate(blocks)[kept > 0], kept[kept > 0]

    def _of_their_patients(self, block: np.ndarray, owner: np.ndarray, request: Request, rng: Any) -> np.ndarray:
        """Give each record its patient's codes, and draw the record's own conditioning columns anew."""
        codes = block[owner]
        if self._own == self.asked:
            return codes
        distinct, which = np.unique(codes[:, : self._own], axis=0, return_inverse=True)
        for number, own in enumerate(distinct):
            rows = np.flatnonzero(which.ravel() == number)
            fixed = (*((int(code),) for code in own), *request[self._own :])
            codes[rows] = self._joint.draw(fixed, len(rows), rng)
        codes[:, : self._own] = block[owner][:, : self._own]
        return codes

    def _decoded(self, number: int, codes: np.ndarray, firsts: np.ndarray, patient: np.ndarray, rng: Any) -> np.ndarray:
        coding = self.inner[number].coding
        if self._once(self.inner[number]):
            return coding.decode(codes[firsts, number], rng)[patient]
        return coding.decode(codes[:, number], rng)

    def _as_before(self, decoded: dict[str, np.ndarray], n: int) -> pd.DataFrame:
        index = pd.RangeIndex(n)
        columns: dict[str, pd.Series] = {}
        for name, dtype in self.outer:
            parts = [column for column in self.inner if column.source == name and column.label is not None]
            if parts:
                values = join_labels(parts, [decoded[part.name] for part in parts])
            elif name == AGE_BAND and self._age is not None:
                values = age_band(pd.Series(decoded[self._age], index=index)).to_numpy(dtype=object)
            else:
                values = decoded[name]
            columns[name] = as_before(values, dtype, index)
        return pd.DataFrame(columns, index=index)

    def _once(self, column: Inner) -> bool:
        """Whether a column is drawn once a patient; where each record is its own patient there is no difference."""
        return self.records is not None and column.per == "patient"

    @cached_property
    def _age(self) -> str | None:
        """The age in years, where there is one: its band follows from it."""
        return next((column.name for column in self.inner if column.within == AGE_BAND), None)

    @cached_property
    def _own(self) -> int:
        """How many of the conditioning columns belong to the patient; they come before the records' own."""
        return sum(column.per == "patient" for column in self.inner[: self.asked])

    @cached_property
    def _places(self) -> dict[str | None, int]:
        return {column.name: number for number, column in enumerate(self.inner)}

    @cached_property
    def _joint(self) -> Joint:
        """Written out from the trees once; it is not stored."""
        shares = np.ones(())
        for step in self.steps[: self.asked]:
            cells = np.indices(shares.shape).reshape(shares.ndim, -1).T if shares.ndim else np.zeros((1, 0), dtype=int)
            shares = shares[..., None] * step.probabilities(cells).reshape(*shares.shape, step.size)
        return Joint(shares)

    def document(self) -> dict[str, Any]:
        records = [self.records[0].document(), self.records[1].document()] if self.records else None
        return {
            "format": FORMAT,
            "version": VERSION,
            "outer": [list(pair) for pair in self.outer],
            "inner": [column.document() for column in self.inner],
            "asked": self.asked,
            "steps": [step.document() for step in self.steps],
            "records": records,
        }

    def to_json(self) -> str:
        """The model as text: levels, bins and counts in leaves, no row of anybody. The same model, the same text."""
        return json.dumps(self.document(), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> SequentialTrees:
        """Raises UnusableTable where `text` is no model of this format and version."""
        try:
            document = json.loads(text)
            if (document["format"], document["version"]) != (FORMAT, VERSION):
                raise ValueError("another format")
            records = document["records"]
            return cls(
                tuple((name, dtype) for name, dtype in document["outer"]),
                tuple(Inner.from_document(column) for column in document["inner"]),
                int(document["asked"]),
                tuple(Step.from_document(step) for step in document["steps"]),
                (Bins.from_document(records[0]), Step.from_document(records[1])) if records else None,
            )
        except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            raise UnusableTable("bad_row_model", "This is not a row model that this version can read.") from error

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self.to_json().encode()).hexdigest()


class _Teacher:
    """Holds the coded table while it is learned, column by column."""

    def __init__(self, coded: list[Coded], asked: int, patients: np.ndarray, rng: np.random.Generator) -> None:
        self.coded, self.asked, self.patients = coded, asked, patients
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
        leaf = smallest_leaf(len(rows))
        return Lesson(self.codes[rows, :before], codes, self.patients[rows], orderless, leaf, self.seed, inside)
