"""What a classifier learns from and is tested on: features of images or of rows, and the findings as labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from medsynth_engine.evidence.embedding import design
from medsynth_engine.evidence.pictures import Pictures
from medsynth_engine.evidence.tables import Column, group, patients, present

MOST_LABELS = 8
FEWEST_TRAIN = 11
FEWEST_TEST = 5


@dataclass(frozen=True)
class Task:
    """What a classifier learns from and is tested on: features and labels of the three folds.

    labels    one dictionary per fold: label -> which records have it
    *_owners  patients of the records; holdout_table: the records behind the held-out features
    """

    medium: str
    training: np.ndarray
    holdout: np.ndarray
    synthetic: np.ndarray
    labels: tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, np.ndarray]]
    holdout_owners: np.ndarray
    synthetic_owners: np.ndarray
    holdout_table: pd.DataFrame

    @property
    def n(self) -> int:
        """As many records of either kind can be learned from."""
        return min(len(self.training), len(self.synthetic))

    def usable(self) -> list[str]:
        """Labels with enough records on both sides in every fold; of two that exclude each other one is left out."""
        found: list[str] = []
        for label, real in self.labels[0].items():
            folds = [real, *(self.labels[i].get(label, np.zeros(1, bool)) for i in (1, 2))]
            need = (FEWEST_TRAIN, FEWEST_TEST, FEWEST_TRAIN)
            if any(min(int(m.sum()), int((~m).sum())) < few for m, few in zip(folds, need, strict=True)):
                continue
            if any(np.array_equal(~real, self.labels[0][other]) for other in found):
                continue
            found.append(label)
        return found[:MOST_LABELS]


def image_task(
    found: dict[str, Pictures], scaled: dict[str, np.ndarray], tables: dict[str, pd.DataFrame], attribute: str
) -> Task:
    """Features are those of the images, labels the values of `attribute` in their rows."""
    parts = [tables[fold].iloc[found[fold].rows] for fold in ("training", "holdout", "synthetic")]
    first, second, third = (present(group(part, attribute)) for part in parts)
    held = parts[1].reset_index(drop=True)
    return Task(
        "image",
        scaled["training"],
        scaled["holdout"],
        scaled["synthetic"],
        (first, second, third),
        found["holdout"].owners,
        found["synthetic"].owners,
        held,
    )


def row_task(
    training: pd.DataFrame, holdout: pd.DataFrame, synthetic: pd.DataFrame, columns: tuple[Column, ...]
) -> Task:
    """The finding from all other columns."""
    others = tuple(column for column in columns if column.role != "finding")
    first, second, third = (present(group(table, "finding")) for table in (training, holdout, synthetic))
    real, held, drawn = (design(table, others, training) for table in (training, holdout, synthetic))
    labels = first, second, third
    owners = patients(holdout), patients(synthetic)
    return Task("rows", real, held, drawn, labels, owners[0], owners[1], holdout.reset_index(drop=True))
