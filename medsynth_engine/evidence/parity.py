"""Parity: do findings differ more between groups in the cohort than in reality?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from medsynth_engine.evidence.heatmap import suppressed
from medsynth_engine.evidence.intervals import Z95
from medsynth_engine.evidence.resampling import spreads
from medsynth_engine.evidence.small_cells import SMALLEST
from medsynth_engine.evidence.tables import group, patients, present
from medsynth_engine.kernel.evidence import Evidence, not_enough

MOST_FINDINGS = 20
TIMES = 40
METHOD = (
    f"Demographic parity difference, max - min P(finding | group), of the cohort less that of the real data; groups "
    f"of {SMALLEST} patients and records on whose real share may be shown."
)


def parity(attribute: str, training: pd.DataFrame, synthetic: pd.DataFrame, rng: np.random.Generator) -> list[Evidence]:
    """How much wider the gap of a finding's prevalence between groups is in the cohort than in the real data.

    Only groups take part whose real prevalence the heatmap shows too: a gap to a hidden one would give it away.
    """
    real, drawn = group(training, attribute), group(synthetic, attribute)
    owners = patients(training)
    groups = list(present(real))
    findings = dict(list(present(group(training, "finding")).items())[:MOST_FINDINGS])
    there, nothing = present(group(synthetic, "finding")), np.zeros(len(synthetic), bool)
    large = np.array([int((drawn == value).sum()) >= SMALLEST for value in groups], dtype=bool)
    taken = ~suppressed(real, groups, list(findings.values()), owners) & large[None, :]
    judged = [name for name, row in zip(findings, taken, strict=True) if row.sum() >= 2]
    found = [
        not_enough(
            f"bias.parity_amplification.{name}.{attribute}",
            len(synthetic),
            "zero",
            "too few patients in its groups.",
            METHOD,
        )
        for name in findings
        if name not in judged
    ]
    if not judged:
        return found
    taken = taken[[name in judged for name in findings]]
    before = Prevalence.of(real, groups, [findings[name] for name in judged], taken)
    after = Prevalence.of(drawn, groups, [there.get(name, nothing) for name in judged], taken)
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
                METHOD,
            )
        )
    return found


@dataclass(frozen=True)
class Prevalence:
    """How common findings are in groups.

    place  which group each record is of, int (n,), -1: none of them
    has    which findings it has, 0 or 1, (n, findings)
    taken  which groups count for which finding, bool (findings, groups)
    """

    place: np.ndarray
    has: np.ndarray
    taken: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, groups: list[str], masks: list[np.ndarray], taken: np.ndarray) -> Prevalence:
        number = {value: i for i, value in enumerate(groups)}
        place = np.array([number.get(value, -1) for value in values], dtype=int)
        return cls(place, np.column_stack(masks).astype(float), taken)

    def gaps(self, rows: np.ndarray) -> np.ndarray:
        """Largest minus smallest prevalence over the groups, of each finding; groups not in the draw do not count."""
        place, has_it = self.place[rows], self.has[rows]
        count = self.taken.shape[1]
        rates = np.full((count, self.has.shape[1]), np.nan)
        for i in range(count):
            if (place == i).any():
                rates[i] = has_it[place == i].mean(axis=0)
        low = np.where(self.taken.T & np.isfinite(rates), rates, np.inf).min(axis=0)
        high = np.where(self.taken.T & np.isfinite(rates), rates, -np.inf).max(axis=0)
        gaps: np.ndarray = np.where(np.isfinite(low), high - low, np.nan)
        return gaps
