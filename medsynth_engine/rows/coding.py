"""A column as small whole numbers: the only form in which anything is learned, and the place where rare values go.

Code `missing` (the highest) stands for missing and for values that are not learned. What is learned rests on at least
`SMALLEST` patients: a category, a bin of a number, a missing level, and where the tails of a number end (evidence.md
3.3; the CMS rule of eleven).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from medsynth_engine.rows.table import numbers

SMALLEST = 11
"""As `kernel.small_cells`, which this package does not know: it can be taken out and used (a test compares them)."""
OTHER = "other"
BINS = 100
"""A number is learned to about a hundredth of its patients; within a bin it is drawn evenly on the column's grid."""


@dataclass(frozen=True)
class Levels:
    """A column of words (or few values): codes 0.. in the order of `values`, `missing` last.

    `other` is the code of the level into which rare words were merged, or None. `missing_learned` says whether missing
    is an outcome that can be drawn.
    """

    values: tuple[Any, ...]
    other: int | None = None
    missing_learned: bool = False
    ordered: bool = False
    rare: frozenset[Any] = field(default=frozenset(), compare=False, repr=False)  # only while learning; never stored

    @property
    def missing(self) -> int:
        return len(self.values)

    @property
    def size(self) -> int:
        return len(self.values) + 1

    @classmethod
    def learn(cls, series: pd.Series, patients: np.ndarray, words: bool) -> Levels:
        """Keep the values that at least eleven patients have. `words`: rare ones may be called "other"."""
        supports = support(series, patients)
        common = sorted((value for value, count in supports.items() if count >= SMALLEST), key=_by_type_then_text)
        values = [_plain(value) for value in common]
        rare = frozenset(supports) - frozenset(common)
        spare = series.isin(list(rare)).to_numpy() & series.notna().to_numpy()
        absent = series.isna().to_numpy()
        other = None
        if words and rare:
            named = next((i for i, value in enumerate(values) if str(value).strip().lower() == OTHER), None)
            if named is not None or len(np.unique(patients[spare])) >= SMALLEST:
                other = len(values) if named is None else named
                values += [OTHER] if named is None else []
                spare = np.zeros(len(series), dtype=bool)
        # Rare values that fill no level of their own count as missing, but only where enough patients hide among them.
        learned = len(np.unique(patients[absent | spare])) >= SMALLEST
        return cls(tuple(values), other, learned, rare=rare)

    def encode(self, series: pd.Series) -> np.ndarray:
        """int32 codes; a value that was not learned gets `other` while learning, `missing` afterwards."""
        table = {value: code for code, value in enumerate(self.values)}
        if self.other is not None:
            table.update({_plain(value): self.other for value in self.rare})
        places, distinct = pd.factorize(series)  # -1 where missing, which picks the last entry below
        codes = [table.get(_plain(value), self.missing) for value in distinct]
        return np.array([*codes, self.missing], dtype=np.int32)[places]

    def code(self, value: Any) -> int:
        """The code of one value that was asked for: compared as it is, then by its text."""
        for code, known in enumerate(self.values):
            if known == value or str(known) == str(value):
                return code
        return self.missing

    def decode(self, codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        names = np.empty(self.size, dtype=object)
        names[: len(self.values)] = list(self.values)
        return names[codes]

    def document(self) -> dict[str, Any]:
        kept = {"values": list(self.values), "other": self.other}
        return {"kind": "levels", **kept, "missing": self.missing_learned, "ordered": self.ordered}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Levels:
        return cls(tuple(document["values"]), document["other"], document["missing"], document["ordered"])


@dataclass(frozen=True)
class Bins:
    """A column of numbers: code i is the bin from `lows[i]` to `highs[i]`, both included; `missing` is the last code.

    `step` is the column's own grid (0 where it has none) and `decimals` how it is written.
    """

    lows: tuple[float, ...]
    highs: tuple[float, ...]
    step: float = 0.0
    decimals: int | None = None
    missing_learned: bool = False
    ordered: bool = True

    @property
    def missing(self) -> int:
        return len(self.lows)

    @property
    def size(self) -> int:
        return len(self.lows) + 1

    @classmethod
    def learn(cls, series: pd.Series, patients: np.ndarray, cuts: Sequence[float] = ()) -> Bins:
        """Bins of about a hundredth of the patients, at least eleven each.

        None lies across one of `cuts`, except where fewer than eleven patients are on one side of it.
        """
        values = numbers(series)
        known = np.isfinite(values)
        absent_enough = len(np.unique(patients[~known])) >= SMALLEST
        decimals, step = grid(values[known])
        bins: list[tuple[float, float]] = []
        for low, high in pairwise(_held_cuts(values[known], patients[known], cuts)):
            inside = known & (values >= low) & (values < high)
            bins += _bins(values[inside], patients[inside])
        bins = _top_code(bins, values[known], step)
        lows, highs = zip(*bins, strict=True) if bins else ((), ())
        return cls(tuple(lows), tuple(highs), step, decimals, absent_enough)

    def encode(self, series: pd.Series) -> np.ndarray:
        """int32 codes; what lies outside every bin goes to the nearest one."""
        values = numbers(series)
        if not self.lows:
            return np.full(len(values), self.missing, dtype=np.int32)
        lows, highs = np.array(self.lows), np.array(self.highs)
        filled = np.where(np.isfinite(values), values, lows[0])
        after = np.clip(np.searchsorted(lows, filled, side="right"), 1, len(lows)) - 1
        following = np.minimum(after + 1, len(lows) - 1)
        nearer = (filled > highs[after]) & (lows[following] - filled < filled - highs[after])
        return np.where(np.isfinite(values), np.where(nearer, following, after), self.missing).astype(np.int32)

    def code(self, value: Any) -> int:
        return int(self.encode(pd.Series([value]))[0])

    def decode(self, codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """float64 values, evenly spread within each bin on the column's grid; NaN where missing."""
        even = rng.random(len(codes))  # drawn for every row, so that the stream does not depend on what is missing
        if not self.lows:
            return np.full(len(codes), np.nan)
        known = codes < self.missing
        picked = np.where(known, codes, 0)
        low, high = np.array(self.lows)[picked], np.array(self.highs)[picked]
        if self.step > 0:
            places = np.rint((high - low) / self.step)
            drawn = low + self.step * np.minimum(np.floor(even * (places + 1)), places)
        else:
            drawn = low + even * (high - low)
        if self.decimals is not None:
            drawn = np.clip(np.round(drawn, self.decimals), low, high)
        return np.where(known, drawn, np.nan)

    def document(self) -> dict[str, Any]:
        kept = {"lows": list(self.lows), "highs": list(self.highs), "step": self.step, "decimals": self.decimals}
        return {"kind": "bins", **kept, "missing": self.missing_learned}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Bins:
        lows, highs = tuple(map(float, document["lows"])), tuple(map(float, document["highs"]))
        return cls(lows, highs, float(document["step"]), document["decimals"], document["missing"])


Coding = Levels | Bins


def coding_from_document(document: dict[str, Any]) -> Coding:
    return Levels.from_document(document) if document["kind"] == "levels" else Bins.from_document(document)


def support(series: pd.Series, patients: np.ndarray) -> dict[Any, int]:
    """How many distinct patients have each value."""
    known = series.notna().to_numpy()
    pairs = pd.DataFrame({"value": series.to_numpy()[known], "patient": patients[known]}).drop_duplicates()
    return {value: int(count) for value, count in pairs["value"].value_counts(sort=False).items()}


def grid(values: np.ndarray) -> tuple[int | None, float]:
    """Decimals and step of the grid on which every value lies; (None, 0) where there is none of up to six decimals."""
    if not len(values):
        return 0, 1.0
    largest = float(np.abs(values).max())
    for decimals in range(7):
        scaled = values * 10.0**decimals
        if largest * 10.0**decimals >= 2**52:
            break
        if np.allclose(scaled, np.rint(scaled), rtol=1e-12, atol=0):
            whole = np.rint(scaled).astype(np.int64)
            common = int(np.gcd.reduce(whole - whole.min()))
            return decimals, (common or 1) / 10.0**decimals
    return None, 0.0


def _held_cuts(values: np.ndarray, patients: np.ndarray, cuts: Sequence[float]) -> list[float]:
    """The cuts, between infinities, without those that would leave fewer than eleven patients between two."""
    edges = [-np.inf]
    for cut in cuts:
        if len(np.unique(patients[(values >= edges[-1]) & (values < cut)])) >= SMALLEST:
            edges.append(float(cut))
    while len(edges) > 1 and len(np.unique(patients[values >= edges[-1]])) < SMALLEST:
        edges.pop()
    return [*edges, np.inf]


def _bins(values: np.ndarray, patients: np.ndarray) -> list[tuple[float, float]]:
    """Cut values into bins of enough patients each; a value that alone has enough keeps a bin of its own.

    What is too few for a bin widens the one before, but never one of a single value: a code that most have would be
    spread over codes that nobody has. It is then left to `encode`, which takes the nearest bin.
    """
    if not len(values):
        return []
    order = np.argsort(values, kind="stable")
    values, patients = values[order], patients[order]
    starts = np.flatnonzero(np.r_[True, values[1:] != values[:-1]])
    wanted = max(SMALLEST, len(np.unique(patients)) // BINS)
    bins: list[tuple[float, float]] = []
    inside: set[int] = set()
    low = last = float(values[0])
    for start, end in zip(starts, np.r_[starts[1:], len(values)], strict=True):
        value, here = float(values[start]), set(patients[start:end].tolist())
        if inside and len(here) >= wanted and (bins or len(inside) >= SMALLEST):
            if len(inside) >= SMALLEST:
                bins.append((low, last))
            elif bins[-1][0] < bins[-1][1]:
                bins[-1] = (bins[-1][0], last)
            inside = set()
        low = low if inside else value
        inside |= here
        last = value
        if len(inside) >= wanted:
            bins.append((low, value))
            inside = set()
    if inside and bins and bins[-1][0] < bins[-1][1]:  # The rest is too few for a bin of its own.
        bins[-1] = (bins[-1][0], last)
    return bins


def _top_code(bins: list[tuple[float, float]], values: np.ndarray, step: float) -> list[tuple[float, float]]:
    """Replace the outermost edges, which single patients set, by what the whole bin says.

    The tail is drawn evenly from its inner edge to that edge's mirror image at the bin's median (for a lone bin: to
    twice the distance of its quartiles), never beyond the real extreme. Both rest on eleven patients or more.
    """
    if not bins:
        return bins
    (first_low, first_high), (last_low, last_high) = bins[0], bins[-1]
    below = values[(values >= first_low) & (values <= first_high)]
    above = values[(values >= last_low) & (values <= last_high)]
    middle = float(np.quantile(below, 0.5, method="nearest"))
    if len(bins) == 1:
        lower, upper = (float(np.quantile(below, share, method="nearest")) for share in (0.25, 0.75))
        low = _toward(middle, max(first_low, 2 * lower - middle), step)
        return [(low, _toward(middle, min(first_high, 2 * upper - middle), step))]
    low = _toward(first_high, max(first_low, 2 * middle - first_high), step)
    middle = float(np.quantile(above, 0.5, method="nearest"))
    high = _toward(last_low, min(last_high, 2 * middle - last_low), step)
    return [(low, first_high), *bins[1:-1], (last_low, high)]


def _toward(anchor: float, edge: float, step: float) -> float:
    """The last value on the grid through `anchor` that is not beyond `edge`."""
    if step <= 0:
        return edge
    places = np.floor(abs(edge - anchor) / step + 1e-9) * step
    return float(anchor + places if edge >= anchor else anchor - places)


def _plain(value: Any) -> Any:
    """A numpy scalar as Python's own, so that it goes into JSON and compares by value."""
    return value.item() if isinstance(value, np.generic) else value


def _by_type_then_text(value: Any) -> tuple[int, float, str]:
    if isinstance(value, int | float | np.number) and not isinstance(value, bool):
        return 0, float(value), ""
    return 1, 0.0, str(value)
