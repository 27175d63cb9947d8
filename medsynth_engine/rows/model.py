"""What all row models share: what they hold, how rows are asked for, and how codes become a table again.

A model draws the conditioning columns from their joint (exact, `people`), completes the rest of the codes in its own
way (`complete`), and decodes them. Rules are obeyed while codes are drawn (`masks`).
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from medsynth_engine.rows.bands import age_band
from medsynth_engine.rows.coding import Bins, Levels
from medsynth_engine.rows.columns import AGE_BAND, Inner, as_before, join_labels
from medsynth_engine.rows.joint import Joint
from medsynth_engine.rows.masks import Masks
from medsynth_engine.rows.people import People
from medsynth_engine.rows.request import ask
from medsynth_engine.rows.rule import Rule, obeyed
from medsynth_engine.rows.step import Step
from medsynth_engine.rows.unusable import UnusableTable


@dataclass(frozen=True)
class RowModel(ABC):
    """A learned table. `inner[:asked]` are the conditioning columns; columns are drawn in the order of `inner`.

    outer    the training table's columns with their dtypes
    records  how many records a patient has, where that is not always one (a coding, and the step that follows from the
             patient's conditioning columns)
    rules    what every drawn row obeys
    """

    outer: tuple[tuple[str, str], ...]
    inner: tuple[Inner, ...]
    asked: int
    records: tuple[Bins, Step] | None
    rules: tuple[Rule, ...] = field(default=(), kw_only=True)

    FORMAT: ClassVar[str]
    VERSION: ClassVar[int] = 1

    @abstractmethod
    def _shares(self) -> np.ndarray:
        """The joint of the conditioning columns: float64, an axis a column, sums to 1."""

    @abstractmethod
    def _complete(self, codes: np.ndarray, firsts: np.ndarray, patient: np.ndarray, rng: np.random.Generator) -> None:
        """Draw the columns from `asked` on into `codes`, int (n, columns), under `self.masks`.

        firsts, patient  the place of each patient's first record, and the patient of each record
        """

    @abstractmethod
    def _learned(self) -> dict[str, Any]:
        """What this learner adds to the document."""

    @classmethod
    @abstractmethod
    def _restored(cls, document: dict[str, Any], **shared: Any) -> Self:
        """The model from its document, with the fields that all models have."""

    @property
    def conditions(self) -> tuple[str, ...]:
        """The columns that can be asked for."""
        names = [column.name for column in self.inner[: self.asked]]
        return (*names, *(column.name for column in self.inner if column.within in names))

    @property
    def usual_records(self) -> int:
        """How many records a patient had on average, at least 1."""
        return self._people.usual_records

    def values(self, name: str) -> tuple[Any, ...]:
        """The learned values of a column of words; empty for numbers."""
        coding = next((column.coding for column in self.inner if column.name == name), None)
        return coding.values if isinstance(coding, Levels) else ()

    def under(self, rules: Iterable[Rule]) -> Self:
        """The same model, whose rows obey `rules` and no others."""
        return replace(self, rules=tuple(rules))

    def sample(self, n: int, given: pd.DataFrame | None, rng: np.random.Generator) -> pd.DataFrame:
        """`n` records with the columns, order and types of the training table, behind `patient` (1, 2, ...).

        given   one row a record (its index is ignored) with columns of `conditions`; a cell is a value, a tuple of
                values (any of them), or missing (not asked for). What is asked for is in the result, always. Records
                of one synthetic patient have the same request.

        Raises UnusableTable where a column cannot be asked for, the lengths differ, or a request breaks a rule.
        """
        wanted = ask(given, n, self.inner[: self.asked], self.conditions)
        codes, patient = self._people.draw(wanted, n, len(self.inner), rng)
        firsts = np.flatnonzero(np.r_[True, patient[1:] != patient[:-1]]) if n else np.zeros(0, dtype=np.int64)
        self._complete(codes, firsts, patient, rng)
        decoded = {
            column.name: self._decoded(number, codes, firsts, patient, rng) for number, column in enumerate(self.inner)
        }
        self._put_in_order(decoded, firsts, patient)
        wanted.carry(decoded, self.inner, rng, patient)
        drawn_table = obeyed(self._as_before(decoded, n), self.rules, self._kept(wanted.carried))
        order = np.argsort(wanted.order, kind="stable")
        if "patient" not in drawn_table:
            drawn_table.insert(0, "patient", patient + 1)
        return drawn_table.iloc[order].reset_index(drop=True)

    def _kept(self, asked: Iterable[str]) -> frozenset[str]:
        """The columns of the table that hold what was asked for: an age in years stands for its band too."""
        names = frozenset(asked)
        return names | {self._age, AGE_BAND} if self._age is not None and names & {self._age, AGE_BAND} else names

    def _decoded(self, number: int, codes: np.ndarray, firsts: np.ndarray, patient: np.ndarray, rng: Any) -> np.ndarray:
        coding = self.inner[number].coding
        if self._once(self.inner[number]):
            return coding.decode(codes[firsts, number], rng)[patient]
        return coding.decode(codes[:, number], rng)

    def _put_in_order(self, decoded: dict[str, np.ndarray], firsts: np.ndarray, patient: np.ndarray) -> None:
        """Where two ordered numbers fell into the same bin, raise the second to the first: it stays in its bin."""
        days = {column.source: column.name for column in self.inner if column.since}
        orders = [tuple(days.get(name, name) for name in rule.order) for rule in self.rules if rule.order]
        ordered = [order for order in orders if all(name in decoded for name in order)]
        for low, high in ordered * len(ordered):  # as often as a chain of orders is long
            if decoded[low].dtype == decoded[high].dtype == np.float64 and len(patient):
                raised = np.fmax(decoded[high], decoded[low])
                if self._once(self.inner[self._places[high]]):
                    raised = np.fmax.reduceat(raised, firsts)[patient]
                decoded[high] = np.where(np.isnan(decoded[high]), np.nan, raised)

    def _as_before(self, decoded: dict[str, np.ndarray], n: int) -> pd.DataFrame:
        index = pd.RangeIndex(n)
        columns: dict[str, pd.Series] = {}
        for name, dtype in self.outer:
            parts = [column for column in self.inner if column.source == name and column.label is not None]
            days = next((column for column in self.inner if column.source == name and column.since), None)
            if days is not None:
                values = decoded[days.name] + decoded[str(days.since)]
            elif parts:
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
    def masks(self) -> Masks:
        """The rules as codes that may not be drawn."""
        return Masks.of(self.rules, self.inner)

    @cached_property
    def _age(self) -> str | None:
        """The age in years, where there is one: its band follows from it."""
        return next((column.name for column in self.inner if column.within == AGE_BAND), None)

    @cached_property
    def _people(self) -> People:
        own = sum(column.per == "patient" for column in self.inner[: self.asked])
        return People(Joint.under(self._shares(), self.masks), own, self.records)

    @cached_property
    def _places(self) -> dict[str | None, int]:
        return {column.name: number for number, column in enumerate(self.inner)}

    def document(self) -> dict[str, Any]:
        records = [self.records[0].document(), self.records[1].document()] if self.records else None
        return {
            "format": self.FORMAT,
            "version": self.VERSION,
            "outer": [list(pair) for pair in self.outer],
            "inner": [column.document() for column in self.inner],
            "asked": self.asked,
            "records": records,
            **({"rules": [rule.document() for rule in self.rules]} if self.rules else {}),
            **self._learned(),
        }

    def to_json(self) -> str:
        """The model as text: levels, bins and what was learned, no row of anybody. The same model, the same text."""
        return json.dumps(self.document(), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raises UnusableTable where `text` is no model of this format and version."""
        try:
            document = json.loads(text)
            if (document["format"], document["version"]) != (cls.FORMAT, cls.VERSION):
                raise ValueError("another format")
            records = document["records"]
            return cls._restored(
                document,
                outer=tuple((name, dtype) for name, dtype in document["outer"]),
                inner=tuple(Inner.from_document(column) for column in document["inner"]),
                asked=int(document["asked"]),
                records=(Bins.from_document(records[0]), Step.from_document(records[1])) if records else None,
                rules=tuple(Rule.from_document(rule) for rule in document.get("rules", ())),
            )
        except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            raise UnusableTable("bad_row_model", "This is not a row model that this version can read.") from error

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self.to_json().encode()).hexdigest()
