"""Judging a cohort, and looking at what was found: the evidence, the nearest pairs, several cohorts side by side."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import distinct, func
from sqlmodel import Session, col, select

from medsynth_engine.access.roles import Permission
from medsynth_engine.governance.comparison import Judged, compare
from medsynth_engine.jobs.watch import look
from medsynth_engine.kernel.atomic import read_json
from medsynth_engine.kernel.errors import BadInput, Busy, NotFound
from medsynth_engine.kernel.escape import plain
from medsynth_engine.kernel.folders import JobFolder
from medsynth_engine.operations.cohorts import own_cohort
from medsynth_engine.operations.datasets import usable
from medsynth_engine.operations.declare import Call, operation
from medsynth_engine.operations.jobs import hand_over, launch
from medsynth_engine.operations.judged import (
    newest_evaluation,
    of_older_edition,
    outdated_because,
    pairs_path,
    pairs_wanted,
)
from medsynth_engine.operations.thumbnails import checked_gallery, thumbnail

TENTH = 10
FEWEST, MOST = 2, 4
"""Cohorts that are compared at once."""
RECORD = re.compile(r"r[0-9A-Za-z]+")


class Evaluations:
    """Every number is an Evidence: kernel/evidence.py."""

    @operation("cohorts.evaluate", Permission.EVALUATE, about="cohort")
    def evaluate(self, call: Call, cohort: str) -> dict[str, Any]:
        """A job; where nothing has changed since the last time, at once its document as it is kept, and no job.

        Where this cohort is being evaluated already, that job: two would cost the dataset's patients two evaluations.
        """
        from medsynth_engine.operations.settings import setting

        row = own_cohort(call, cohort)
        with call.read() as session:
            begun = _underway(call, session, row.id)
        for known in begun:
            look(call.ledger, call.home, known.id)  # what a crash left behind is not waited for
        with call.change(f"cohort:{cohort}", digest=row.digest) as change:
            done = _evaluations(change.session, row.dataset_id)
            cached = newest_evaluation(change.session, row.id, row.digest)
            if cached is not None and of_older_edition(cached.document):
                cached = None
            if cached is not None and not pairs_wanted(change.session, call.home.cohorts, call.home.datasets, row):
                kept = {"cohort": cohort, "digest": cached.digest, "cached": True}
                return {"job": None, **kept, **cached.document}
            arguments = {"cohort_id": row.id, "dataset_id": row.dataset_id, "cached": cached.id if cached else None}
            same = [known.id for known in _underway(call, change.session, row.id) if known.arguments == arguments]
            if same:
                change.detail["job"] = same[0]
                return {"job": same[0], "cohort": cohort}
            allowed = int(setting(change.session, "evaluations_per_dataset"))
            if cached is None and done >= allowed:
                raise Busy(
                    "evaluation_budget",
                    f"This dataset has had its {allowed} evaluations: each one tells a little about its patients.",
                    "An admin may extend it: medsynth settings set evaluations_per_dataset N",
                )
            job = hand_over(call, change, "evaluate", f"cohort:{cohort}", arguments)
        launch(call, job)
        return {"job": job, "cohort": cohort}

    @operation("cohorts.evaluation", Permission.READ_REPORTS, about="cohort")
    def evaluation_show(self, call: Call, cohort: str) -> dict[str, Any]:
        row = own_cohort(call, cohort)
        with call.read() as session:
            evaluation = _demanded(session, row)
            outdated = outdated_because(session, evaluation)
        return {
            **evaluation.document,
            "cohort": cohort,
            "digest": evaluation.digest,
            "evaluated": evaluation.created_at.isoformat(timespec="seconds"),
            "outdated": outdated,
        }

    @operation("cohorts.report", Permission.READ_REPORTS, about="cohort")
    def report(self, call: Call, cohort: str) -> dict[str, Any]:
        row = own_cohort(call, cohort)
        with call.read() as session:
            _demanded(session, row)
        with call.change(f"cohort:{cohort}") as change:
            job = hand_over(call, change, "report", f"cohort:{cohort}", {"cohort_id": row.id})
        launch(call, job)
        return {"job": job, "cohort": cohort}

    @operation("cohorts.compare", Permission.READ_REPORTS)
    def cohorts_compare(self, call: Call, names: list[str]) -> dict[str, Any]:
        names = list(dict.fromkeys(names))
        if not FEWEST <= len(names) <= MOST:
            raise BadInput("how_many", f"{FEWEST} to {MOST} different cohorts are compared.", "Name two, for a start.")
        rows = [own_cohort(call, name) for name in names]
        with call.read() as session:
            judged = [_judged(session, row) for row in rows]
        return compare(judged)

    @operation("cohorts.nearest", Permission.SEE_IMAGES, about="name")
    def cohorts_nearest(self, call: Call, name: str, count: int = 6, size: int = 48) -> dict[str, Any]:
        """Synthetic images beside the training image that each lies nearest to; that somebody looked is logged."""
        from db.tables import Dataset

        count, size = checked_gallery(count, size)
        row = own_cohort(call, name)
        usable(call, row.dataset_id)
        with call.read() as session:
            folder = call.home.datasets / session.get_one(Dataset, row.dataset_id).folder
        kept = read_json(pairs_path(folder, row.id))
        if kept is None or kept.get("cohort_digest") != row.digest:
            raise NotFound(
                "no_pairs",
                "Its nearest pairs were not looked for yet.",
                f"The evaluation does: medsynth evaluate {name}",
            )
        pairs = [_pair(call.home.cohorts / row.folder, folder, each, size) for each in kept["pairs"][:count]]
        with call.change(f"cohort:{name}", dataset=row.dataset_id, images=len(pairs)):
            pass  # looking at a real image is an event of its own
        return {"cohort": name, "of": len(kept["pairs"]), "pairs": pairs}


def _demanded(session: Session, row: Any) -> Any:
    """The newest evaluation of exactly this cohort. Raises NotFound."""
    evaluation = newest_evaluation(session, row.id, row.digest)
    if evaluation is None:
        raise NotFound("not_evaluated", "This cohort has no evaluation.", f"Make one: medsynth evaluate {row.name}")
    return evaluation


def _judged(session: Session, row: Any) -> Judged:
    from db.tables import Dataset

    evaluation = _demanded(session, row)
    dataset = session.get_one(Dataset, evaluation.dataset_id)
    at: datetime = evaluation.created_at
    return Judged(
        cohort=row.name,
        records=row.n,
        dataset=f"{dataset.name.split('~')[0]} v{dataset.version}",
        at=at.isoformat(timespec="seconds"),
        document=evaluation.document,
        outdated=bool(outdated_because(session, evaluation)),
    )


def _pair(cohort: Path, dataset: Path, each: dict[str, Any], size: int) -> dict[str, Any]:
    """One pair's document: figures, the synthetic record's row, both pictures. Where a file is gone: no picture."""
    made, real = str(each["synthetic"]), str(each["training"])
    files = (cohort / made, dataset / "images" / f"{real}.png")
    inside = files[0].resolve().is_relative_to(cohort.resolve()) and RECORD.fullmatch(real)
    shown = [thumbnail(file, size) if inside and file.is_file() else None for file in files]
    return {
        "record": plain(Path(made).stem, 80),
        "alike": each["alike"],
        "as_near": each["as_near"],
        "synthetic": shown[0],
        "training": shown[1],
    }


def _underway(call: Call, session: Session, cohort_id: str) -> list[Any]:
    """The caller's jobs that evaluate this cohort, queued or running, the oldest first, but those asked to stop."""
    from db.tables import Job

    mine = select(Job).where(Job.kind == "evaluate", Job.actor_id == call.actor.user_id)
    jobs = session.exec(mine.where(col(Job.state).in_(("queued", "running"))).order_by(col(Job.created_at))).all()
    return [
        job
        for job in jobs
        if job.arguments.get("cohort_id") == cohort_id and JobFolder(call.home.jobs / job.folder).wish() != "stop"
    ]


