"""One attribute of the patients across the three tables: how common each value is, and which real shares may show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from medsynth_engine.evidence.small_cells import hidden
from medsynth_engine.evidence.tables import group, patient_count, patients, present

MOST_VALUES = 30


@dataclass(frozen=True)
class Fold:
    """One real table's shares (0 to 1, of the records with a known value), and the values whose share must not show.

    A share is hidden where 1 to 10 patients are behind it or where it would give such a number away; nobody at all is
    hidden too as soon as anything is, because it would tell where the hidden patients are not.
    """

    shares: Mapping[str, float]
    small: frozenset[str]

    @classmethod
    def of(cls, values: np.ndarray, owners: np.ndarray) -> Fold:
        masks = present(values)
        people = np.array([len(np.unique(owners[mask])) for mask in masks.values()], dtype=int)
        gone = hidden(people) if len(people) else np.zeros(0, bool)
        return cls(shares(masks, values), frozenset(np.array(list(masks), dtype=object)[gone]))

    def shown(self, value: str) -> float | None:
        """The share of `value`, or None where it must not be shown."""
        if value in self.small or (self.small and value not in self.shares):
            return None
        return self.shares.get(value, 0.0)


@dataclass(frozen=True)
class Axis:
    """One attribute: its values, commonest first; shares in the cohort and in both real folds.

    n            synthetic records with a known value
    n_effective  what they are worth: never more than the training patients
    """

    attribute: str
    values: tuple[str, ...]
    training: Fold
    holdout: Fold
    synthetic: Mapping[str, float]
    n: int
    n_effective: int

    @classmethod
    def of(cls, attribute: str, training: pd.DataFrame, holdout: pd.DataFrame, synthetic: pd.DataFrame) -> Axis:
        real, held, drawn = (group(table, attribute) for table in (training, holdout, synthetic))
        owners, made = patients(training), present(drawn)
        folds = Fold.of(real, owners), Fold.of(held, patients(holdout))
        return cls(
            attribute,
            tuple(dict.fromkeys([*list(folds[0].shares)[:MOST_VALUES], *list(made)[:MOST_VALUES]])),
            *folds,
            shares(made, drawn),
            sum(value is not None for value in drawn),
            min(patient_count(synthetic), len(np.unique(owners))),
        )

    @property
    def called(self) -> str:
        return self.attribute.replace("_", " ")


def shares(masks: Mapping[str, np.ndarray], values: np.ndarray) -> dict[str, float]:
    """Of the records whose value is known, the share that has each."""
    known = max(1, sum(value is not None for value in values))
    return {value: float(mask.sum()) / known for value, mask in masks.items()}
