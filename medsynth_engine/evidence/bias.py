"""Who is in it, and with which findings? Representation of each value, distances of whole axes, age.

Three questions stay apart: is it like the reference population, is it like the real data, is it even between groups
(reference 5.1). Drawing more synthetic records proves nothing: n is never more than the training patients (n_eff).
Real counts of 1 to 10 patients are not used for a number that would show them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import wasserstein_distance

from medsynth_engine.evidence.intervals import Z95, wilson
from medsynth_engine.evidence.parity import parity, worst_intersection
from medsynth_engine.evidence.resampling import spread
from medsynth_engine.evidence.small_cells import hidden
from medsynth_engine.evidence.tables import GROUPS, group, has, numbers, patient_count, patients, present
from medsynth_engine.kernel.evidence import Evidence, not_enough

ATTRIBUTES = (*GROUPS, "finding")
MOST_VALUES = 30
TIMES = 100
AMBER, RED = 0.8, 0.5


@dataclass(frozen=True)
class Reference:
    """What the cohort is held against: `shares` by attribute and value, or the training data where it says nothing."""

    shares: Mapping[str, Mapping[str, float]]
    name: str = "the chosen population"

    def of(self, attribute: str, training: Mapping[str, float]) -> tuple[Mapping[str, float], str]:
        """Shares of the values of an attribute that sum to 1 (findings: that each stand alone), and whose they are."""
        given = {str(value): float(share) for value, share in self.shares.get(attribute, {}).items() if share > 0}
        if given and attribute == "finding":
            return given, self.name
        total = sum(given.values())
        return ({value: share / total for value, share in given.items()}, self.name) if total else (training, "")


def bias(
    training: pd.DataFrame,
    holdout: pd.DataFrame,
    synthetic: pd.DataFrame,
    reference: Reference,
    rng: np.random.Generator,
) -> list[Evidence]:
    """All bias evidence that the tables can carry; an attribute that a table does not know is left out."""
    found: list[Evidence] = []
    for attribute in ATTRIBUTES:
        if has(attribute, training, synthetic):
            axis = _Axis.of(attribute, training, holdout, synthetic)
            found += _representation(axis, reference)
            found.append(_tvd(axis, reference))
    if all("age" in table and np.isfinite(numbers(table["age"])).any() for table in (training, synthetic)):
        found.append(_age_distance(training, holdout, synthetic, rng))
    if has("finding", training, synthetic):
        for attribute in GROUPS:
            if has(attribute, training, synthetic):
                found += parity(attribute, training, synthetic, rng)
    found.append(worst_intersection(training, synthetic))
    return found


def axis_table(
    attribute: str, training: pd.DataFrame, holdout: pd.DataFrame, synthetic: pd.DataFrame, reference: Reference
) -> tuple[str, list[dict[str, Any]]]:
    """Whose the reference is, and one row a value: shares `synthetic`, `training` (None where hidden), `reference`."""
    axis = _Axis.of(attribute, training, holdout, synthetic)
    expected, whose = reference.of(attribute, axis.training)
    rows: list[dict[str, Any]] = []
    for value in dict.fromkeys([*axis.values, *expected]):
        real = None if value in axis.hidden else axis.training.get(value, 0.0)
        goal = expected.get(value, 0.0) if whose else real
        rows.append({"value": value, "synthetic": axis.synthetic.get(value, 0.0), "training": real, "reference": goal})
    return whose or "the training data", rows


@dataclass(frozen=True)
class _Axis:
    """One attribute: share of each value in the three tables, patients behind each real value, what must not show."""

    attribute: str
    values: tuple[str, ...]
    training: dict[str, float]
    holdout: dict[str, float]
    synthetic: dict[str, float]
    patients: dict[str, int]
    hidden: frozenset[str]
    n: int
    n_effective: int

    @classmethod
    def of(cls, attribute: str, training: pd.DataFrame, holdout: pd.DataFrame, synthetic: pd.DataFrame) -> _Axis:
        real, held, drawn = (present(group(table, attribute)) for table in (training, holdout, synthetic))
        owners = patients(training)
        people = {value: len(np.unique(owners[mask])) for value, mask in real.items()}
        cover = hidden(np.array(list(people.values()), dtype=int)) if people else np.zeros(0, bool)
        known = [int(sum(value is not None for value in group(table, attribute))) for table in (training, synthetic)]
        return cls(
            attribute,
            tuple(dict.fromkeys([*list(real)[:MOST_VALUES], *list(drawn)[:MOST_VALUES]])),
            _shares(real, group(training, attribute)),
            _shares(held, group(holdout, attribute)),
            _shares(drawn, group(synthetic, attribute)),
            people,
            frozenset(value for value, gone in zip(people, cover, strict=True) if gone),
            known[1],
            min(patient_count(synthetic), len(np.unique(owners))),
        )


def _shares(masks: Mapping[str, np.ndarray], values: np.ndarray) -> dict[str, float]:
    known = max(1, int(sum(value is not None for value in values)))
    return {value: float(mask.sum()) / known for value, mask in masks.items()}


def _representation(axis: _Axis, reference: Reference) -> list[Evidence]:
    """p_synthetic / p_reference of each value; control: the same ratio of the real data."""
    expected, whose = reference.of(axis.attribute, axis.training)
    method = (
        "Share in the cohort over share in the reference; Wilson interval at n_eff = min(synthetic patients, training "
        f"patients). Amber outside {AMBER}-{1 / AMBER:.2f}, red outside {RED}-{1 / RED:.0f} (reference 5.1)."
    )
    found = []
    for value in dict.fromkeys([*axis.values, *expected]):
        name = f"bias.representation.{axis.attribute}={value}"
        share, goal = axis.synthetic.get(value, 0.0), expected.get(value, 0.0)
        small = value in axis.hidden
        if goal <= 0 or (not whose and small):
            why = "too few patients of this group to show." if small else "the reference has nobody of this group."
            found.append(not_enough(name, axis.n, "one", why, method))
            continue
        bounds = wilson(share * axis.n_effective, axis.n_effective)
        before = axis.training.get(value, 0.0) / goal if whose else axis.holdout.get(value, 0.0) / goal
        against = whose or "the training data"
        then = f"the training data has {before:.2f} times" if whose else f"held-out patients {before:.2f} times"
        found.append(
            Evidence(
                name,
                share / goal,
                bounds.low / goal,
                bounds.high / goal,
                None if small else before,
                axis.n,
                "one",
                "",
                f"{axis.attribute.replace('_', ' ').capitalize()} {value} is {share / goal:.2f} times as common as in "
                f"{against}{'' if small else f'; {then}'}.",
                method,
            )
        )
    return found


def _tvd(axis: _Axis, reference: Reference) -> Evidence:
    """Half the sum of differences over the axis; control: what sampling alone gives at n_eff."""
    expected, whose = reference.of(axis.attribute, axis.training)
    name = f"bias.tvd.{axis.attribute}"
    if not whose and axis.hidden:  # of two groups the distance would give away the share of the small one
        return not_enough(name, axis.n, "lower", "some groups have too few patients to show.")
    values = set(expected) | set(axis.synthetic)
    goal = np.array([expected.get(value, 0.0) for value in sorted(values)])
    drawn = np.array([axis.synthetic.get(value, 0.0) for value in sorted(values)])
    value = float(np.abs(goal - drawn).sum()) / 2
    n = max(1, axis.n_effective)
    # E|X - np| of a binomial by its normal limit: sqrt(2 p (1-p) / (pi n)); half the sum over the axis.
    control = float(np.sqrt(2 * goal * (1 - goal).clip(0) / (np.pi * n)).sum()) / 2
    error = Z95 * float(np.sqrt((drawn * (1 - drawn).clip(0)).sum() / n)) / 2
    against = whose or "the training data"
    return Evidence(
        name,
        value,
        max(0.0, value - error),
        value + error,
        control,
        axis.n,
        "lower",
        "",
        f"{value:.1%} of the records would have to change their {axis.attribute.replace('_', ' ')} to match {against}; "
        f"chance alone gives {control:.1%}.",
        "Total variation distance; control: its expectation under sampling alone at n_eff (normal limit).",
    )


def _age_distance(
    training: pd.DataFrame, holdout: pd.DataFrame, synthetic: pd.DataFrame, rng: np.random.Generator
) -> Evidence:
    """Wasserstein-1 between the ages of cohort and training data, in years; control: held-out against training."""
    ages = [numbers(table["age"]) if "age" in table else np.empty(0) for table in (training, holdout, synthetic)]
    known = [np.isfinite(age) for age in ages]
    real, held, drawn = (age[mask] for age, mask in zip(ages, known, strict=True))
    value = float(wasserstein_distance(drawn, real))
    control = float(wasserstein_distance(held, real)) if len(held) else None
    owners = patients(training)[known[0]]
    deviation = spread(
        lambda a, b: float(wasserstein_distance(drawn[a], real[b])), (patients(synthetic)[known[2]], owners), rng, TIMES
    )
    known_bounds = np.isfinite(deviation)
    told = "" if control is None else f"; unseen real patients are {control:.1f} years apart from them"
    return Evidence(
        "bias.age_wasserstein",
        value,
        max(0.0, value - Z95 * deviation) if known_bounds else None,
        value + Z95 * deviation if known_bounds else None,
        control,
        len(drawn),
        "lower",
        "",
        f"To match the training data every record would have to change its age by {value:.1f} years on average{told}.",
        "Wasserstein-1 distance of the ages, in years; interval from the spread over redrawn patients.",
    )
