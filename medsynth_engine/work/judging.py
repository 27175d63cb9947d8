"""What an evaluation looks at, gathered from the store: two folds, the cohort, and what it was meant to be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from db.tables import Cohort as CohortRow
from medsynth_engine.cohort.meant import meant
from medsynth_engine.cohort.read import Cohort
from medsynth_engine.evidence.inputs import Inputs
from medsynth_engine.evidence.prints import Prints
from medsynth_engine.evidence.tables import patients, some_patients
from medsynth_engine.intake.dataset import Dataset

MOST_IMAGES = 10_000
"""Of a fold of more only a draw is held as pictures; all leave prints, among which copies are found."""
PIECE = 500


def gather(dataset: Dataset, cohort: Cohort, row: CohortRow, unknown_training: bool) -> Inputs:
    """Tables and pictures of one size, aligned row by row; a cohort without images is judged by its rows."""
    records, schema = dataset.records(), dataset.schema()
    table = cohort.table()
    pictures = cohort.images()
    folds = {fold: records[records["fold"] == fold].reset_index(drop=True) for fold in ("training", "holdout")}
    images: dict[str, np.ndarray | None] = {"training": None, "holdout": None}
    rows: dict[str, np.ndarray | None] = {"training": None, "holdout": None}
    prints: dict[str, Prints] = {}
    if pictures is not None and schema["image"] is not None:
        folds = {fold: found[found["file"].notna()].reset_index(drop=True) for fold, found in folds.items()}
        shape = pictures.shape[1], 3 if pictures.ndim == 4 else 1
        rng = np.random.default_rng(0)
        for fold, found in folds.items():
            if len(found) > MOST_IMAGES:
                prints[fold] = _prints(dataset, found, *shape)
                rows[fold] = some_patients(patients(found), MOST_IMAGES, rng)
                found = found.iloc[rows[fold]]
            images[fold] = pictures_of(dataset, found, *shape)
    return Inputs(
        training=folds["training"],
        holdout=folds["holdout"],
        synthetic=table,
        schema=schema,
        training_images=images["training"],
        holdout_images=images["holdout"],
        synthetic_images=pictures if images["training"] is not None else None,
        training_rows=rows["training"],
        holdout_rows=rows["holdout"],
        prints=prints,
        population=meant(row.document),
        population_name=str((row.document.get("population") or {}).get("name") or "the chosen population"),
        population_n=_people(row.document),
        unknown_training=unknown_training,
    )


def _people(document: dict[str, Any]) -> float | None:
    """How many people the population counts that the cohort was drawn for."""
    counted = str((document.get("population") or {}).get("population_n") or "").replace(",", "").replace("_", "")
    return float(counted) if counted.isdecimal() and int(counted) else None


def _prints(dataset: Dataset, records: pd.DataFrame, size: int, channels: int) -> Prints:
    """Of every image of a fold, piece by piece: a whole large fold would not fit into memory."""
    pieces = range(0, len(records), PIECE)
    return Prints.joined(
        [
            Prints.of(found, np.arange(start, start + len(found)))
            for start in pieces
            for found in [pictures_of(dataset, records.iloc[start : start + PIECE], size, channels)]
        ]
    )


def pictures_of(dataset: Dataset, records: pd.DataFrame, size: int, channels: int) -> np.ndarray:
    """uint8 (n, size, size) of grey, or (n, size, size, 3): real pictures in the form of a cohort's."""
    found = dataset.images(records, size, channels)
    return found[..., 0] if channels == 1 else found
