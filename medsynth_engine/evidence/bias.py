"""Who is in it, and with which findings? Representation of each value, distances of whole axes, age, parity.

Three questions stay apart: is it like the reference population, is it like the real data, is it even between groups
(reference 5.1). Drawing more synthetic records proves nothing: n is never more than the training patients (n_eff).
Real counts of 1 to 10 patients are not used for a number that would show them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import wasserstein_distance

from medsynth_engine.evidence.axis import Axis
from medsynth_engine.evidence.intersections import worst_intersection
from medsynth_engine.evidence.intervals import Z95
from medsynth_engine.evidence.parity import parity
from medsynth_engine.evidence.representation import Reference, references, representation, tvd
from medsynth_engine.evidence.resampling import spread
from medsynth_engine.evidence.tables import GROUPS, has, numbers, patients
from medsynth_engine.kernel.evidence import Evidence

ATTRIBUTES = (*GROUPS, "finding")
TIMES = 100


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
            axis = Axis.of(attribute, training, holdout, synthetic)
            for against in references(axis, reference):
                found += representation(axis, against)
            found.append(tvd(axis, reference))
    if all("age" in table and np.isfinite(numbers(table["age"])).any() for table in (training, synthetic)):
        found.append(_age_distance(training, holdout, synthetic, rng))
    if has("finding", training, synthetic):
        for attribute in GROUPS:
            if has(attribute, training, synthetic):
                found += parity(attribute, training, synthetic, rng)
    found.append(worst_intersection(training, synthetic))
    return found


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
