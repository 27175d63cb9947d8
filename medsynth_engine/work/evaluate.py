"""Gather the evidence about one cohort: the training and holdout folds, the cohort, and what it was meant to be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from db.canonical import digest
from db.tables import Cohort as CohortRow
from db.tables import Dataset as DatasetRow
from db.tables import Evaluation, Weights
from medsynth_engine.cohort.read import Cohort
from medsynth_engine.evidence.document import document as evidence_document
from medsynth_engine.evidence.inputs import Inputs
from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.work.desk import Desk, run

MOST_IMAGES = 10_000
"""A fold of more is represented by a random draw of so many: the evidence's intervals are narrower than they matter."""


def work(desk: Desk) -> dict[str, Any]:
    arguments = desk.arguments
    with desk.ledger.read() as session:
        row = session.get_one(CohortRow, arguments["cohort_id"])
        dataset_row = session.get(DatasetRow, row.dataset_id)
        weights = session.get(Weights, row.weights) if row.weights else None
        cached = session.get(Evaluation, arguments["cached"]) if arguments.get("cached") else None
    if cached is not None:
        return _shown(row.name, cached.digest, cached.document)
    if dataset_row is None or dataset_row.state != "present":
        raise BadInput(
            "dataset_removed", "The dataset that this cohort is judged by was removed.", "Bring it in again."
        )
    inputs = _inputs(
        Dataset(desk.home.datasets / dataset_row.folder), Cohort(desk.home.cohorts / row.folder), row, weights
    )
    document = evidence_document(inputs, desk.progress("steps"), desk.wanted)
    desk.stop_if_unwanted()
    bound = digest(document)
    with desk.commit("cohorts.evaluated", f"cohort:{row.name}", cohort=row.digest, digest=bound) as change:
        change.session.add(
            Evaluation(
                cohort_id=row.id,
                cohort_digest=row.digest,
                dataset_id=row.dataset_id,
                digest=bound,
                document=document,
                actor_id=desk.actor.user_id,
            )
        )
    return _shown(row.name, bound, document)


def _shown(cohort: str, bound: str, document: dict[str, Any]) -> dict[str, Any]:
    return {"cohort": cohort, "digest": bound, **document}


def _inputs(dataset: Dataset, cohort: Cohort, row: CohortRow, weights: Weights | None) -> Inputs:
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
        population=_margins(row.document),
        population_name=str((row.document.get("population") or {}).get("name") or "the chosen population"),
        unknown_training=weights is not None and weights.dataset_id is None,
    )


def _drawn(fold: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    if len(fold) > MOST_IMAGES:
        fold = fold.iloc[np.sort(rng.choice(len(fold), MOST_IMAGES, replace=False))]
    return fold.reset_index(drop=True)


def _pictures(dataset: Dataset, records: pd.DataFrame, size: int, channels: int) -> np.ndarray:
    found = dataset.images(records, size, channels)
    return found[..., 0] if channels == 1 else found


def _margins(document: dict[str, Any]) -> dict[str, dict[str, float]]:
    """What the cohort was meant to be: each asked attribute's shares, where nothing was merged."""
    cells = document.get("cells") or []
    merged = {merger["attribute"] for merger in document.get("mergers") or ()}
    total = sum(cell["n"] for cell in cells)
    margins: dict[str, dict[str, float]] = {}
    for cell in cells:
        for attribute, value in cell.items():
            if attribute != "n" and attribute not in merged:
                shares = margins.setdefault(attribute, {})
                shares[str(value)] = shares.get(str(value), 0.0) + cell["n"] / total
    return margins


if __name__ == "__main__":
    run(work)
