"""What is left of a dataset after it was removed: what learned from it, what was told of it, what left the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlmodel import Session, col, select

from db import chain
from db.tables import Assessment, Cohort, Dataset, Evaluation, Release, Run, Weights
from medsynth_engine.kernel.atomic import file_digest
from medsynth_engine.kernel.home import Home


def of(session: Session, versions: list[Dataset]) -> dict[str, list[str]]:
    """By kind: names of generators and cohorts, ids of exports and bundles, times of backups. Asked before removing.

    A backup of the ledger alone holds its name and what was told of it, no image.
    A generator cannot forget one patient, and nobody can call back what has left: all that can be done is to say so.
    """
    ids = {version.id for version in versions}
    since = min(version.created_at for version in versions)
    runs = [run for run in session.exec(select(Run).where(col(Run.dataset_id).in_(ids))) if run.state != "removed"]
    trained = {run.id for run in runs}
    weights = session.exec(select(Weights)).all()
    learned = [each.name for each in weights if each.dataset_id in ids or each.run_id in trained]
    cohorts = session.exec(select(Cohort).where(col(Cohort.dataset_id).in_(ids))).all()
    drawn = {cohort.id for cohort in cohorts}
    evaluated = session.exec(select(Evaluation).where(col(Evaluation.dataset_id).in_(ids))).all()
    releases = session.exec(select(Release).where(col(Release.at) >= since)).all()
    made = backups(session, since)
    whole = [record for record in made if '"everything":true' in record.detail]
    return {
        "generators": sorted({run.name for run in runs if run.generator_digest} | set(learned)),
        "cohorts": [cohort.name for cohort in cohorts if cohort.state == "present"],
        "evaluations": sorted({each.digest[:16] for each in evaluated}),
        "assessments": [f"version {each.version}" for each in _assessments(session, versions[0].name)],
        "exports": [each.id for each in releases if each.cohort_id in drawn or _of_weights(each, learned)],
        "bundles": [each.id for each in _bundles(releases, versions)],
        "backups": _times(whole),
        "backups_of_the_ledger": _times([record for record in made if record not in whole]),
    }


def of_run(session: Session, run: Run) -> dict[str, list[str]]:
    """By kind: names of the generators that a run left among the weights, and of the cohorts drawn from it."""
    cohorts = session.exec(select(Cohort).where(Cohort.run_id == run.id, Cohort.state == "present"))
    return {
        "generators": sorted(session.exec(select(Weights.name).where(Weights.run_id == run.id))),
        "cohorts": sorted(cohort.name for cohort in cohorts),
    }


def called(dataset: Dataset | None) -> str | None:
    """What learned or was drawn from it names it so: a removed dataset's row keeps the row's id behind its name."""
    if dataset is None:
        return None
    return f"{dataset.name.partition('~')[0]} (removed)" if dataset.state == "removed" else dataset.name


def backups(session: Session, since: datetime | None = None) -> list[chain.Record]:
    """The records of backups that were finished, the newest first; others say that one began, was denied or failed."""
    made = chain.page(session, action="store.backup", outcome="done", since=since, limit=1000)
    return [record for record in made if '"digest":"' in record.detail]


def _times(made: list[chain.Record]) -> list[str]:
    return sorted({record.at.isoformat(timespec="seconds") for record in made})


def bundle_digests(session: Session, versions: list[Dataset]) -> set[str]:
    """Digests of the bundles that were made of it."""
    since = min(version.created_at for version in versions)
    releases = session.exec(select(Release).where(col(Release.at) >= since)).all()
    return {release.digest for release in _bundles(releases, versions)}


def bundles_here(home: Home, digests: set[str]) -> list[Path]:
    """Bundles that still lie where goes what leaves: they hold the images and go with them."""
    if not digests:
        return []
    found = (file for folder in {home.generated, home.outbox} for file in folder.rglob("*.zip"))
    return [file for file in found if not file.is_symlink() and file_digest(file) in digests]


def _assessments(session: Session, name: str) -> list[Assessment]:
    about = select(Assessment).where(Assessment.subject_kind == "dataset", Assessment.subject_name == name)
    return list(session.exec(about.order_by(col(Assessment.version))))


def _bundles(releases: Sequence[Release], versions: list[Dataset]) -> list[Release]:
    return [each for each in releases if each.subject_kind == "dataset" and each.subject_name == versions[0].name]


def _of_weights(release: Release, learned: list[str]) -> bool:
    return release.subject_kind == "generator" and release.subject_name in learned
