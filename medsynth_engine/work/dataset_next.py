"""The next version of a dataset, from a text check or a review: its folder, its row, and what becomes of earlier ones.

Versions whose changed pictures are only kept for what was made from them stay; all others go, so that a picture with a
name in it does not lie on in an older folder.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from sqlmodel import Session, col, select

from db.tables import Cohort, Dataset, Evaluation, Run, Weights
from medsynth_engine.intake.dataset import Dataset as DatasetFolder
from medsynth_engine.intake.revise.revise import revise
from medsynth_engine.intake.revise.revised_tables import Change
from medsynth_engine.intake.text.state import text_of
from medsynth_engine.intake.text.verdicts import count_unread, read_verdicts
from medsynth_engine.kernel.errors import Busy, Interrupted
from medsynth_engine.kernel.store_key import load_key
from medsynth_engine.operations.decisions import lineage
from medsynth_engine.operations.declare import Recorded
from medsynth_engine.operations.quarantine import forget_decided
from medsynth_engine.operations.removal import discard
from medsynth_engine.work.dataset_row import add_row, newest_version, next_folder, next_version, share_as, summary_of
from medsynth_engine.work.desk import Desk

KEPT = ("source",)
"""What of the earlier version's summary says where it came from."""
PLACES = ("images", "quarantine")
HARMLESS = ("clean", "markers", "exempt")


def newest_of(desk: Desk, dataset_id: str) -> tuple[Dataset, Path]:
    """The newest version of the dataset that the job was asked for, for an append or a check may have made one since.

    Raises Interrupted where the dataset was removed meanwhile.
    """
    with desk.ledger.read() as session:
        asked = session.get(Dataset, dataset_id)
        row = newest_version(session, asked.name.partition("~")[0]) if asked is not None else None
        same = row is not None and dataset_id in {version.id for version in lineage(session, row)}
    if row is None or not same:
        raise Interrupted("dataset_removed", "The dataset was removed meanwhile.", "There is nothing left to do.")
    return row, desk.home.datasets / row.folder


def make_next(
    desk: Desk,
    row: Dataset,
    changes: Mapping[str, Change],
    action: str,
    counts: Mapping[str, int],
    text: Callable[[Path], dict[str, Any]],
    verdicts: pd.DataFrame | None = None,
    also: Callable[[Session, Dataset], None] = lambda session, made: None,
) -> dict[str, Any]:
    """Make the version that follows `row` and commit it with its audit record; the new version's document.

    action  of the audit record; counts: its detail, which holds no record and nothing that was read
    text    what the row's summary says of the text check, from the new folder
    also    what else belongs into the transaction, given the new row
    """
    before = desk.home.datasets / row.folder
    with desk.ledger.read() as session:
        version = next_version(session, row.name)
        target = desk.home.datasets / next_folder(session, row.name, version)
    if target.exists():
        shutil.rmtree(target)  # killed after the folder was whole and before the ledger knew
    key = load_key(desk.home.key)
    document = revise(before, target, changes, key, desk.progress("pictures"), desk.wanted, verdicts)
    try:
        folder = DatasetFolder(target)
        summary = summary_of(folder, document, row.name) | {"text": text(target)}
        summary |= {name: row.summary[name] for name in KEPT if name in row.summary}
        with desk.commit(action, f"dataset:{row.name}", version=version, **counts) as change:
            demand_newest(change.session, row)
            made = add_row(change, target, row.name, version, row.owner_id, summary)
            share_as(change.session, row, made)
            also(change.session, made)
            gone = _retire(desk, change, made, changes)
            settle_earlier(desk, change, made)
    except Exception:
        shutil.rmtree(target, ignore_errors=True)  # nothing was committed, and masked pictures are a patient's too
        raise
    for folder_name in gone:
        discard(desk.home.datasets / folder_name)  # what a kill leaves here is swept with the next home screen
    with desk.ledger.read() as session:
        versions = session.exec(select(Dataset).where(Dataset.name == row.name, Dataset.state == "present")).all()
    forget_decided(desk.home.datasets, versions)
    return document


