"""A cohort from elsewhere beside every dataset of the store: all versions, all folds, whoever owns them.

Nothing of another's dataset is shown, only how many of the cohort's records are in it.
"""

from __future__ import annotations

import pandas as pd
from sqlmodel import select

from db.tables import Dataset as DatasetRow
from medsynth_engine.evidence.inputs import Inputs
from medsynth_engine.evidence.real_records import ImageSearch, RowSearch
from medsynth_engine.evidence.tables import Column, columns
from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.kernel.evidence import Evidence
from medsynth_engine.work.desk import Desk
from medsynth_engine.work.judging import pictures_of

PIECE = 1_000
"""Images of a dataset that are held at a time."""
CONTROLS = 500
"""Held-out images, and four times as many of training, that tell how often different patients look alike."""


def against_store(desk: Desk, inputs: Inputs) -> list[Evidence]:
    """How much of the cohort is real, on images where it has them and on rows."""
    with desk.ledger.read() as session:
        rows = session.exec(select(DatasetRow).where(DatasetRow.state == "present")).all()
    images = None if inputs.synthetic_images is None else ImageSearch(inputs.synthetic_images)
    table = RowSearch(inputs.synthetic)
    say = desk.progress("datasets")
    for done, row in enumerate(rows):
        say(done, len(rows), "comparing with every dataset of the store")
        dataset = Dataset(desk.home.datasets / row.folder)
        records = dataset.records()
        if images is not None and dataset.schema()["image"] is not None:
            _add_images(desk, images, dataset, records[records["file"].notna()])
        unseen = records[records["fold"] == "holdout"]
        table.add(records, unseen, _shared(dataset, records, inputs.synthetic))
    say(len(rows), len(rows), "compared with every dataset of the store")
    return [*(images.evidence() if images is not None else ()), *table.evidence()]


def _shared(dataset: Dataset, records: pd.DataFrame, synthetic: pd.DataFrame) -> tuple[Column, ...]:
    return columns(dataset.schema(), records, synthetic)


def _add_images(desk: Desk, search: ImageSearch, dataset: Dataset, records: pd.DataFrame) -> None:
    size, channels = search.images.shape[1], 3 if search.images.ndim == 4 else 1
    for start in range(0, len(records), PIECE):
        desk.stop_if_unwanted()
        search.add(pictures_of(dataset, records.iloc[start : start + PIECE], size, channels))
    unseen, others = (records[records["fold"] == fold] for fold in ("holdout", "training"))
    shown = (
        pictures_of(dataset, some, size, channels) for some in (unseen.iloc[:CONTROLS], others.iloc[: 4 * CONTROLS])
    )
    search.control(*shown)
