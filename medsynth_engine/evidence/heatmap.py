"""The pathology prevalence heatmap: how common each finding is in each group, real and synthetic."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from medsynth_engine.evidence.intervals import difference, wilson
from medsynth_engine.evidence.resampling import effective, rate
from medsynth_engine.evidence.small_cells import hidden_shares
from medsynth_engine.evidence.tables import GROUPS, group, has, patients, present

MOST_FINDINGS = 20
MATRICES = ("training", "synthetic", "difference", "low", "high", "flag")


def prevalence_heatmap(training: pd.DataFrame, synthetic: pd.DataFrame) -> list[dict[str, Any]]:
    """One document per attribute of the patients: `attribute`, `rows` (findings), `columns` (groups), and matrices.

    `training`, `synthetic`: shares 0 to 1; `difference`, `low`, `high`: synthetic - training with its 95 % interval
    (Newcombe, patients as trials); `flag`: True where that excludes 0. A real number that must not be shown is None:
    1 to 10 patients with, or without, the finding, what would give such a number away, and beside one a share of
    nobody or of everybody, which would tell where the hidden patients are.
    """
    if not has("finding", training, synthetic):
        return []
    return [_one(attribute, training, synthetic) for attribute in GROUPS if has(attribute, training, synthetic)]


def _one(attribute: str, training: pd.DataFrame, synthetic: pd.DataFrame) -> dict[str, Any]:
    real, drawn = group(training, attribute), group(synthetic, attribute)
    groups = sorted({*present(real), *present(drawn)})
    findings, there = present(group(training, "finding")), present(group(synthetic, "finding"))
    names = list(dict.fromkeys([*findings, *there]))[:MOST_FINDINGS]
    nobody, nothing = np.zeros(len(training), bool), np.zeros(len(synthetic), bool)
    gone = suppressed(real, groups, [findings.get(name, nobody) for name in names], patients(training))
    document: dict[str, Any] = {"finding": "finding", "attribute": attribute, "rows": names, "columns": groups}
    document |= {key: [] for key in MATRICES}
    for i, name in enumerate(names):
        has_it, shows_it = findings.get(name, nobody), there.get(name, nothing)
        cells = [
            _cell(
                has_it[real == value],
                patients(training)[real == value],
                shows_it[drawn == value],
                patients(synthetic)[drawn == value],
                bool(gone[i, j]),
            )
            for j, value in enumerate(groups)
        ]
        for key, column in zip(MATRICES, zip(*cells, strict=True), strict=True):
            document[key].append(list(column))
    return document


def suppressed(real: np.ndarray, groups: list[str], masks: list[np.ndarray], owners: np.ndarray) -> np.ndarray:
    """bool (findings, groups): cells whose real share must not be shown. `masks`: who has which finding."""
    counts = [[len(np.unique(owners[mask & (real == value)])) for value in groups] for mask in masks]
    sizes = np.array([len(np.unique(owners[real == value])) for value in groups], dtype=int)
    return hidden_shares(np.array(counts, dtype=int).reshape(len(masks), len(groups)), sizes)


def _cell(
    real: np.ndarray, owners: np.ndarray, drawn: np.ndarray, drawn_owners: np.ndarray, suppressed: bool
) -> tuple[float | None, float | None, float | None, float | None, float | None, bool]:
    """One cell of each of MATRICES."""
    share = round(float(drawn.mean()), 3) if len(drawn) else None
    if suppressed or not len(real) or not len(drawn):
        return None, share, None, None, None, False
    before = rate(real, owners)
    # n_eff: drawing more records is no more evidence
    trials = min(effective(drawn, drawn_owners), len(np.unique(owners)))
    apart = difference(wilson(float(drawn.mean()) * trials, trials), before)
    flag = bool(apart.low > 0 or apart.high < 0)
    return round(before.value, 3), share, round(apart.value, 3), round(apart.low, 3), round(apart.high, 3), flag
