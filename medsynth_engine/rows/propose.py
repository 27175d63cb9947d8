"""Rules found for a table: those that everybody knows, and those that its own rows never break. A person confirms them.

A learned candidate is offered only where chance would hardly have left it unbroken: had the two columns nothing to do
with each other, all n rows would have obeyed with a probability of at most `CHANCE`, shared over all candidates looked
at (Bonferroni). It rests on at least eleven patients, and so does each word and bound in it: a bound is where the
eleventh patient from the outside lies, rounded outward. What fewer patients break is not offered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice, permutations

import numpy as np
import pandas as pd

from medsynth_engine.rows.coding import SMALLEST, Levels
from medsynth_engine.rows.columns import Inner, code_columns, split
from medsynth_engine.rows.facts import LIMITS, ORDERS, SEX
from medsynth_engine.rows.rule import Rule, Test
from medsynth_engine.rows.table import Column, Schema, numbers

CHANCE = 1e-3
EXCLUDED = 0.2
"""A candidate that rules out less than this share of the other rows is not worth a person's time."""
MOST = 30
FEWEST = 30
"""Rows that speak for a learned candidate, at least."""


@dataclass(frozen=True)
class Proposal:
    """`broken` real rows break the rule, of `rule.rows` that it speaks about."""

    rule: Rule
    broken: int


def propose(table: pd.DataFrame, schema: Schema, patients: np.ndarray) -> list[Proposal]:
    """Known rules first (broken or not: a broken one says something about the table), then learned ones, the strongest
    first. patients: int (n,) whose row each is."""
    found = [Proposal(*counted(rule, table)) for rule in _known(table, schema)]
    known = {rule.columns for rule in (proposal.rule for proposal in found)}
    learned = sorted(_learned(table, schema, patients), key=lambda pair: pair[0])
    counts = (counted(rule, table) for _, rule in learned if rule.order is None or rule.columns not in known)
    kept = (Proposal(rule, broken) for rule, broken in counts if not broken)  # rare words, too, are not broken
    return found + list(islice(kept, MOST))


def counted(rule: Rule, table: pd.DataFrame) -> tuple[Rule, int]:
    """The rule with the number of rows it speaks about, and how many of them break it."""
    return replace(rule, rows=int(rule.concerns(table).sum())), int(rule.broken(table).sum())


def _known(table: pd.DataFrame, schema: Schema) -> Iterator[Rule]:
    by_sex = next((column for column in schema.columns if column.role == "sex" and not column.numeric), None)
    for column in schema.columns:
        if column.numeric:
            for fact in LIMITS:
                if _plain(column.name) in fact.names or (fact.name == "age" and column.role == "age"):
                    then = Test(column.name, low=fact.low, high=fact.high)
                    yield Rule(f"{column.name}: {fact.name}", fact.sentence, (), then, origin="known")
        elif by_sex is not None and column.role in ("finding", "condition", "column") and column.kind != "boolean":
            labels = {label for value in table[column.name].dropna().unique() for label in split(value)}
            for sex in SEX:
                when = Test(column.name, stems=sex.stems)
                if any(when.names(label) for label in labels):
                    name = f"{column.name}: {sex.name}"
                    yield Rule(name, sex.sentence, (when,), Test(by_sex.name, (sex.sex,)), origin="known")
    names = {_plain(column.name): column.name for column in schema.columns if column.numeric}
    for below, above, sentence in ORDERS:
        for low in set(below) & set(names):
            for high in set(above) & set(names):
                yield Rule(f"{names[low]} and {names[high]}", sentence, order=(names[low], names[high]), origin="known")


def _learned(table: pd.DataFrame, schema: Schema, patients: np.ndarray) -> list[tuple[float, Rule]]:
    """Candidates with the logarithm of how probable they are by chance."""
    coded = [one for one in code_columns(table, schema, patients) if one.inner.label is None]
    words = [
        (one.inner, one.codes) for one in coded if isinstance(one.inner.coding, Levels) and one.inner.source in table
    ]
    words = [(inner, codes) for inner, codes in words if inner.name == inner.source]
    figures = [column for column in schema.columns if column.numeric]
    values = {column.name: numbers(table[column.name]) for column in figures}
    found: list[tuple[float, Rule]] = []
    for inner, codes in words:
        for code, value in enumerate(_values(inner)):
            rows = codes == code
            if code == _other(inner) or rows.sum() < FEWEST or len(np.unique(patients[rows])) < SMALLEST:
                continue
            when = Test(inner.name, (str(value),))
            found += [_only_levels(when, rows, other, held, patients) for other, held in words if other is not inner]
            found += [_only_range(when, rows, column, values[column.name], patients) for column in figures]
    found += [_never_above(a, b, values, patients) for a, b in permutations(figures, 2)]
    looked = np.log(CHANCE / max(1, len(found)))
    return [(surprise, rule) for surprise, rule in found if surprise < looked]


