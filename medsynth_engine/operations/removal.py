"""Removing things: what goes with them, and what remains is listed.

The ledger says it first; the files follow. What a kill leaves between the two is swept at the next look. A removed
thing's name is free again: the row, and whatever was signed about it, keep the name with the row's id behind it.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from db.errors import LedgerFull
from db.ledger import SYSTEM
from db.tables import Assessment, Cohort, Dataset, Job, Run, new_id
from medsynth_engine.kernel.home import Home
from medsynth_engine.operations import dataset_use, remains
from medsynth_engine.operations.declare import Call
from medsynth_engine.operations.quarantine import forget_decided

STAGING, TRASH = ".staging-", ".trash-"
DATASET_REMAINS = ("train.npz", "checkpoints")
"""What of a run's folder holds real images."""
BUNDLE = "bundle"
"""What of a bundle's job folder holds real images, readable until they are packed."""
MAKERS = ("generate", "import_cohort", "import_run")
UNDER_WAY = ("queued", "running")
UNFINISHED = timedelta(days=1)
"""So long a cancelled intake can be continued; then its pictures go."""
SLACK = timedelta(seconds=10)
DATASET_FOLDER = re.compile(r"(?P<staging>\.staging-)?(?P<name>.+)-v\d+(-\d+)?")


def discard(path: Path) -> None:
    """Out of sight in one rename, then gone; what a kill leaves is swept by `sweep`."""
    if not path.exists():
        return
    trash = path.with_name(f"{TRASH}{new_id()}")
    path.rename(trash)
    shutil.rmtree(trash) if trash.is_dir() else trash.unlink()


def sweep(call: Call, removed_name: str = "") -> None:
    """Finish what a killed removal, review, intake or bundle began. Of `removed_name` unfinished work goes at once."""
    home = call.home
    with suppress(LedgerFull):  # a full disk: the next look does it
        _discard_gone(call)
        _discard_orphans(call, removed_name)
    with call.read() as session:
        there = session.exec(select(Dataset).where(Dataset.state != "removed")).all()
    forget_decided(home.datasets, there)
    for folder in (home.datasets, home.runs, home.cohorts, home.jobs):
        for trash in folder.glob(f"{TRASH}*"):
            _delete(trash)


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _discard_gone(call: Call) -> None:
    """What removed rows and ended jobs left. Under the ledger's write lock: what is just being committed is not taken
    for it, and nothing is put into the place of a name between the look and the rename."""
    with call.read() as session:
        if not _gone(call.home, session):
            return
    with call.ledger.write(call.face) as change:
        for root, path in _gone(call.home, change.session):
            path.rename(root / f"{TRASH}{new_id()}")


def _gone(home: Home, session: Session) -> list[tuple[Path, Path]]:
    """What is there and should not be, each behind the folder on whose disk it lies."""
    datasets = session.exec(select(Dataset)).all()
    runs, cohorts = session.exec(select(Run)).all(), session.exec(select(Cohort)).all()
    removed = {row.id for row in datasets if row.state == "removed"}
    drawn, trained = _being_made(session, "cohort:"), _being_made(session, "run:")
    gone = [
        *((home.datasets, path) for path in _left(home.datasets, datasets, set())),
        *((home.runs, path) for path in _left(home.runs, runs, trained)),
        *((home.cohorts, path) for path in _left(home.cohorts, cohorts, drawn)),
        *((home.cohorts, path) for path in _broken_off(home.cohorts, drawn)),
        *((home.runs, path) for path in _broken_off(home.runs, trained)),
    ]
    gone += [
        (home.runs, home.runs / run.folder / part)
        for run in runs
        for part in DATASET_REMAINS
        if run.state != "removed" and run.dataset_id in removed
    ]
    ended = select(Job.folder).where(Job.kind == "bundle", col(Job.state).not_in(UNDER_WAY))
    gone += [(home.jobs, home.jobs / folder / BUNDLE) for folder in session.exec(ended)]
    return [(root, path) for root, path in gone if path.exists()]


def _left(root: Path, rows: Sequence[Dataset] | Sequence[Run] | Sequence[Cohort], being_made: set[str]) -> list[Path]:
    """Folders of removed rows that are there, without those that a present row has too, or that a job fills just now.

    A name that is free again may come back, also in other letters; some disks take both spellings for one folder.
    """
    present: dict[str, set[str]] = {}
    for row in rows:
        if row.state != "removed":
            present.setdefault(row.folder.casefold(), set()).add(row.folder)
    left = []
    for folder in {row.folder for row in rows if row.state == "removed"}:
        path, alike = root / folder, present.get(folder.casefold(), set())
        if not path.exists() or folder.casefold() in being_made or folder in alike:
            continue
        if not any((root / other).exists() and path.samefile(root / other) for other in alike):
            left.append(path)
    return left


def _broken_off(root: Path, being_made: set[str]) -> list[Path]:
    """Cohorts that a killed job left half drawn, runs that it left half brought in. Also where this ledger knows of no
    job, as after a restore, somebody may be at work there: only what was still for a day."""
    return [
        path
        for path in root.glob(f"{STAGING}*")
        if path.name.removeprefix(STAGING).casefold() not in being_made
        and datetime.now(UTC) - changed(path) > UNFINISHED
    ]


