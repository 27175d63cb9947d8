"""k-map, l-diversity and t-closeness of the real training data, beside k-anonymity: what quasi-identifiers give away.

All are said of the real data, for the assessment: a synthetic row that is alone in its class is no person.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from medsynth_engine.evidence.tables import GROUPS, group, has, patients, present
from medsynth_engine.kernel.evidence import Evidence, not_enough

ADVERSARY = "Somebody who knows a patient's age, sex and ethnicity, and gets hold of the real training data"
CLASSES = "Classes of equal age band, sex and ethnicity, counted in patients; missing is a value of its own."
UNKNOWN = "?"


def k_map(training: pd.DataFrame, population: Mapping[str, Mapping[str, float]], people: float | None) -> Evidence:
    """Smallest class in the population that the patients come from (El Emam and Dankar 2008, JAMIA 15:627).

    population  attribute -> {value: share}; as independent where only margins are known
    people      how many it counts; None: not known, and nothing is claimed
    """
    name = "privacy.k_map"
    method = CLASSES + " Population: its declared shares, multiplied, times how many people it counts."
    known = [attribute for attribute in GROUPS if has(attribute, training) and population.get(attribute)]
    if not known or people is None:
        why = "the population that the patients come from was not declared, with how many people it counts."
        return not_enough(name, len(training), "higher", why, method, ADVERSARY)
    table = _classes(training, known)
    sizes = []
    for values in table[known].drop_duplicates().itertuples(index=False):
        shares = [population[a].get(v) for a, v in zip(known, values, strict=True) if v != UNKNOWN]
        if all(share is not None for share in shares):
            sizes.append(people * float(np.prod([share for share in shares if share is not None])))
    if not sizes:
        return not_enough(name, len(training), "higher", "its values are not those of the table.", method, ADVERSARY)
    smallest = float(np.floor(min(sizes)))
    return Evidence(
        name, smallest, None, None, None, int(table["patient"].nunique()), "higher", ADVERSARY,
        f"Every real patient shares {_said(known)} with at least {max(0, int(smallest) - 1):,} others out there.",
        method,
    )  # fmt: skip


def l_diversity(training: pd.DataFrame) -> Evidence:
    """Fewest different findings in a class: with one, who knows the class knows the finding (Machanavajjhala 2007)."""
    name, method = "privacy.l_diversity", CLASSES + " Distinct l-diversity of the finding, smallest of all classes."
    known = _known(training)
    if not known:
        return _missing(name, training, method)
    table = _classes(training, known)
    table["finding"] = pd.Series(group(training, "finding")).fillna(UNKNOWN)
    counts = table.groupby(known)["finding"].nunique().to_numpy()
    single = int((counts == 1).sum())
    told = f"; in {single} of {len(counts)} classes all have the same" if single else ""
    return Evidence(
        name, float(counts.min()), None, None, None, int(table["patient"].nunique()), "higher", ADVERSARY,
        f"Among real patients of equal {_said(known)} there are at least {int(counts.min())} different findings{told}.",
        method,
    )  # fmt: skip


def t_closeness(training: pd.DataFrame) -> Evidence:
    """How far the findings of a class are from those of everybody, at most (Li, Li and Venkatasubramanian 2007).

    The earth mover's distance for categories without an order: half the sum of differences. Small classes differ by
    chance: the control is what classes of the same sizes show when patients are put into them at random.
    """
    name = "privacy.t_closeness"
    method = CLASSES + " Largest total variation distance of a class's findings; control: the same, classes shuffled."
    known = _known(training)
    masks = present(group(training, "finding"))
    if not known or not masks:
        return _missing(name, training, method)
    shares = np.column_stack([mask.astype(float) for mask in masks.values()])
    keys = _classes(training, known).groupby(known, sort=True).ngroup().to_numpy()
    value = _farthest(shares, keys)
    rng = np.random.default_rng(0)
    control = float(np.mean([_farthest(shares, rng.permutation(keys)) for _ in range(20)]))
    return Evidence(
        name, value, None, None, control, len(training), "lower", ADVERSARY,
        f"In the class that differs most, the findings are {value:.2f} away from those of everybody (0: as everybody; "
        f"1: others altogether); classes drawn at random reach {control:.2f}. Above 0.2 a class tells something.",
        method,
    )  # fmt: skip


def _farthest(shares: np.ndarray, keys: np.ndarray) -> float:
    sizes = np.bincount(keys)
    sums = np.zeros((len(sizes), shares.shape[1]))
    np.add.at(sums, keys, shares)
    parts = sums / np.maximum(sums.sum(axis=1, keepdims=True), 1e-12)
    whole = shares.sum(axis=0) / max(shares.sum(), 1e-12)
    told = sums.sum(axis=1) > 0
    return float((np.abs(parts[told] - whole).sum(axis=1) / 2).max(initial=0.0))


def _known(training: pd.DataFrame) -> list[str]:
    """The quasi-identifiers that are there, where a finding is too."""
    return [a for a in GROUPS if has(a, training)] if has("finding", training) else []


def _missing(name: str, training: pd.DataFrame, method: str) -> Evidence:
    why = "there are no quasi-identifiers, or no finding."
    direction = "lower" if name.endswith("t_closeness") else "higher"
    return not_enough(name, len(training), direction, why, method, ADVERSARY)  # type: ignore[arg-type]


def _classes(training: pd.DataFrame, known: list[str]) -> pd.DataFrame:
    table = pd.DataFrame({attribute: pd.Series(group(training, attribute)).fillna(UNKNOWN) for attribute in known})
    table["patient"] = patients(training)
    return table


def _said(known: list[str]) -> str:
    return ", ".join(known).replace("_", " ")
