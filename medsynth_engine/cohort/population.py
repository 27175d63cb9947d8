"""From a request to a plan: how many records of which cell, and what to do about cells that are too small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from medsynth_engine.cohort import target as targets
from medsynth_engine.cohort.cells import AGE_BAND, Training, asked_name, shown
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.escape import plain
from medsynth_engine.rows.bands import BANDS

DEMOGRAPHICS = ("sex", AGE_BAND, "ethnicity")
MOST_CELLS = 2_000

Cell = dict[str, tuple[Any, ...]]
"""For each attribute the training values that may be drawn; more than one where values were merged or mapped."""


@dataclass(frozen=True)
class Plan:
    """How many records of which cell.

    cells     one row a cell: a column with the value (or "A or B") of every asked attribute, and `n`; `n` sum to `n`
    allowed   for each row of `cells`, the training values behind it
    mergers   what was broadened: documents with `cell`, `attribute`, `value`, `merged_with`, `n`
    assumed   sentences about what the population file does not say
    source    name, source, year, licence of the population
    """

    n: int
    attributes: tuple[str, ...]
    cells: pd.DataFrame
    allowed: tuple[Cell, ...]
    mergers: tuple[dict[str, Any], ...] = ()
    assumed: tuple[str, ...] = ()
    source: dict[str, Any] = field(default_factory=dict)

    def given(self, places: np.ndarray | None = None) -> pd.DataFrame:
        """The request for the row model, cell after cell: a cell is a value, or a tuple for any of them.

        places  which of the n records, int (m,); without it all of them. m rows.
        """
        ends = self.cells["n"].to_numpy().cumsum()
        chosen = np.searchsorted(ends, np.arange(self.n) if places is None else places, side="right")
        columns = {}
        for attribute in self.attributes:
            each = np.empty(len(self.allowed), dtype=object)
            for number, cell in enumerate(self.allowed):
                each[number] = cell[attribute][0] if len(cell[attribute]) == 1 else cell[attribute]
            columns[attribute] = each[chosen]
        return pd.DataFrame(columns)

    def document(self) -> dict[str, Any]:
        """For `cohort.json` and the command line. It holds what was asked for, no count of real records."""
        cells = [
            {**{name: plain(row[name]) for name in self.attributes}, "n": int(row["n"])}
            for row in self.cells.to_dict("records")
        ]
        return {
            "attributes": list(self.attributes),
            "cells": cells,
            "mergers": list(self.mergers),
            "assumed": list(self.assumed),
            "population": self.source,
        }


def plan(
    records: pd.DataFrame,
    n: int,
    balance: Sequence[str] = (),
    population: str | Path | Mapping[str, Any] | None = None,
    given: Mapping[str, Any] | None = None,
    small_cells: str = "refuse",
) -> Plan:
    """Decide how many of `n` records each cell gets; the counts add up to `n` exactly (largest remainder).

    records      a dataset's records; only the training fold is looked at
    balance      attributes whose known values shall be equally frequent, jointly
    population   "training", "uniform" (over sex, age band and ethnicity where there are), a population file (path or
                 its parsed document), or None
    given        {attribute: value}: only such records
    small_cells  "refuse", or "broaden": a cell with fewer than 20 images or 10 patients is drawn from its union with
                 the next smallest value (for age the neighbouring band) until it is large enough

    Raises BadInput: `small_cells` with the cells, `unknown_value`, `no_such_attribute`, `bad_population`.
    """
    restricted = {asked_name(name, records): value for name, value in (given or {}).items()}
    target = targets.read(_document(population)) if _is_file(population) else None
    if population == "uniform" and not balance:
        balance = [name for name in DEMOGRAPHICS if name in records or (name == AGE_BAND and "age" in records)]
    balanced = [asked_name(name, records) for name in balance]
    axes = [axis.name for axis in target.axes] if target else []
    attributes = tuple(dict.fromkeys([*axes, *balanced, *restricted]))
    training = Training.of(records, attributes)
    if not attributes:
        return Plan(n, (), pd.DataFrame({"n": [n]}), ({},), source={"name": "training"})
    cells, asked = _asked(training, target, restricted)
    cells = [cell for cell, share in zip(cells, asked, strict=True) if share > 0]
    asked = asked[asked > 0]
    counts = largest_remainder(asked, n)
    labels = [{name: _label(cell[name]) for name in attributes} for cell in cells]
    mergers: list[dict[str, Any]] = []
    if small_cells == "broaden":
        fixed = [_broadened(training, cell) for cell in cells]
        for label, before, after, count in zip(labels, cells, fixed, counts, strict=True):
            mergers += _mergers(label, before, after, int(count))
        cells = fixed
    small = [(cell, count) for cell in cells if (count := training.count(cell)).small]
    if small:
        raise _too_small(small, small_cells)
    shown_cells = [{name: _label(cell[name]) for name in attributes} for cell in cells]
    table = pd.DataFrame(shown_cells, columns=list(attributes)).assign(n=counts)
    source = target.facts if target else {"name": "uniform" if balanced else "training"}
    return Plan(n, attributes, table, tuple(cells), tuple(mergers), target.assumed() if target else (), source)


def largest_remainder(asked: np.ndarray, n: int) -> np.ndarray:
    """Whole numbers that sum to `n` and lie within 1 of `asked * n` (Hamilton's method): int64, like `asked`."""
    exact = np.asarray(asked, dtype=float) / np.sum(asked) * n
    counts = np.floor(exact + 1e-9).astype(np.int64)
    order = np.argsort(-(exact - counts), kind="stable")
    counts[order[: n - counts.sum()]] += 1
    return counts


def _is_file(population: Any) -> bool:
    return population is not None and population not in ("training", "uniform")


def _document(population: Any) -> Path | str | dict[str, Any]:
    return dict(population) if isinstance(population, Mapping) else population


def _asked(
    training: Training, target: targets.Target | None, given: Mapping[str, Any]
) -> tuple[list[Cell], np.ndarray]:
    """Every cell that the request spans, and its share: as the target says, else uniform, then restricted."""
    choices: dict[str, list[tuple[Any, ...]]] = {}
    for name in training.attributes:
        axis = next((axis for axis in target.axes if axis.name == name), None) if target else None
        if axis is not None:
            choices[name] = [_meant(training, name, axis.words[value]) or (value,) for value in axis.shares]
        else:
            choices[name] = [(value,) for value in training.values[name]]
    if np.prod([len(values) for values in choices.values()]) > MOST_CELLS:
        raise BadInput("too_many_cells", "The request has too many cells.", "Ask for fewer attributes at a time.")
    cells = [dict(zip(choices, values, strict=True)) for values in targets.product(list(choices.values()))]
    shape = tuple(len(values) for values in choices.values())
    seed = np.array([training.count(cell).images for cell in cells], dtype=float).reshape(shape)
    names = list(training.attributes)
    share = np.full(shape, 1 / max(1, len(cells)))
    if target is not None:
        axes = [axis.name for axis in target.axes]
        others = tuple(number for number, name in enumerate(names) if name not in axes)
        margin = targets.shares(target, axes, seed.sum(axis=others))  # the axes come first among the attributes
        share = np.broadcast_to(margin.reshape([*margin.shape, *[1] * len(others)]), shape)
    for number, name in enumerate(names):
        if name in given:
            value = training.find(name, given[name])
            kept = np.array([value in values for values in choices[name]])
            share = share * kept.reshape([-1 if axis == number else 1 for axis in range(len(names))])
    if share.sum() <= 0:
        raise BadInput("nothing_asked", "No cell of the request is left.", "Restrict or target fewer attributes.")
    return cells, share.ravel() / share.sum()


def _meant(training: Training, name: str, words: Sequence[str]) -> tuple[Any, ...]:
    """The training values that a population file's value stands for, the most frequent first."""
    values = [value for value in training.values[name] if str(value) in words]
    return tuple(sorted(values, key=lambda value: -training.images(name, value)))


def _broadened(training: Training, cell: Cell) -> Cell:
    """Widen a cell until it is large enough, beginning with the attribute whose value is rarest."""
    rarest_first = sorted(cell, key=lambda name: training.count({name: cell[name]}).images)
    wide = dict(cell)
    for name in rarest_first:
        while training.count(wide).small:
            more = _next(training, name, wide[name])
            if more is None:
                break
            wide[name] = (*wide[name], more)
    return wide


def _next(training: Training, name: str, held: Sequence[Any]) -> Any | None:
    """The value to merge with next: for age the smaller of the neighbouring bands, else the smallest there is."""
    others = [value for value in training.values[name] if value not in held]
    if name == AGE_BAND and set(held) | set(others) <= set(BANDS):
        reach = [BANDS.index(band) for band in held]
        places = [BANDS.index(band) for band in others]
        below = [place for place in places if place < min(reach)]
        above = [place for place in places if place > max(reach)]
        others = [BANDS[place] for place in (*below[-1:], *above[:1])]
    return min(others, key=lambda value: training.images(name, value), default=None)


def _mergers(label: dict[str, str], before: Cell, after: Cell, n: int) -> list[dict[str, Any]]:
    cell = {name: plain(value) for name, value in label.items()}
    return [
        {
            "cell": cell,
            "attribute": name,
            "value": cell[name],
            "merged_with": [plain(value) for value in after[name][len(before[name]) :]],
            "n": n,
        }
        for name in before
        if len(after[name]) > len(before[name])
    ]


def _too_small(small: list[tuple[Cell, Any]], small_cells: str) -> BadInput:
    lines = [
        ", ".join(f"{plain(name, 40)}={plain(_label(values), 80)}" for name, values in cell.items())
        + f": {shown(count.images)} images, {shown(count.patients)} patients"
        for cell, count in small[:12]
    ]
    more = f"; and {len(small) - 12} more" if len(small) > 12 else ""
    way_out = "Bring in more patients." if small_cells == "broaden" else "Draw from wider cells: --small-cells broaden."
    return BadInput(
        "small_cells",
        f"{len(small)} of the cells asked for have fewer than 20 training images or 10 patients.",
        "; ".join(lines) + more + ". " + way_out,
    )


def _label(values: Sequence[Any]) -> str:
    return " or ".join(str(value) for value in values)