def text_summary(folder: Path, seconds: float) -> dict[str, Any]:
    """What a checked dataset's summary says: how many pictures have which verdict. seconds: what the reading took."""
    verdicts = read_verdicts(folder)
    held = folder / "quarantine.parquet"
    there = set(pd.read_parquet(held, columns=["record"])["record"]) if held.exists() else set()
    is_held = verdicts["record"].isin(there)
    found = verdicts["verdict"].value_counts()
    count = {name: int(found.get(name, 0)) for name in ("clean", "markers", "masked", "exempt", "unread")}
    text = verdicts["verdict"] == "text"
    return {
        "state": "checked",
        "read": len(verdicts) - count["exempt"],
        **count,
        "quarantined": int((text & is_held).sum()),
        "allowed": int((text & ~is_held).sum()),
        "seconds": round(seconds, 1),
    }


def set_summary(change: Recorded, dataset_id: str, **values: Any) -> None:
    """Replace parts of a row's summary."""
    row = change.session.get_one(Dataset, dataset_id)
    row.summary = {**row.summary, **values}
    change.session.add(row)


def settle_earlier(desk: Desk, change: Recorded, checked: Dataset) -> None:
    """Earlier versions whose own check never ran are checked with this one, where it holds the same pixels unmarked."""
    verdicts = read_verdicts(desk.home.datasets / checked.folder)
    harmless = verdicts[verdicts["verdict"].isin(HARMLESS)]
    for row in change.session.exec(_earlier(checked)).all():
        if text_of(row.summary)["state"] != "waiting":
            continue
        if count_unread(DatasetFolder(desk.home.datasets / row.folder).records(), harmless) == 0:
            text = {**text_of(row.summary), "state": "checked", "with_version": checked.version}
            row.summary = {**row.summary, "text": text}
            change.session.add(row)


def _earlier(newest: Dataset) -> Any:
    """The query of the versions before `newest` that are there."""
    same = select(Dataset).where(Dataset.name == newest.name, Dataset.state == "present", Dataset.id != newest.id)
    return same.order_by(col(Dataset.version))


def demand_newest(session: Session, row: Dataset) -> None:
    """Raise Interrupted where the dataset of `row` was removed, Busy where it has a newer version."""
    newest = newest_version(session, row.name)
    if newest is None:
        raise Interrupted("dataset_removed", "The dataset was removed meanwhile.", "There is nothing left to do.")
    if newest.id != row.id:
        raise Busy("newer_version", "A newer version of the dataset was made meanwhile.", "Ask for it again.")


def _retire(desk: Desk, change: Recorded, made: Dataset, changes: Mapping[str, Change]) -> list[str]:
    """Earlier versions that hold a changed picture say so; unused ones are removed. The folders that are to go."""
    session = change.session
    removed, kept = [], 0
    for row in session.exec(_earlier(made)).all():
        folder = desk.home.datasets / row.folder
        if not any((folder / place / f"{record}.png").exists() for record in changes for place in PLACES):
            continue
        if any((folder / "images" / f"{record}.png").exists() for record in changes):
            row.summary = {**row.summary, "text": {**text_of(row.summary), "superseded_by": made.version}}
        if _used(session, row.id):
            kept += 1
        else:
            row.state, row.name = "removed", f"{row.name}~{row.id}"
            removed.append(row.folder)
        session.add(row)
    change.detail |= {"versions_removed": len(removed), "versions_kept": kept}
    return removed


def _used(session: Session, dataset_id: str) -> bool:
    """Whether anything was made from this version."""
    return any(
        session.exec(select(table).where(table.dataset_id == dataset_id)).first() is not None
        for table in (Run, Cohort, Evaluation, Weights)
    )
