"""What was asked of a row model, record by record, as codes of its conditioning columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from medsynth_engine.rows.bands import BANDS, band_numbers, limits
from medsynth_engine.rows.coding import Bins
from medsynth_engine.rows.columns import AGE_BAND, Inner
from medsynth_engine.rows.joint import Request
from medsynth_engine.rows.unusable import UnusableTable


@dataclass(frozen=True)
class Wanted:
    """Requests in groups of equal ones.

    groups   (request, number of records), in the order in which they are drawn
    order    int (n,): which record of the caller the i-th drawn one is
    carried  {column: object array (n,) in drawn order}: values that the result must show where the model cannot draw
             them by itself, None where it can; for the age band the bands that the age must lie in
    """

    groups: tuple[tuple[Request, int], ...]
    order: np.ndarray
    carried: dict[str, np.ndarray]

    def carry(self, decoded: dict[str, np.ndarray], inner: Sequence[Inner], rng: Any, patient: np.ndarray) -> None:
        """Put what was asked for into the decoded columns where the model could not draw it by itself."""
        for name, values in self.carried.items():
            if name == AGE_BAND and (age := next((c.name for c in inner if c.within == AGE_BAND), None)):
                decoded[age] = _inside(decoded[age], values, rng, patient)
            elif name in decoded:
                decoded[name] = _put(decoded[name], values)


def ask(given: pd.DataFrame | None, n: int, asked: Sequence[Inner], conditions: Sequence[str]) -> Wanted:
    """Sort `n` requests into groups. Raises UnusableTable where a column cannot be asked for."""
    if given is None or not len(given.columns) or not n:
        return Wanted(((tuple(None for _ in asked), n),) if n else (), np.arange(n), {})
    if len(given) != n:
        raise UnusableTable("bad_request", "A request must have one row for each record.")
    for number, name in enumerate(given.columns, start=1):
        if name not in conditions:
            raise UnusableTable(
                "not_conditionable",
                f"Column {number} of the request cannot be asked for in this model.",
                "These can: " + (", ".join(conditions) or "none") + ".",
            )
    distinct = {name: _distinct(given[name]) for name in given.columns}
    keys = np.stack([places for places, _ in distinct.values()], axis=1)
    combinations, which = np.unique(keys, axis=0, return_inverse=True)
    which = which.ravel()
    order = np.argsort(which, kind="stable")
    counts = np.bincount(which, minlength=len(combinations))
    cells = {
        name: [values[place] for place in combinations[:, number]]
        for number, (name, (_, values)) in enumerate(distinct.items())
    }
    groups, carried = [], {name: np.full(len(combinations), None, dtype=object) for name in distinct}
    for number, count in enumerate(counts):
        request: list[tuple[int, ...] | None] = [None] * len(asked)
        for axis, column in enumerate(asked):
            if column.name in cells and cells[column.name][number]:
                request[axis], carried[column.name][number] = _codes(column, cells[column.name][number])
                if column.source != column.name:  # the band of an age in years
                    carried[AGE_BAND][number] = _bands(cells[AGE_BAND][number])
        for name in set(cells) - {column.name for column in asked}:  # an age in years: it lies within its band
            if cells[name][number]:
                axis = next(i for i, column in enumerate(asked) if column.name == AGE_BAND)
                request[axis], carried[name][number] = _years(asked[axis], cells[name][number])
        groups.append((tuple(request), int(count)))
    return Wanted(tuple(groups), order, {name: values[which[order]] for name, values in carried.items()})


def _distinct(series: pd.Series) -> tuple[np.ndarray, list[tuple[Any, ...]]]:
    """Each cell as a tuple of the values it allows, empty for none asked; and which distinct one each record has."""
    seen: dict[tuple[Any, ...], int] = {}
    places = np.empty(len(series), dtype=np.int64)
    for row, cell in enumerate(series.to_numpy(dtype=object)):
        allowed = tuple(cell) if isinstance(cell, tuple | list | set | frozenset) else () if pd.isna(cell) else (cell,)
        places[row] = seen.setdefault(allowed, len(seen))
    return places, list(seen)


def _codes(column: Inner, allowed: tuple[Any, ...]) -> tuple[tuple[int, ...] | None, Any]:
    """The codes that may be drawn, and the value to show instead where none of them was learned."""
    coding = column.coding
    codes = tuple(sorted({coding.code(value) for value in allowed} - {coding.missing}))
    if isinstance(coding, Bins):
        return codes or None, allowed[0] if len(allowed) == 1 else None
    return codes or None, None if codes else allowed[0]


def _bands(allowed: tuple[Any, ...]) -> tuple[Any, ...]:
    if any(band not in BANDS for band in allowed):
        raise UnusableTable("bad_request", "There is no such age band.", "There are: " + ", ".join(BANDS) + ".")
    return allowed


def _years(band: Inner, ages: tuple[Any, ...]) -> tuple[tuple[int, ...] | None, Any]:
    number = int(band_numbers(np.array([float(ages[0])]))[0])
    code = band.coding.code(BANDS[number]) if number >= 0 else band.coding.missing
    return (None if code == band.coding.missing else (code,)), float(ages[0])


def _inside(ages: np.ndarray, bands: np.ndarray, rng: Any, patient: np.ndarray) -> np.ndarray:
    """The ages, where they lie outside the bands asked for drawn anew from anywhere in the first; one age a patient.

    That happens only where too few patients were in a band to learn its ages.
    """
    even = rng.random(len(ages))[patient]
    numbers = band_numbers(ages)
    ages = ages.copy()
    for row, allowed in enumerate(bands):
        if allowed is not None and (numbers[row] < 0 or BANDS[numbers[row]] not in allowed):
            low, high = limits(str(allowed[0]))
            ages[row] = low + int(even[row] * (high - low + 1))
    return ages


def _put(values: np.ndarray, new: np.ndarray) -> np.ndarray:
    rows = np.array([value is not None for value in new], dtype=bool)
    values = values.copy()
    values[rows] = new[rows]
    return values
