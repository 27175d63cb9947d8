"""Rules of a table as data: what may not stand together in one row, with the sentence that says so.

A rule is an implication (where every test of `when` holds, the test `then` holds) or an order of two numbers. What
is missing breaks no rule. The idea is SDNist's table of inconsistencies; here sampled rows obey (see `masks`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from medsynth_engine.rows.columns import split
from medsynth_engine.rows.table import numbers
from medsynth_engine.rows.unusable import UnusableTable

ORIGINS = ("known", "learned", "own")
"""From the list that comes with MedSynth, found in the real table, or written by a person."""


@dataclass(frozen=True)
class Test:
    """What one column's value must be: one of `among` (as text) or with one of `stems` in it (lower case), or a number
    from `low` to `high`, both included."""

    column: str
    among: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    stems: tuple[str, ...] = ()

    __test__ = False  # not a test of pytest's

    def __post_init__(self) -> None:
        if self.of_words == (self.low is not None or self.high is not None):
            raise UnusableTable("bad_rule", "A rule's test names values or bounds of a number, one of the two.")

    @property
    def of_words(self) -> bool:
        return bool(self.among or self.stems)

    def names(self, label: str) -> bool:
        return label in self.among or any(stem in label.lower() for stem in self.stems)

    def of_text(self, text: Any, every: bool) -> bool:
        """Whether a text passes; of several findings any is enough, or `every` one must be named."""
        labels = split(text)
        named = [self.names(label) for label in labels]
        return str(text) in self.among or (bool(named) and (all(named) if every else any(named)))

    def on(self, series: pd.Series, every: bool) -> np.ndarray:
        """bool (n,): known and passing."""
        if self.of_words:
            places, distinct = pd.factorize(series)
            return np.array([*(self.of_text(value, every) for value in distinct), False], dtype=bool)[places]
        values = numbers(series)
        low = -np.inf if self.low is None else self.low
        high = np.inf if self.high is None else self.high
        return np.isfinite(values) & (values >= low) & (values <= high)

    def document(self) -> dict[str, Any]:
        bounds = {key: float(value) for key, value in (("low", self.low), ("high", self.high)) if value is not None}
        words = {key: list(value) for key, value in (("among", self.among), ("stems", self.stems)) if value}
        return {"column": self.column, **words, **bounds}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Test:
        low, high = (None if document.get(key) is None else float(document[key]) for key in ("low", "high"))
        among, stems = (tuple(map(str, document.get(key) or ())) for key in ("among", "stems"))
        return cls(str(document["column"]), among, low, high, stems)


@dataclass(frozen=True)
class Rule:
    """`rows` is how many real rows spoke for it (0: not counted); exactly one of `then` and `order` is there.

    order  two columns of numbers: the first is never above the second
    """

    name: str
    sentence: str
    when: tuple[Test, ...] = ()
    then: Test | None = None
    order: tuple[str, str] | None = None
    origin: str = "own"
    rows: int = 0

    def __post_init__(self) -> None:
        if (self.then is None) == (self.order is None) or self.origin not in ORIGINS:
            raise UnusableTable("bad_rule", "A rule says what must hold, or which of two numbers is the smaller one.")

    @property
    def columns(self) -> tuple[str, ...]:
        if self.order is not None:
            return self.order
        assert self.then is not None
        return tuple(dict.fromkeys([*(test.column for test in self.when), self.then.column]))

    def concerns(self, table: pd.DataFrame) -> np.ndarray:
        """bool (n,): the rows the rule speaks about, whether they obey or not."""
        if any(name not in table for name in self.columns):
            return np.zeros(len(table), dtype=bool)
        spoken = np.ones(len(table), dtype=bool)
        for test in self.when:
            spoken &= test.on(table[test.column], every=False)
        for name in self.order or (self.columns[-1],):
            spoken &= table[name].notna().to_numpy()
        return spoken

    def broken(self, table: pd.DataFrame) -> np.ndarray:
        """bool (n,): the rows that break the rule. Raises UnusableTable where numbers are asked of words."""
        spoken = self.concerns(table)
        if not spoken.any():
            return spoken
        if self.order is not None:
            first, second = (numbers(table[name]) for name in self.order)
            with np.errstate(invalid="ignore"):
                return spoken & (first > second)
        assert self.then is not None
        return spoken & ~self.then.on(table[self.then.column], every=True)

    def document(self) -> dict[str, Any]:
        says: dict[str, Any] = {"when": [test.document() for test in self.when]}
        if self.order is not None:
            says["order"] = list(self.order)
        if self.then is not None:
            says["then"] = self.then.document()
        told = {"name": self.name, "sentence": self.sentence, "columns": list(self.columns)}
        return {**told, **says, "origin": self.origin, "rows": self.rows}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Rule:
        """Raises UnusableTable (`bad_rule`) where it is none."""
        try:
            then, order = document.get("then"), document.get("order")
            return cls(
                str(document["name"]),
                str(document["sentence"]),
                tuple(Test.from_document(test) for test in document.get("when") or ()),
                Test.from_document(then) if then else None,
                (str(order[0]), str(order[1])) if order else None,
                str(document.get("origin", "own")),
                int(document.get("rows") or 0),
            )
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise UnusableTable("bad_rule", "This is not a rule: it needs name, sentence, and what holds.") from error


def obeyed(table: pd.DataFrame, rules: Iterable[Rule], kept: Iterable[str]) -> pd.DataFrame:
    """The last resort: where a value that no model has learned was asked for, blank what contradicts it.

    Models obey rules by construction; what was asked for beyond what they learned (`kept` columns) they do not see.
    Raises UnusableTable (`against_rule`) where all of a broken rule's columns were asked for.
    """
    for rule in rules:
        broken = rule.broken(table)
        if broken.any():
            free = [name for name in rule.columns if name not in kept]
            if not free:
                raise against(rule)
            table = table.assign(**{free[-1]: table[free[-1]].where(~broken)})
    return table


def against(rule: Rule) -> UnusableTable:
    return UnusableTable(
        "against_rule",
        "What was asked for breaks a rule of the dataset: " + rule.sentence,
        "Ask for something else, or drop the rule: medsynth rules drop DATASET NAME",
    )
