"""A version of a dataset in the ledger: what its row says of the folder that an intake, check or review made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from sqlmodel import Session, col, func, or_, select

from db.tables import Dataset, DatasetShare, Submission
from medsynth_engine.cohort.composition import composition
from medsynth_engine.intake.dataset import Dataset as DatasetFolder
from medsynth_engine.intake.formats.dicom_tags import READABLE_SIDE
from medsynth_engine.intake.report.report import to_keep
from medsynth_engine.jobs.start import start
from medsynth_engine.kernel.small_cells import SMALLEST
from medsynth_engine.operations.declare import Recorded
from medsynth_engine.operations.jobs import step
from medsynth_engine.work.desk import Desk

COUNTS = ("submitted", "accepted", "quarantined", "rejected", "patients")


def newest_version(session: Session, name: str) -> Dataset | None:
    """The newest version that is present. Two datasets never differ in upper and lower case alone."""
    present = select(Dataset).where(func.lower(Dataset.name) == name.lower(), Dataset.state == "present")
    return session.exec(present.order_by(col(Dataset.version).desc())).first()


def next_version(session: Session, name: str) -> int:
    """A number that no version of that name has had."""
    numbers = session.exec(select(Dataset.version).where(Dataset.name == name)).all()
    return max(numbers, default=0) + 1


def next_folder(session: Session, name: str, version: int) -> str:
    """A folder name that no version of a dataset of that name has had, removed ones among them.

    It counts the rows there ever were, so it stays the same until one is added: a cancelled intake is continued.
    """
    lower = name.lower()
    removed = func.lower(Dataset.name).startswith(f"{lower}~", autoescape=True)
    ever = session.exec(select(Dataset.id).where(or_(func.lower(Dataset.name) == lower, removed))).all()
    return f"{name}-v{version}-{len(ever) + 1}"


def summary_of(folder: DatasetFolder, document: dict[str, Any], name: str) -> dict[str, Any]:
    """The row's summary: the intake's document without values of single patients, and whether text must be read."""
    records, schema = folder.records(), folder.schema()
    readable = count_readable(records)
    return {
        **to_keep(document),
        "dataset": name,
        "schema": _shown_schema(schema, records),
        "composition": composition(records, schema, suppress=True),
        "readable": readable,
        "text": {"state": "waiting" if readable else "exempt"},
    }


def count_readable(records: pd.DataFrame) -> int:
    """How many pictures are large enough to carry text that can be read (DESIGN, slow checks)."""
    if records["file"].isna().all():
        return 0
    shorter = records[["height", "width"]].astype("Int64").min(axis=1)
    return int((shorter >= READABLE_SIDE).sum())


def add_row(change: Recorded, target: Path, name: str, version: int, owner_id: str, summary: dict[str, Any]) -> Dataset:
    """The row of the version whose folder is `target`, with its intake ledger. The change's record gets its digest."""
    folder = DatasetFolder(target)
    row = Dataset(
        name=name, version=version, owner_id=owner_id, folder=target.name, digest=folder.digest(), summary=summary
    )
    change.session.add(row)
    change.session.flush()
    ledger = folder.submissions().rename(columns={"digest": "source_digest"})
    for outcome in ledger[["ordinal", "outcome", "reason", "source_digest"]].to_dict("records"):
        change.session.add(Submission(dataset_id=row.id, **{str(key): value for key, value in outcome.items()}))
    change.detail["digest"] = row.digest
    return row


def share_as(session: Session, earlier: Dataset, row: Dataset) -> None:
    """Who could use the earlier version can use this one."""
    for share in session.exec(select(DatasetShare).where(DatasetShare.dataset_id == earlier.id)).all():
        session.add(DatasetShare(dataset_id=row.id, user_id=share.user_id, shared_by=share.shared_by, at=share.at))


def ask_for_text_check(desk: Desk, change: Recorded, row: Dataset, burned_in: str) -> None:
    """Have the pictures read for burned-in text: a job of its own that begins when this one has ended."""
    job = start(
        change.change,
        desk.home,
        kind="check_text",
        arguments={"dataset_id": row.id, "burned_in": burned_in},
        steps=[step("medsynth_engine.work.check_text")],
        actor=desk.actor,
        subject=f"dataset:{row.name}",
        queue=f"dataset:{row.name}",
    )
    change.detail["text_check"] = job


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