def _evaluations(session: Session, dataset_id: str) -> int:
    """How many evaluations the dataset's patients have had or are about to have, under whatever name."""
    from db.tables import Evaluation, Job

    versions = _same_patients(session, dataset_id)
    done = sum(of in versions for of in session.exec(select(Evaluation.dataset_id)))
    waiting = session.exec(select(Job).where(Job.kind == "evaluate", col(Job.state).in_(("queued", "running")))).all()
    return done + sum(
        job.arguments.get("dataset_id") in versions and not job.arguments.get("cached") for job in waiting
    )


def _same_patients(session: Session, dataset_id: str) -> set[str]:
    """The dataset's versions, and every other dataset, removed or not, that came of the same records.

    A removed dataset keeps its rows in the ledger, and the keyed digests of what was handed in: who takes the same
    files in again, under this or another name, has no new budget. The same is what has a tenth of the smaller one's
    records in common.
    """
    from db.tables import Dataset, Submission

    name = session.get_one(Dataset, dataset_id).name
    removed = col(Dataset.name).startswith(f"{name}~", autoescape=True)
    versions = set(session.exec(select(Dataset.id).where((col(Dataset.name) == name) | removed)))
    handed_in = select(Submission.source_digest).where(col(Submission.dataset_id).in_(versions)).distinct()
    told = func.count(distinct(col(Submission.source_digest)))
    counts = select(Submission.dataset_id, told).where(Submission.source_digest != "").group_by(Submission.dataset_id)
    sizes = dict(session.exec(counts).all())
    shared = session.exec(counts.where(col(Submission.source_digest).in_(handed_in))).all()
    own = max((sizes.get(version, 0) for version in versions), default=0)
    return versions | {other for other, common in shared if common * TENTH >= min(own, sizes[other])}
