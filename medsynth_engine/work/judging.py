"""What an evaluation looks at, gathered from the store: two folds, the cohort, and what it was meant to be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from db.tables import Cohort as CohortRow
from medsynth_engine.cohort.read import Cohort
from medsynth_engine.evidence.inputs import Inputs
from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.work.meant import meant

MOST_IMAGES = 10_000
"""A fold of more is represented by a random draw of so many: the evidence's intervals are narrower than they matter."""


def gather(dataset: Dataset, cohort: Cohort, row: CohortRow, unknown_training: bool) -> Inputs:
    """Tables and pictures of one size, aligned row by row; a cohort without images is judged by its rows."""
    records, schema = dataset.records(), dataset.schema()
    table = cohort.table()
    pictures = cohort.images()
    rng = np.random.default_rng(0)
    folds = {fold: _drawn(records[records["fold"] == fold], rng) for fold in ("training", "holdout")}
    if pictures is None or schema["image"] is None:
        images: dict[str, np.ndarray | None] = {"training": None, "holdout": None}
    else:
        folds = {fold: found[found["file"].notna()].reset_index(drop=True) for fold, found in folds.items()}
        channels = 3 if pictures.ndim == 4 else 1
        images = {fold: _pictures(dataset, found, pictures.shape[1], channels) for fold, found in folds.items()}
    return Inputs(
        training=folds["training"],
        holdout=folds["holdout"],
        synthetic=table,
        schema=schema,
        training_images=images["training"],
        holdout_images=images["holdout"],
        synthetic_images=pictures if images["training"] is not None else None,
        population=meant(row.document),
        population_name=str((row.document.get("population") or {}).get("name") or "the chosen population"),
        population_n=_people(row.document),
        unknown_training=unknown_training,
    )


def _people(document: dict[str, Any]) -> float | None:
    """How many people the population counts that the cohort was drawn for."""
    counted = str((document.get("population") or {}).get("population_n") or "").replace(",", "").replace("_", "")
    return float(counted) if counted.isdecimal() and int(counted) else None


def _drawn(fold: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    if len(fold) > MOST_IMAGES:
        fold = fold.iloc[np.sort(rng.choice(len(fold), MOST_IMAGES, replace=False))]
    return fold.reset_index(drop=True)


def _pictures(dataset: Dataset, records: pd.DataFrame, size: int, channels: int) -> np.ndarray:
    found = dataset.images(records, size, channels)
    return found[..., 0] if channels == 1 else found
