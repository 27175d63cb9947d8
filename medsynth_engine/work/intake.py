"""Bring a dataset in: the room writes the folder, this commits it to the ledger with its intake ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from db.tables import Dataset, Submission
from medsynth_engine.cohort.composition import composition
from medsynth_engine.intake.dataset import Dataset as DatasetFolder
from medsynth_engine.intake.options import Options
from medsynth_engine.intake.pseudonym import load_key
from medsynth_engine.intake.take_in import take_in
from medsynth_engine.work.desk import Desk, run


def work(desk: Desk) -> dict[str, Any]:
    arguments = desk.arguments
    chosen = Options.from_document(arguments)
    name, version = arguments["name"], arguments["version"]
    target = desk.home.datasets / f"{name}-v{version}"
    source = Path(arguments["source"])
    document = take_in(source, chosen, target, load_key(desk.home.key), desk.progress("files"), desk.wanted)
    folder = DatasetFolder(target)
    summary = {
        **document,
        "dataset": name,
        "schema": folder.schema(),
        "composition": composition(folder.records(), folder.schema(), suppress=True),
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
        for submission in pd.read_parquet(target / "submissions.parquet").to_dict("records"):
            change.session.add(Submission(dataset_id=row.id, **{str(k): v for k, v in submission.items()}))
        change.detail["digest"] = row.digest
    return document


if __name__ == "__main__":
    run(work)
