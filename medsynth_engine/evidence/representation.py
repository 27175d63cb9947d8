"""How common is each group, against three references: the training data, everybody alike, and what was asked for.

Three questions, three columns, never one score (reference 5.1, trap 2). Nothing here tells a real share of 1 to 10
patients.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binom

from medsynth_engine.evidence.axis import Axis
from medsynth_engine.evidence.intervals import Z95, wilson
from medsynth_engine.evidence.tables import GROUPS
from medsynth_engine.kernel.evidence import Evidence, not_enough

AMBER, RED = 0.8, 0.5
TRAINING, UNIFORM = "the training data", "equal shares"
METHOD = (
    "Share in the cohort over share in the reference; Wilson interval at n_eff = min(synthetic patients, training "
    f"patients). Amber outside {AMBER}-{1 / AMBER:.2f}, red outside {RED}-{1 / RED:.0f} (reference 5.1)."
)


@dataclass(frozen=True)
class Reference:
    """What the cohort is held against: `shares` by attribute and value, or the training data where it says nothing."""

    shares: Mapping[str, Mapping[str, float]]
    name: str = "the chosen population"

    def of(self, attribute: str) -> Mapping[str, float]:
        """Shares of the values that sum to 1 (findings: that each stand alone); empty where it says nothing."""
        given = {str(value): float(share) for value, share in self.shares.get(attribute, {}).items() if share > 0}
        total = 1.0 if attribute == "finding" else sum(given.values())
        return {value: share / total for value, share in given.items()}


@dataclass(frozen=True)
class Against:
    """One comparison: how its evidence's names begin, whose shares these are, and the shares (training's: empty)."""

    name: str
    whose: str
    shares: Mapping[str, float]

    @property
    def is_training(self) -> bool:
        return self.whose == TRAINING

    def goal(self, axis: Axis, value: str) -> float | None:
        """The share that `value` should have; None where that is a real share that must not show."""
        return axis.training.shown(value) if self.is_training else self.shares.get(value, 0.0)


def references(axis: Axis, reference: Reference) -> list[Against]:
    """First what the cohort was meant to be (else the training data), then the other references that say more."""
    asked, main = reference.of(axis.attribute), "bias.representation"
    found = [Against(main, reference.name, asked)] if asked else [Against(main, TRAINING, {})]
    if asked:
        found.append(Against("bias.against_training", TRAINING, {}))
    even = _even(axis)
    alike = set(even) == set(asked) and all(np.isclose(even[value], asked[value]) for value in even)
    if axis.attribute in GROUPS and len(even) > 1 and not alike:
        found.append(Against("bias.against_equal_shares", UNIFORM, even))
    return found


def _even(axis: Axis) -> dict[str, float]:
    """Equal shares of the groups that the real data knows."""
    return {value: 1 / len(axis.training.shares) for value in axis.values if value in axis.training.shares}


def representation(axis: Axis, against: Against) -> list[Evidence]:
    """p_synthetic / p_reference of each value; control: the same ratio of the real data, where it may show."""
    return [_ratio(axis, against, value) for value in dict.fromkeys([*axis.values, *against.shares])]


def _ratio(axis: Axis, against: Against, value: str) -> Evidence:
    name = f"{against.name}.{axis.attribute}={value}"
    goal = against.goal(axis, value)
    if goal is None:
        return not_enough(name, axis.n, "one", "too few patients of this group to show.", METHOD)
    if goal <= 0:
        return not_enough(name, axis.n, "one", "the reference has nobody of this group.", METHOD)
    share = axis.synthetic.get(value, 0.0)
    bounds = wilson(share * axis.n_effective, axis.n_effective)
    real = (axis.holdout if against.is_training else axis.training).shown(value)
    before = None if real is None else real / goal
    who = "held-out patients" if against.is_training else "the training data has"
    then = "" if before is None else f"; {who} {before:.2f} times"
    said = f"{axis.called.capitalize()} {value} is {share / goal:.2f} times as common as in {against.whose}{then}."
    return Evidence(name, share / goal, bounds.low / goal, bounds.high / goal, before, axis.n, "one", "", said, METHOD)


def tvd(axis: Axis, reference: Reference) -> Evidence:
    """Half the sum of differences over the axis; control: what sampling alone gives at n_eff."""
    against = references(axis, reference)[0]
    name = f"bias.tvd.{axis.attribute}"
    if against.is_training and axis.training.small:  # of two groups the distance would give away the small one's share
        return not_enough(name, axis.n, "lower", "some groups have too few patients to show.")
    expected = axis.training.shares if against.is_training else against.shares
    values = sorted(set(expected) | set(axis.synthetic))
    goal = np.array([expected.get(value, 0.0) for value in values])
    drawn = np.array([axis.synthetic.get(value, 0.0) for value in values])
    value = float(np.abs(goal - drawn).sum()) / 2
    n = max(1, axis.n_effective)
    control = expected_tvd(goal, n)
    error = Z95 * float(np.sqrt((drawn * (1 - drawn).clip(0)).sum() / n)) / 2
    return Evidence(
        name,
        value,
        max(0.0, value - error),
        value + error,
        control,
        axis.n,
        "lower",
        "",
        f"{value:.1%} of the records would have to change their {axis.called} to match {against.whose}; "
        f"chance alone gives {control:.1%}.",
        "Total variation distance; control: its expectation under sampling alone at n_eff (De Moivre's formula).",
    )


def expected_tvd(shares: np.ndarray, n: int) -> float:
    """Expected total variation distance of a sample of `n` from its own population with these shares (k,).

    Half the sum of mean absolute deviations of binomials, exactly, by De Moivre: with m = floor(n p) + 1,
    E|X - n p| = 2 m (1 - p) P(X = m) (Diaconis and Zabell 1991, Statistical Science 6:284).
    """
    shares = np.asarray(shares, float).clip(0, 1)
    above = np.floor(n * shares + 1e-9) + 1
    deviations = 2 * above * (1 - shares) * binom.pmf(above, n, shares)
    return float(deviations.sum()) / n / 2


def axis_table(
    attribute: str, training: pd.DataFrame, holdout: pd.DataFrame, synthetic: pd.DataFrame, reference: Reference
) -> tuple[str, list[dict[str, Any]], list[Against]]:
    """Whose the first reference is, one row a value, and all references.

    A row holds `value` and the shares `synthetic`, `training` (None where hidden), `reference`.
    """
    axis = Axis.of(attribute, training, holdout, synthetic)
    all_of_them = references(axis, reference)
    first = all_of_them[0]
    return first.whose, list(_rows(axis, first)), all_of_them


def _rows(axis: Axis, against: Against) -> Iterator[dict[str, Any]]:
    for value in dict.fromkeys([*axis.values, *against.shares]):
        yield {
            "value": value,
            "synthetic": axis.synthetic.get(value, 0.0),
            "training": axis.training.shown(value),
            "reference": against.goal(axis, value),
        }
