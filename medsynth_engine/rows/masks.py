"""Rules as codes that may not be drawn: what lets every learner obey them without a reject loop.

A rule is a conjunction that must never be true: every test of `when` holds, and `then` does not. On codes each part is
a mask; a bin of a number that only partly breaks a rule counts as breaking it. The conjunction is enforced where its
last column is drawn: there the code that would complete it is forbidden. Missing never is, so a draw always exists.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from medsynth_engine.rows.bands import BANDS, band_numbers
from medsynth_engine.rows.coding import Bins, Levels
from medsynth_engine.rows.columns import AGE_BAND, Inner, ages_of_bands
from medsynth_engine.rows.rule import Rule, Test


@dataclass(frozen=True)
class Conjunction:
    """`parts[i]` (bool over the codes of column `columns[i]`) must never all be true; columns ascend."""

    columns: tuple[int, ...]
    parts: tuple[np.ndarray, ...]
    rule: Rule

    def forbidden(self, codes: np.ndarray) -> np.ndarray:
        """bool (n, size): codes of the last column that would break it in each row of `codes` (n, columns)."""
        fires = np.ones(len(codes), dtype=bool)
        for column, part in zip(self.columns[:-1], self.parts[:-1], strict=True):
            fires &= part[codes[:, column]]
        return fires[:, None] & self.parts[-1][None, :]

    def between(self) -> np.ndarray:
        """bool: which codes of its two columns never stand beside each other."""
        return self.parts[0][:, None] & self.parts[1][None, :]

    def cells(self, shape: tuple[int, ...]) -> np.ndarray:
        broken = np.ones(shape, dtype=bool)
        for column, part in zip(self.columns, self.parts, strict=True):
            broken &= part.reshape([-1 if axis == column else 1 for axis in range(len(shape))])
        return broken


@dataclass(frozen=True)
class Pair:
    """`table[i, j]`: code i of the first column never stands beside code j of the second; columns ascend."""

    columns: tuple[int, int]
    table: np.ndarray
    rule: Rule

    def forbidden(self, codes: np.ndarray) -> np.ndarray:
        return self.table[codes[:, self.columns[0]]]

    def cells(self, shape: tuple[int, ...]) -> np.ndarray:
        places = [size if axis in self.columns else 1 for axis, size in enumerate(shape)]
        return np.broadcast_to(self.table.reshape(places), shape)


@dataclass(frozen=True)
class Masks:
    """The rules for columns that are drawn in the order of their numbers.

    ahead  for a column the later ones that a rule ties to it alone and that are never missing: what would leave one of
           them no code is forbidden already (forward checking, Haralick & Elliott 1980); where that would leave
           the column itself nothing, the later one goes missing instead
    inside for a column within another (age in its band) that column, and bool (its codes, codes): which lie in which
    """

    by_last: dict[int, tuple[Conjunction | Pair, ...]]
    ahead: dict[int, dict[int, np.ndarray]]
    inside: dict[int, tuple[int, np.ndarray]]

    @classmethod
    def of(cls, rules: Iterable[Rule], inner: Sequence[Inner]) -> Masks:
        """Rules on columns that are not there say nothing."""
        found: dict[int, list[Conjunction | Pair]] = {}
        for rule in rules:
            for one in _ordered(rule, inner) if rule.order else _conjunctions(rule, inner):
                found.setdefault(one.columns[-1], []).append(one)
        ahead: dict[int, dict[int, np.ndarray]] = {}
        for later, parts in found.items():
            if not inner[later].coding.missing_learned and inner[later].within is None:
                for part in parts:
                    if len(part.columns) == 2:
                        sizes = tuple(inner[number].coding.size for number in part.columns)
                        broken = part.between() if isinstance(part, Conjunction) else part.table
                        tied = ahead.setdefault(part.columns[0], {})
                        tied[later] = tied.get(later, np.zeros(sizes, dtype=bool)) | broken
        bands = {column.name: number for number, column in enumerate(inner)}
        inside = {
            number: (bands[column.within], ages_of_bands(column, inner[bands[column.within]]))
            for number, column in enumerate(inner)
            if column.within
        }
        return cls({number: tuple(parts) for number, parts in found.items()}, ahead, inside)

    def __bool__(self) -> bool:
        return bool(self.by_last)

    def forbidden(self, number: int, codes: np.ndarray, firsts: np.ndarray | None = None) -> np.ndarray | None:
        """bool (n, size) of column `number`, None where no rule speaks about it.

        firsts  where the column is drawn once a patient: the place of each patient's first record. What one of the
                records forbids is forbidden.
        """
        if not len(codes):
            return None
        masks = [part.forbidden(codes) for part in self.by_last.get(number, ())]
        dead = [self._dead_end(number, later, broken, codes) for later, broken in self.ahead.get(number, {}).items()]
        if not masks and not dead:
            return None
        if firsts is not None:
            masks, dead = ([np.logical_or.reduceat(one, firsts, axis=0) for one in some] for some in (masks, dead))
        found = np.logical_or.reduce(masks) if masks else np.zeros_like(dead[0])
        within, table = self.inside.get(number, (number, None))
        own = True if table is None else table[codes[:, within] if firsts is None else codes[firsts, within]]
        for mask in dead:
            left = (~(found | mask) & own)[:, :-1].any(axis=1)
            found = found | (mask & left[:, None])
        return found

    def _dead_end(self, number: int, later: int, broken: np.ndarray, codes: np.ndarray) -> np.ndarray:
        """bool (n, size): codes of a column beside which a later one would have none left but missing."""
        left = np.ones((len(codes), broken.shape[1]), dtype=bool)
        for part in self.by_last[later]:
            if all(column < number for column in part.columns[:-1]):
                left &= ~part.forbidden(codes)
        left[:, -1] = False
        choices = left.astype(np.float32) @ (~broken).astype(np.float32).T
        return (choices == 0) & (left.sum(axis=1) > 0)[:, None]

    def joint(self, shape: tuple[int, ...]) -> tuple[np.ndarray, tuple[Rule, ...]] | None:
        """Which cells of the joint of the first columns obey, and the rules about them; None where there are none."""
        parts = [part for last, some in self.by_last.items() if last < len(shape) for part in some]
        if not parts:
            return None
        broken = np.zeros(shape, dtype=bool)
        for part in parts:
            broken |= part.cells(shape)
        return ~broken, tuple(part.rule for part in parts)


def _conjunctions(rule: Rule, inner: Sequence[Inner]) -> list[Conjunction]:
    """One for each way in which the tests of `when` can hold (labels of a finding are columns of their own)."""
    assert rule.then is not None
    found = []
    for alternative in product(*(_holding(test, inner) for test in rule.when)):
        for number, part in _violated(rule.then, inner).items():
            together = {number: part}
            for column, mask in alternative:
                together[column] = together[column] & mask if column in together else mask
            found.append(_conjunction(together, rule))
            found += [_conjunction(lifted, rule) for lifted in [_with_band(together, inner)] if lifted]
    return found


def _conjunction(parts: dict[int, np.ndarray], rule: Rule) -> Conjunction:
    columns = tuple(sorted(parts))
    return Conjunction(columns, tuple(parts[number] for number in columns), rule)


def _holding(test: Test, inner: Sequence[Inner]) -> list[tuple[int, np.ndarray]]:
    """For each column a test looks at: the codes with which it may hold."""
    found = []
    for number, column in _of(test.column, inner):
        if column.label is not None:
            if test.names(column.label):
                found.append((number, np.array([value is True for value in _values(column)] + [False])))
        elif isinstance(column.coding, Bins):
            if not test.of_words:
                low, high = _limits(test)
                lows, highs = np.array(column.coding.lows), np.array(column.coding.highs)
                found.append((number, np.r_[(highs >= low) & (lows <= high), False].astype(bool)))
        elif test.of_words:
            holds = [test.of_text(value, every=False) for value in _values(column)]
            found.append((number, np.array([*holds, False], dtype=bool)))
    return found


def _violated(test: Test, inner: Sequence[Inner]) -> dict[int, np.ndarray]:
    """For each column a test looks at: the codes with which it may fail."""
    found: dict[int, np.ndarray] = {}
    for number, column in _of(test.column, inner):
        if column.label is not None:
            if test.of_words and not test.names(column.label):
                found[number] = np.array([value is True for value in _values(column)] + [False])
        elif isinstance(column.coding, Bins):
            if not test.of_words:
                low, high = _limits(test)
                lows, highs = np.array(column.coding.lows), np.array(column.coding.highs)
                found[number] = np.r_[(lows < low) | (highs > high), False].astype(bool)
        elif test.of_words:
            passes = [test.of_text(value, True) for value in _values(column)]
            found[number] = np.r_[~np.array(passes, dtype=bool), False].astype(bool)
    return found


def _ordered(rule: Rule, inner: Sequence[Inner]) -> list[Pair]:
    """The first must not be above the second: bins that end above the end of the other's. The rest `lifted` mends."""
    assert rule.order is not None
    first, second = (next(iter(_days(name, inner) or _of(name, inner)), None) for name in rule.order)
    if first is None or second is None or first[0] == second[0]:
        return []
    same_start = first[1].since == second[1].since
    if not (isinstance(first[1].coding, Bins) and isinstance(second[1].coding, Bins) and same_start):
        return []
    table = np.array(first[1].coding.highs)[:, None] > np.array(second[1].coding.highs)[None, :]
    table = np.pad(table, ((0, 1), (0, 1)))  # missing stands beside everything
    numbers = first[0], second[0]
    return [Pair(numbers, table, rule) if numbers[0] < numbers[1] else Pair(numbers[::-1], table.T.copy(), rule)]


