"""Parity: do groups differ more in the cohort than in reality, and which small crossing of groups is lost?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from medsynth_engine.evidence.intervals import Z95, normal_quantile, wilson
from medsynth_engine.evidence.resampling import spreads
from medsynth_engine.evidence.small_cells import SMALLEST
from medsynth_engine.evidence.tables import GROUPS, group, has, patient_count, patients, present
from medsynth_engine.kernel.evidence import Evidence, not_enough

MOST_FINDINGS = 20
TIMES = 40


def parity(attribute: str, training: pd.DataFrame, synthetic: pd.DataFrame, rng: np.random.Generator) -> list[Evidence]:
    """How much wider the gap of a finding's prevalence between groups is in the cohort than in the real data."""
    real, drawn = group(training, attribute), group(synthetic, attribute)
    owners = patients(training)
    groups = [
        value
        for value, mask in present(real).items()
        if len(np.unique(owners[mask])) >= SMALLEST and (drawn == value).sum() >= SMALLEST
    ]
    there = present(group(synthetic, "finding"))
    findings = dict(list(present(group(training, "finding")).items())[:MOST_FINDINGS])
    method = f"Difference of the gaps max - min P(finding | group), groups of {SMALLEST} patients and records on."
    found, judged = [], []
    for finding, mask in findings.items():
        if len(groups) < 2 or len(np.unique(owners[mask])) < SMALLEST:
            name = f"bias.parity_amplification.{finding}.{attribute}"
            found.append(not_enough(name, len(synthetic), "zero", "too few patients in its groups.", method))
        else:
            judged.append(finding)
    if not judged:
        return found
    nothing = np.zeros(len(synthetic), bool)
    before = _Prevalence.of(real, groups, [findings[name] for name in judged])
    after = _Prevalence.of(drawn, groups, [there.get(name, nothing) for name in judged])
    deviation = spreads(
        lambda rows, records: after.gaps(records) - before.gaps(rows), (owners, patients(synthetic)), rng, TIMES
    )
    gaps = before.gaps(np.arange(len(real))), after.gaps(np.arange(len(drawn)))
    for i, finding in enumerate(judged):
        value, known = float(gaps[1][i] - gaps[0][i]), bool(np.isfinite(deviation[i]))
        found.append(
            Evidence(
                f"bias.parity_amplification.{finding}.{attribute}",
                value,
                value - Z95 * float(deviation[i]) if known else None,
                value + Z95 * float(deviation[i]) if known else None,
                0.0,
                len(drawn),
                "zero",
                "",
                f"The prevalence of {finding} differs by {gaps[1][i]:.1%} between groups of "
                f"{attribute.replace('_', ' ')} in the cohort and by {gaps[0][i]:.1%} in the real data.",
                method,
            )
        )
    return found


@dataclass(frozen=True)
class _Prevalence:
    """Which group each record is of (-1: none of them), and which findings it has."""

    place: np.ndarray
    has: np.ndarray
    count: int

    @classmethod
    def of(cls, values: np.ndarray, groups: list[str], masks: list[np.ndarray]) -> _Prevalence:
        number = {value: i for i, value in enumerate(groups)}
        place = np.array([number.get(value, -1) for value in values], dtype=int)
        return cls(place, np.column_stack(masks).astype(float), len(groups))

    def gaps(self, rows: np.ndarray) -> np.ndarray:
        """Largest minus smallest prevalence over the groups, of each finding; groups not in the draw do not count."""
        place, has_it = self.place[rows], self.has[rows]
        rates = [has_it[place == i].mean(axis=0) for i in range(self.count) if (place == i).any()]
        if not rates:
            return np.full(self.has.shape[1], np.nan)
        gaps: np.ndarray = np.max(rates, axis=0) - np.min(rates, axis=0)
        return gaps


def worst_intersection(training: pd.DataFrame, synthetic: pd.DataFrame) -> Evidence:
    """Of the cells of age band, sex and ethnicity with at least 11 expected in both: the ratio farthest from 1."""
    name = "bias.worst_intersection"
    method = (
        f"Cells with at least {SMALLEST} training patients and as many expected in the cohort; ratio of shares, Wilson "
        "interval widened for the number of cells (Bonferroni)."
    )
    known = [attribute for attribute in GROUPS if has(attribute, training, synthetic)]
    if len(known) < 2:
        return not_enough(name, len(synthetic), "one", "fewer than two of age, sex and ethnicity are known.", method)
    cells = [_cells(table, known) for table in (training, synthetic)]
    owners = patients(training)
    total = sum(cell is not None for cell in cells[1])
    real = {
        cell: (np.array([other == cell for other in cells[0]]))
        for cell in dict.fromkeys(cell for cell in cells[0] if cell is not None)
    }
    whole = sum(int(mask.sum()) for mask in real.values())
    large = {
        cell: float(mask.sum()) / whole
        for cell, mask in real.items()
        if len(np.unique(owners[mask])) >= SMALLEST and mask.sum() / whole * total >= SMALLEST
    }
    if not large or not total:
        return not_enough(name, len(synthetic), "one", f"no cell has {SMALLEST} patients and records.", method)
    n = min(patient_count(synthetic), total, len(np.unique(owners)))
    z = normal_quantile(len(large))
    worst = None
    for cell, share in large.items():
        found = wilson(sum(other == cell for other in cells[1]) / total * n, n, z)
        ratio = max(found.value, 1 / (2 * n)) / share
        if worst is None or abs(np.log(ratio)) > abs(np.log(worst[0])):
            worst = ratio, found.value / share, found.low / share, found.high / share, cell
    assert worst is not None
    return Evidence(
        name,
        worst[1],
        worst[2],
        worst[3],
        1.0,
        total,
        "one",
        "",
        f"Of {len(large)} large enough cells {' / '.join(worst[4])} is the farthest off: {worst[1]:.2f} times as "
        f"common as in the training data; {len(real) - len(large)} smaller cells are not judged.",
        method,
    )


def _cells(table: pd.DataFrame, attributes: list[str]) -> list[tuple[str, ...] | None]:
    columns = [group(table, attribute) for attribute in attributes]
    return [None if any(value is None for value in cell) else tuple(cell) for cell in zip(*columns, strict=True)]
