"""Parity: do groups differ more in the cohort than in reality, and which small crossing of groups is lost?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from medsynth_engine.evidence.intervals import Z95, normal_quantile, wilson
from medsynth_engine.evidence.resampling import spread
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
    findings = present(group(training, "finding"))
    there = present(group(synthetic, "finding"))
    found = []
    for finding, mask in list(findings.items())[:MOST_FINDINGS]:
        name = f"bias.parity_amplification.{finding}.{attribute}"
        method = f"Difference of the gaps max - min P(finding | group), groups of {SMALLEST} patients and records on."
        if len(groups) < 2 or len(np.unique(owners[mask])) < SMALLEST:
            found.append(not_enough(name, len(synthetic), "zero", "too few patients in its groups.", method))
            continue
        shown = there.get(finding, np.zeros(len(synthetic), bool))
        found.append(
            _amplification(
                finding, attribute, (real, mask, owners), (drawn, shown, patients(synthetic)), groups, method, rng
            )
        )
    return found


def _amplification(
    finding: str,
    attribute: str,
    real: tuple[np.ndarray, np.ndarray, np.ndarray],
    drawn: tuple[np.ndarray, np.ndarray, np.ndarray],
    groups: list[str],
    method: str,
    rng: np.random.Generator,
) -> Evidence:
    before = _gap([real[1][real[0] == value] for value in groups])
    after = _gap([drawn[1][drawn[0] == value] for value in groups])

    def again(rows: np.ndarray, records: np.ndarray) -> float:
        old = _gap([real[1][rows][real[0][rows] == value] for value in groups])
        new = _gap([drawn[1][records][drawn[0][records] == value] for value in groups])
        return new - old

    deviation = spread(again, (real[2], drawn[2]), rng, TIMES)
    value = after - before
    bounds = (value - Z95 * deviation, value + Z95 * deviation) if np.isfinite(deviation) else (None, None)
    return Evidence(
        f"bias.parity_amplification.{finding}.{attribute}",
        value,
        bounds[0],
        bounds[1],
        0.0,
        len(drawn[0]),
        "zero",
        "",
        f"The prevalence of {finding} differs by {after:.1%} between groups of {attribute.replace('_', ' ')} in the "
        f"cohort and by {before:.1%} in the real data.",
        method,
    )


def _gap(parts: list[np.ndarray]) -> float:
    rates = [float(part.mean()) for part in parts if len(part)]
    return max(rates) - min(rates) if rates else float("nan")


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
