"""Bring a dataset in: the room writes the folder, this commits it to the ledger with its intake ledger."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
from sqlmodel import select

from db.tables import Dataset, Submission
from medsynth_engine.cohort.composition import composition
from medsynth_engine.intake.dataset import Dataset as DatasetFolder
from medsynth_engine.intake.options import Options
from medsynth_engine.intake.pseudonym import load_key
from medsynth_engine.intake.take_in import take_in
from medsynth_engine.kernel.errors import Busy
from medsynth_engine.work.desk import Desk, run

PREVIEW = ("preview", "value_maps", "schema")
"""What of the intake's document shows values of single patients: for who asked, not for who may read reports."""
SMALLEST = 11


def work(desk: Desk) -> dict[str, Any]:
    arguments = desk.arguments
    chosen = Options.from_document(arguments)
    name, version = arguments["name"], arguments["version"]
    target = desk.home.datasets / f"{name}-v{version}"
    with desk.ledger.read() as session:
        if session.exec(select(Dataset).where(Dataset.name == name, Dataset.version == version)).first():
            raise Busy("name_taken", f"There is a dataset {name!r} already.", "Choose another name, or --append.")
    source = Path(arguments["source"])
    if target.exists():
        # Killed after the folder was whole and before the ledger knew: it may be of another source, so it goes.
        shutil.rmtree(target)
    earlier = desk.home.datasets / arguments["earlier"] if arguments.get("earlier") else None
    key = load_key(desk.home.key)
    document = take_in(source, chosen, target, key, desk.progress("files"), desk.wanted, earlier)
    folder = DatasetFolder(target)
    records = folder.records()
    summary = {
        **{key: value for key, value in document.items() if key not in PREVIEW},
        "dataset": name,
        "schema": _shown_schema(folder.schema(), records),
        "composition": composition(records, folder.schema(), suppress=True),
    }
    counts = {key: document[key] for key in ("submitted", "accepted", "quarantined", "rejected", "patients")}
    with desk.commit("datasets.taken_in", f"dataset:{name}", version=version, **counts) as change:
        row = Dataset(
            name=name,
            version=version,
            owner_id=desk.actor.user_id,
            folder=target.name,
            digest=folder.digest(),
            summary=summary,
        )
        change.session.add(row)
        change.session.flush()
        outcomes = pd.read_parquet(target / "submissions.parquet").rename(columns={"digest": "source_digest"})
        for outcome in outcomes.to_dict("records"):
            change.session.add(Submission(dataset_id=row.id, **{str(key): value for key, value in outcome.items()}))
        change.detail["digest"] = row.digest
    return document


def _shown_schema(schema: dict[str, Any], records: pd.DataFrame) -> dict[str, Any]:
    """The schema without levels that fewer than eleven patients have: auditors and admins read this too."""
    columns = []
    for column in schema["columns"]:
        if "values" in column and column["name"] in records:
            words = records[column["name"]].astype(object)
            patients = records["patient"].groupby(words.astype(str)).nunique()
            common = [value for value in column["values"] if patients.get(str(value), 0) >= SMALLEST]
            column = {**column, "values": common}
        columns.append(column)
    return {**schema, "columns": columns}


if __name__ == "__main__":
    run(work)
