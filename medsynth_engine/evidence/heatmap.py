"""The pathology prevalence heatmap: how common each finding is in each group, real and synthetic."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from medsynth_engine.evidence.intervals import difference, wilson
from medsynth_engine.evidence.resampling import rate
from medsynth_engine.evidence.small_cells import SMALLEST, hidden
from medsynth_engine.evidence.tables import GROUPS, group, has, patients, present

MOST_FINDINGS = 20


def prevalence_heatmap(training: pd.DataFrame, synthetic: pd.DataFrame) -> list[dict[str, Any]]:
    """One document per attribute: `attribute`, `groups`, and `rows` of `finding` and `cells`.

    A cell: `group`, `real` and `synthetic` in percent, `difference` in points with `low` and `high` (95 %, Newcombe,
    patients as trials), `flag` True where that excludes 0, `suppressed` True where the real number must not be shown:
    1 to 10 patients with, or without, the finding, or what would give such a number away. Then the numbers are None.
    """
    if not has("finding", training, synthetic):
        return []
    return [_one(attribute, training, synthetic) for attribute in GROUPS if has(attribute, training, synthetic)]


def _one(attribute: str, training: pd.DataFrame, synthetic: pd.DataFrame) -> dict[str, Any]:
    real, drawn = group(training, attribute), group(synthetic, attribute)
    groups = list(dict.fromkeys([*present(real), *present(drawn)]))
    findings, there = present(group(training, "finding")), present(group(synthetic, "finding"))
    owners = patients(training)
    names = list(dict.fromkeys([*findings, *there]))[:MOST_FINDINGS]
    nobody = np.zeros(len(training), bool)
    counts = np.array(
        [[len(np.unique(owners[findings.get(name, nobody) & (real == value)])) for value in groups] for name in names],
        dtype=int,
    ).reshape(len(names), len(groups))
    sizes = np.array([len(np.unique(owners[real == value])) for value in groups], dtype=int)
    without = sizes[None, :] - counts
    gone = hidden(counts) | ((without > 0) & (without < SMALLEST)) | (hidden(sizes) & (sizes > 0))[None, :]
    rows = []
    for i, name in enumerate(names):
        has_it, shows_it = findings.get(name, nobody), there.get(name, np.zeros(len(synthetic), bool))
        cells = [
            _cell(value, has_it[real == value], owners[real == value], shows_it[drawn == value], bool(gone[i, j]))
            for j, value in enumerate(groups)
        ]
        rows.append({"finding": name, "cells": cells})
    return {"attribute": attribute, "groups": groups, "rows": rows}


def _cell(value: str, real: np.ndarray, owners: np.ndarray, drawn: np.ndarray, suppressed: bool) -> dict[str, Any]:
    share = round(100 * float(drawn.mean()), 1) if len(drawn) else None
    empty = {"group": value, "real": None, "synthetic": share, "difference": None, "low": None, "high": None}
    if suppressed or not len(real) or not len(drawn):
        return {**empty, "flag": False, "suppressed": suppressed}
    before = rate(real, owners)
    trials = min(len(drawn), len(np.unique(owners)))  # n_eff: drawing more records is no more evidence
    apart = difference(wilson(float(drawn.mean()) * trials, trials), before)
    return {
        "group": value,
        "real": round(100 * before.value, 1),
        "synthetic": share,
        "difference": round(100 * apart.value, 1),
        "low": round(100 * apart.low, 1),
        "high": round(100 * apart.high, 1),
        "flag": bool(apart.low > 0 or apart.high < 0),
        "suppressed": False,
    }
