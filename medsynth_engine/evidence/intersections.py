"""Crossings of age band, sex and ethnicity: which of the large enough ones is farthest from its share?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from medsynth_engine.evidence.intervals import Interval, normal_quantile, wilson
from medsynth_engine.evidence.small_cells import SMALLEST, hidden
from medsynth_engine.evidence.tables import GROUPS, group, has, patient_count, patients
from medsynth_engine.kernel.evidence import Evidence, not_enough

NAME = "bias.worst_intersection"
LISTED = 5
METHOD = (
    f"Cells with at least {SMALLEST} training patients and as many records expected in the cohort; ratio of shares, "
    "Wilson interval at n_eff widened for the number of cells (Bonferroni)."
)
Cell = tuple[str, ...]


@dataclass(frozen=True)
class Crossed:
    """One crossing: its values, the ratio of its share in the cohort to that in the training data, and how far off."""

    cell: Cell
    ratio: Interval
    distance: float


@dataclass(frozen=True)
class Intersections:
    """The crossings that may be judged, farthest off first; how many were not; records and patients behind them."""

    attributes: tuple[str, ...]
    judged: tuple[Crossed, ...]
    left_out: int
    records: int


def intersections(training: pd.DataFrame, synthetic: pd.DataFrame) -> Intersections:
    """All crossings of the attributes of people that both tables know. A record that misses one is left out.

    A crossing of 1 to 10 training patients, or one that would give such a number away beside the shares of each
    attribute's values, is counted and not told.
    """
    known = tuple(attribute for attribute in GROUPS if has(attribute, training, synthetic))
    if len(known) < 2:
        return Intersections(known, (), 0, len(synthetic))
    real, drawn = _cells(training, known), _cells(synthetic, known)
    owners = patients(training)
    people = {cell: len({owners[i] for i in places}) for cell, places in real.items()}
    cover = _covered(people)
    whole, total = (sum(len(places) for places in cells.values()) for cells in (real, drawn))
    expected = {cell: len(places) / whole for cell, places in real.items()}
    large = [
        cell for cell in people if cell not in cover and people[cell] >= SMALLEST and expected[cell] * total >= SMALLEST
    ]
    if not large:
        return Intersections(known, (), len(real), total)
    n = min(patient_count(synthetic), total, len(np.unique(owners)))
    z = normal_quantile(len(large))
    judged = [_crossed(cell, len(drawn.get(cell, ())) / total, expected[cell], n, z) for cell in large]
    judged.sort(key=lambda each: (-each.distance, each.cell))
    return Intersections(known, tuple(judged), len(real) - len(large), total)


def _covered(people: dict[Cell, int]) -> set[Cell]:
    """The crossings that must not be told: the margins of every attribute are known from its table."""
    values = [sorted(set(axis)) for axis in zip(*people, strict=True)]
    table = np.zeros([len(axis) for axis in values], dtype=int)
    places = {cell: tuple(axis.index(v) for axis, v in zip(values, cell, strict=True)) for cell in people}
    for cell, place in places.items():
        table[place] = people[cell]
    gone = hidden(table) if people else table.astype(bool)
    return {cell for cell, place in places.items() if gone[place]}


def _crossed(cell: Cell, share: float, expected: float, n: int, z: float) -> Crossed:
    found = wilson(share * n, n, z)
    ratio = Interval(found.value / expected, found.low / expected, found.high / expected, n)
    return Crossed(cell, ratio, abs(float(np.log(max(found.value, 1 / (2 * n)) / expected))))


def _cells(table: pd.DataFrame, attributes: tuple[str, ...]) -> dict[Cell, list[int]]:
    """The records of each crossing."""
    found: dict[Cell, list[int]] = {}
    for place, cell in enumerate(zip(*(group(table, attribute) for attribute in attributes), strict=True)):
        if None not in cell:
            found.setdefault(cell, []).append(place)
    return found


def worst_intersection(training: pd.DataFrame, synthetic: pd.DataFrame) -> Evidence:
    """Of the crossings with at least 11 expected in both: the ratio farthest from 1."""
    found = intersections(training, synthetic)
    if len(found.attributes) < 2:
        why = "fewer than two of age, sex and ethnicity are known."
        return not_enough(NAME, len(synthetic), "one", why, METHOD)
    if not found.judged:
        return not_enough(NAME, len(synthetic), "one", f"no cell has {SMALLEST} patients and records.", METHOD)
    worst = found.judged[0]
    return Evidence(
        NAME,
        worst.ratio.value,
        worst.ratio.low,
        worst.ratio.high,
        1.0,
        found.records,
        "one",
        "",
        f"Of {len(found.judged)} large enough cells {' / '.join(worst.cell)} is the farthest off: "
        f"{worst.ratio.value:.2f} times as common as in the training data; {found.left_out} smaller cells are not "
        "judged.",
        METHOD,
    )


def intersection_table(training: pd.DataFrame, synthetic: pd.DataFrame) -> dict[str, Any]:
    """`attributes`; `rows`, the five farthest off: `cell`, `ratio`, `low`, `high`; counts `judged` and `left_out`."""
    found = intersections(training, synthetic)
    rows = [
        {"cell": list(each.cell), "ratio": each.ratio.value, "low": each.ratio.low, "high": each.ratio.high}
        for each in found.judged[:LISTED]
    ]
    counts = {"judged": len(found.judged), "left_out": found.left_out}
    return {"attributes": list(found.attributes), "rows": rows, **counts}