NOTHING = (0.0, Rule("none", "none", (), Test("none", low=0.0)))


def _only_levels(
    when: Test, rows: np.ndarray, other: Inner, held: np.ndarray, patients: np.ndarray
) -> tuple[float, Rule]:
    """With `when`, another column holds a few of its levels only, each of them in eleven patients."""
    values = _values(other)
    known = held < len(values)
    here = held[rows & known]
    if len(here) < FEWEST or len(values) < 2:
        return NOTHING
    allowed = np.unique(here)
    share = float(np.isin(held[known], allowed).mean())
    if 1 - share < EXCLUDED or len(allowed) > 3 or _other(other) in allowed:
        return NOTHING
    if any(len(np.unique(patients[rows & (held == code)])) < SMALLEST for code in allowed):
        return NOTHING
    said = tuple(str(values[code]) for code in allowed)
    sentence = f"Where {when.column} is {when.among[0]}, {other.name} is {' or '.join(said)}."
    rule = Rule(
        f"{when.column}={when.among[0]}: {other.name}", sentence, (when,), Test(other.name, said), origin="learned"
    )
    return len(here) * float(np.log(max(share, 1e-9))), rule


def _only_range(
    when: Test, rows: np.ndarray, column: Column, values: np.ndarray, patients: np.ndarray
) -> tuple[float, Rule]:
    """With `when`, a number keeps to one side of a bound that a good part of the others crosses."""
    known = np.isfinite(values)
    here, all_of_them = rows & known, values[known]
    if here.sum() < FEWEST or len(np.unique(patients[here])) < SMALLEST:
        return NOTHING
    spread = float(np.subtract(*np.quantile(all_of_them, [0.9, 0.1]))) / 10
    if spread <= 0:
        return NOTHING
    step = _coarse(max(spread, 1.0) if (all_of_them == np.rint(all_of_them)).all() else spread)
    high, low = (_outer(side * values[here], patients[here], step) for side in (1, -1))
    above = 0.0 if high is None else float((all_of_them > high).mean())
    below = 0.0 if low is None else float((all_of_them < -low).mean())
    if max(above, below) < EXCLUDED:
        return NOTHING
    bound = high if above >= below else low
    assert bound is not None
    then = Test(column.name, high=bound) if above >= below else Test(column.name, low=0.0 - bound)
    words = f"at most {bound:g}" if above >= below else f"at least {0.0 - bound:g}"
    sentence = f"Where {when.column} is {when.among[0]}, {column.name} is {words}."
    rule = Rule(f"{when.column}={when.among[0]}: {column.name}", sentence, (when,), then, origin="learned")
    return int(here.sum()) * float(np.log1p(-max(above, below))), rule


def _outer(values: np.ndarray, patients: np.ndarray, step: float) -> float | None:
    """The eleventh highest patient's value, rounded up to a multiple of `step`.

    None where somebody lies beyond it, and where it is the own value of fewer than eleven patients.
    """
    of_patients = pd.Series(values).groupby(patients).max().to_numpy()
    bound = float(np.ceil(np.sort(of_patients)[-SMALLEST] / step - 1e-9) * step)
    bound = float(f"{bound:.12g}")  # 3 * 0.1 is 0.3
    with_it = len(np.unique(patients[values == bound]))
    return None if (values > bound).any() or 0 < with_it < SMALLEST else bound


def _coarse(spread: float) -> float:
    """The least of 1, 2 and 5 times a power of ten that is not below `spread`."""
    unit = 10.0 ** np.floor(np.log10(spread))
    return float(next(times * unit for times in (1, 2, 5, 10) if times * unit >= spread * (1 - 1e-9)))


def _never_above(a: Column, b: Column, values: dict[str, np.ndarray], patients: np.ndarray) -> tuple[float, Rule]:
    """One number is never above another, though it would be if they had nothing to do with each other."""
    first, second = values[a.name], values[b.name]
    both = np.isfinite(first) & np.isfinite(second)
    if both.sum() < FEWEST or len(np.unique(patients[both])) < SMALLEST:
        return NOTHING
    if (first[both] > second[both]).any() or not (first[both] < second[both]).any():
        return NOTHING
    ordered = np.sort(second[both])
    crossing = float(1 - np.searchsorted(ordered, first[both], side="left").mean() / len(ordered))
    by_chance = 1 - crossing
    if by_chance < 0.05:
        return NOTHING
    sentence = f"{a.name} is not above {b.name}."
    return int(both.sum()) * float(np.log1p(-by_chance)), Rule(
        f"{a.name} and {b.name}", sentence, order=(a.name, b.name), origin="learned"
    )


def _values(inner: Inner) -> tuple[object, ...]:
    assert isinstance(inner.coding, Levels)
    return inner.coding.values


def _other(inner: Inner) -> int | None:
    assert isinstance(inner.coding, Levels)
    return inner.coding.other


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