def _with_band(parts: dict[int, np.ndarray], inner: Sequence[Inner]) -> dict[int, np.ndarray]:
    """The same conjunction about the age's band, where a whole band breaks it: bands are drawn before ages."""
    for number, part in parts.items():
        if inner[number].within == AGE_BAND:
            band = next(i for i, column in enumerate(inner) if column.name == AGE_BAND)
            ages, bands = inner[number].coding, inner[band].coding
            assert isinstance(ages, Bins) and isinstance(bands, Levels)
            of_age = band_numbers((np.array(ages.lows) + np.array(ages.highs)) / 2)
            whole = [bool(part[:-1][of_age == BANDS.index(value)].all()) for value in bands.values]
            rest = {other: mask for other, mask in parts.items() if other not in (number, band)}
            mask = np.array([*whole, False], dtype=bool)
            return {**rest, band: mask & parts[band] if band in parts else mask}
    return {}


def _days(name: str, inner: Sequence[Inner]) -> list[tuple[int, Inner]]:
    """The coded column that says how long after the first day a day is: two of them compare as the days do."""
    return [(number, column) for number, column in enumerate(inner) if column.source == name and column.since]


def _of(name: str, inner: Sequence[Inner]) -> list[tuple[int, Inner]]:
    """The coded columns that hold a column's values: one, or one for each of its labels; of an age not its band."""
    found = [(number, column) for number, column in enumerate(inner) if column.source == name]
    if any(column.since for _, column in found):
        return []  # a day is a sum of two: bounds of it are left to `obeyed`
    named = [pair for pair in enumerate(inner) if pair[1].name == name]
    return named or [pair for pair in found if pair[1].name != AGE_BAND]


def _values(column: Inner) -> tuple[object, ...]:
    assert isinstance(column.coding, Levels)
    return column.coding.values


def _limits(test: Test) -> tuple[float, float]:
    return -np.inf if test.low is None else test.low, np.inf if test.high is None else test.high
