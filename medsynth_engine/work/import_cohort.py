"""Take over a cohort that another tool made: pixels and known columns alone, written anew; then the ledger."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from db.tables import Cohort
from medsynth_engine.cohort import from_outside
from medsynth_engine.cohort.composition import composition
from medsynth_engine.cohort.pictures import Pictures, names
from medsynth_engine.cohort.read import Cohort as CohortFolder
from medsynth_engine.cohort.tables import Tables
from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.kernel.atomic import sync_folder, write_json
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.operations.free_names import demand_free_cohort
from medsynth_engine.operations.places import source_still_apart
from medsynth_engine.rows.bands import age_band
from medsynth_engine.work.desk import Desk, run

FORMAT = 1
BLOCK = 64
WORD = "What it was made from is its maker's word: it is compared with every dataset of this store, and never public."


def work(desk: Desk) -> dict[str, Any]:
    arguments = desk.arguments
    name, source = arguments["cohort"], source_still_apart(desk.home, arguments)
    _, dataset_folder = desk.dataset(arguments["dataset_id"])
    dataset = Dataset(dataset_folder)
    schema = dataset.schema()
    say = desk.progress("records")
    say(0, None, "looking at the folder")
    found = from_outside.look(source, schema["columns"], _levels(dataset))
    if found.files and schema["image"] is None:
        raise BadInput("images_without_images", "The dataset is a table alone.", "Compare with one that has images.")
    with desk.ledger.read() as session:
        demand_free_cohort(session, name)
    folder = desk.home.cohorts / name
    if folder.exists():
        shutil.rmtree(folder)  # killed before the ledger knew of it
    facts = {
        "n": len(found),
        "images": bool(found.files),
        "imported": True,
        "simulated": False,
        "left_out": list(found.left_out),
        "warnings": [WORD],
    }
    _write(desk, folder, found, facts)
    return _commit(desk, schema, folder, facts)


def _levels(dataset: Dataset) -> dict[str, set[str]]:
    """The words of each column of categories; of several in a cell each."""
    records = dataset.records()
    levels: dict[str, set[str]] = {}
    for column in dataset.schema()["columns"]:
        name, kind = str(column["name"]), column["kind"]
        if kind in ("category", "multi") and name in records:
            words = {str(word) for word in records[name].dropna().unique()}
            split = {part for word in words for part in word.split(from_outside.SEVERAL)}
            levels[name] = split if kind == "multi" else words
    return levels


def _write(desk: Desk, folder: Path, found: from_outside.Outside, facts: dict[str, Any]) -> None:
    """The cohort folder, whole or not at all."""
    staging = folder.with_name(f".staging-{folder.name}")
    shutil.rmtree(staging, ignore_errors=True)
    try:
        staging.mkdir(parents=True, mode=0o700)
        table = found.table.copy()
        if "age" in table and "age_band" not in table and pd.api.types.is_numeric_dtype(table["age"]):
            table.insert(int(table.columns.get_loc("age")) + 1, "age_band", age_band(table["age"]))
        if found.files:
            table.insert(0, "file_name", [f"images/{one}" for one in names(1, len(table))])
            with Pictures(staging / "images") as kept:
                for block in _blocks(from_outside.pictures(found.files, desk.progress("images"), desk.wanted)):
                    kept.add(block)
            desk.stop_if_unwanted()
        with Tables(staging) as tables:
            tables.add(table)
        write_json(staging / "cohort.json", {"format": FORMAT, **facts})
        desk.stop_if_unwanted()
        os.sync()
        staging.rename(folder)
        sync_folder(folder.parent)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise


def _blocks(pictures: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    waiting: list[np.ndarray] = []
    for picture in pictures:
        waiting.append(picture)
        if len(waiting) == BLOCK:
            yield np.stack(waiting)
            waiting.clear()
    if waiting:
        yield np.stack(waiting)


def _commit(desk: Desk, schema: dict[str, Any], folder: Path, facts: dict[str, Any]) -> dict[str, Any]:
    taken = CohortFolder(folder)
    name, digest = desk.arguments["cohort"], taken.digest()
    document = {**taken.document(), "composition": composition(taken.table(), schema, suppress=False)}
    with desk.commit("cohorts.imported", f"cohort:{name}", n=facts["n"], digest=digest) as change:
        demand_free_cohort(change.session, name)
        change.session.add(
            Cohort(
                name=name,
                dataset_id=desk.arguments["dataset_id"],
                owner_id=desk.actor.user_id,
                n=facts["n"],
                folder=folder.name,
                digest=digest,
                document=document,
            )
        )
    kept = {key: facts[key] for key in ("n", "images", "imported", "left_out", "warnings")}
    return {"cohort": name, "path": str(folder), "digest": digest, **kept}


if __name__ == "__main__":
    run(work)
