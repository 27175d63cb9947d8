"""Removing things: what goes with them, and what remains is listed."""

from __future__ import annotations

import shutil
from typing import Any

from sqlmodel import select

from medsynth_engine.operations.declare import Call


def remove_dataset(call: Call, row: Any) -> dict[str, Any]:
    """Remove every version of a dataset with its images, tables, and its runs' folds and checkpoints."""
    from db.tables import Cohort, Dataset, Release, Run

    with call.change(f"dataset:{row.name}") as change:
        versions = change.session.exec(select(Dataset).where(Dataset.name == row.name)).all()
        ids = [version.id for version in versions]
        runs = [run for run in change.session.exec(select(Run)) if run.dataset_id in ids]
        cohorts = [cohort for cohort in change.session.exec(select(Cohort)) if cohort.dataset_id in ids]
        releases = change.session.exec(select(Release)).all()
        for version in versions:
            version.state = "removed"
            change.session.add(version)
        remains = {
            "generators": [run.name for run in runs if run.generator_digest],
            "cohorts": [cohort.name for cohort in cohorts if cohort.state == "present"],
            "exports": [release.id for release in releases if release.cohort_id in {c.id for c in cohorts}],
        }
        change.detail.update({kind: len(names) for kind, names in remains.items()})
    for version in versions:
        shutil.rmtree(call.home.datasets / version.folder, ignore_errors=True)
    for run in runs:
        folder = call.home.runs / run.folder
        (folder / "train.npz").unlink(missing_ok=True)
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    return {"dataset": row.name, "removed_versions": len(ids), "remains": remains}


def remove_run(call: Call, row: Any) -> dict[str, Any]:
    """Remove a run's folder: its folds, checkpoints, samples and generator. Cohorts drawn from it stay."""
    from db.tables import Run

    with call.change(f"run:{row.name}") as change:
        mine = change.session.get(Run, row.id)
        assert mine is not None
        mine.state = "removed"
        mine.name = f"{mine.name}~{mine.id}"  # the name is free again
        change.session.add(mine)
    shutil.rmtree(call.home.runs / row.folder, ignore_errors=True)
    return {"run": row.name, "state": "removed"}


def remove_cohort(call: Call, row: Any) -> dict[str, Any]:
    """Remove a cohort's folder; its evaluation, assessment and releases stay in the ledger."""
    from db.tables import Cohort

    with call.change(f"cohort:{row.name}") as change:
        mine = change.session.get(Cohort, row.id)
        assert mine is not None
        mine.state = "removed"
        mine.name = f"{mine.name}~{mine.id}"
        change.session.add(mine)
    shutil.rmtree(call.home.cohorts / row.folder, ignore_errors=True)
    return {"cohort": row.name, "state": "removed"}