def changed(path: Path) -> datetime:
    """When a file, or what a folder or the folders in it hold, last changed; what is gone meanwhile changed now."""
    times = []
    with suppress(OSError):
        times.append(path.lstat().st_mtime)
        times += [each.lstat().st_mtime for each in path.iterdir()]
    return datetime.fromtimestamp(max(times), UTC) if times else datetime.now(UTC)


def _being_made(session: Session, kind: str) -> set[str]:
    """Names of runs or cohorts for which a job is under way that makes their folder before a row names it."""
    jobs = select(Job.subject).where(
        col(Job.kind).in_(MAKERS), col(Job.state).in_(UNDER_WAY), col(Job.subject).startswith(kind)
    )
    return {subject.removeprefix(kind).casefold() for subject in session.exec(jobs)}


def _discard_orphans(call: Call, removed_name: str) -> None:
    """What ended jobs left of datasets. Under the ledger's write lock: no job begins or commits in between."""
    with call.read() as session:
        if not _orphans(call, session, removed_name):
            return
    with call.ledger.write(call.face) as change:
        orphans = _orphans(call, change.session, removed_name)
        for path in orphans:
            path.rename(path.with_name(f"{TRASH}{new_id()}"))
        if orphans:
            change.record(
                actor=SYSTEM, action="datasets.swept", object_="store", detail={"unfinished_folders": len(orphans)}
            )


def _orphans(call: Call, session: Session, removed_name: str) -> list[Path]:
    """Folders and stagings of datasets that no row names, made by a job that this ledger saw end.

    A folder that came into being while no known job worked on its dataset is left: the ledger may be an older copy.
    """
    known = set(session.exec(select(Dataset.folder)))
    jobs: dict[str, list[Job]] = {}
    for job in session.exec(select(Job).where(col(Job.subject).startswith("dataset:"))):
        jobs.setdefault(job.subject.removeprefix("dataset:").lower(), []).append(job)
    orphans = []
    for path in call.home.datasets.iterdir():
        found = DATASET_FOLDER.fullmatch(path.name)
        if found is None or path.name in known:
            continue
        name = found["name"]
        about = jobs.get(name.lower(), [])
        if any(job.ended_at is None for job in about):
            continue
        made = datetime.fromtimestamp(path.lstat().st_mtime, UTC)
        by_a_job = any(job.created_at <= made <= job.ended_at + SLACK for job in about if job.ended_at)
        may_go_on = found["staging"] and name != removed_name and datetime.now(UTC) - made < UNFINISHED
        if by_a_job and not may_go_on:
            orphans.append(path)
    return orphans


def remove_dataset(call: Call, row: Any) -> dict[str, Any]:
    """Remove every version of a dataset with its images, tables, its runs' folds and checkpoints, and bundles here.

    Raises Busy where a training or other work needs it.
    """
    name = row.name
    dataset_use.refresh(call, name)
    with call.change(f"dataset:{name}") as change:
        session = change.session
        dataset_use.demand_unused(session, name)
        versions = list(session.exec(select(Dataset).where(Dataset.name == name)))
        left = remains.of(session, versions)
        bundles = remains.bundles_here(call.home, remains.bundle_digests(session, versions))
        for version in versions:
            version.state, version.name = "removed", f"{name}~{version.id}"
            session.add(version)
        _retire_assessments(session, "dataset", name, row.id)
        change.detail.update({kind: len(names) for kind, names in left.items()}, bundles_removed=len(bundles))
    for bundle in bundles:
        discard(bundle)
    sweep(call, removed_name=name)
    return {
        "dataset": name,
        "removed_versions": len(versions),
        "removed_bundles": [bundle.name for bundle in bundles],
        "remains": left,
    }


def remove_run(call: Call, row: Any) -> dict[str, Any]:
    """Remove a run's folder: its folds, checkpoints, samples and generator. Weights and cohorts stay."""
    with call.change(f"run:{row.name}") as change:
        mine = change.session.get_one(Run, row.id)
        left = remains.of_run(change.session, mine)
        mine.state, mine.name = "removed", f"{row.name}~{row.id}"
        change.session.add(mine)
    sweep(call)
    return {"run": row.name, "state": "removed", "remains": left}


def remove_cohort(call: Call, row: Any) -> dict[str, Any]:
    """Remove a cohort's folder; its evaluation, assessment and releases stay in the ledger."""
    with call.change(f"cohort:{row.name}") as change:
        mine = change.session.get_one(Cohort, row.id)
        mine.state, mine.name = "removed", f"{row.name}~{row.id}"
        change.session.add(mine)
        _retire_assessments(change.session, "cohort", row.name, row.id)
    sweep(call)
    return {"cohort": row.name, "state": "removed"}


def _retire_assessments(session: Session, kind: str, name: str, row_id: str) -> None:
    """What was signed about a thing is not about the next thing of that name."""
    about = select(Assessment).where(Assessment.subject_kind == kind, Assessment.subject_name == name)
    for assessment in session.exec(about):
        assessment.subject_name = f"{name}~{row_id}"
        session.add(assessment)
