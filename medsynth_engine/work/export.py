"""Let a cohort out: the gate is asked once more over the bytes that really leave, then files and release appear."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from db.tables import Cohort as CohortRow
from db.tables import Dataset, new_id
from db.tables import Release as ReleaseRow
from medsynth_engine.cohort.read import Cohort
from medsynth_engine.exchange.export import export
from medsynth_engine.exchange.release import Release
from medsynth_engine.kernel.errors import Refused
from medsynth_engine.operations import gatekeeping, subjects
from medsynth_engine.work.desk import Desk, run

CHANGED = {
    "code": "cohort_changed",
    "why": "The cohort's files are not the ones that were evaluated and assessed.",
    "what_to_do": "Draw the cohort again, evaluate it and have it assessed.",
}


def work(desk: Desk) -> dict[str, Any]:
    arguments = desk.arguments
    audience = arguments["audience"]
    with desk.ledger.read() as session:
        row = session.get_one(CohortRow, arguments["cohort_id"])
        dataset = session.get(Dataset, row.dataset_id)
        subject = subjects.find(session, row.name)
        judged = gatekeeping.verdict(session, subject, audience, desk.ledger.stamp)
        assessment = gatekeeping.newest_assessment(session, subject.kind, subject.name)
    folder = desk.home.cohorts / row.folder
    reasons = [] if judged.open else [reason.document() for reason in judged.reasons]
    if Cohort(folder).digest() != row.digest:
        reasons.append(CHANGED)
    if reasons:
        raise Refused("The gate is closed for this cohort.", reasons, f"See: medsynth gate show {row.name}")
    release = Release(
        name=row.name,
        audience=audience,
        at=datetime.now(UTC),
        cohort_digest=row.digest,
        evaluation_digest=subject.evaluation_digest or "",
        generator_digest=str((row.document.get("generator") or {}).get("digest") or ""),
        assessment=assessment.id if assessment else "",
        release=new_id(),
        marks=judged.marks,
        learned_from=_learned_from(dataset),
    )
    written = export(
        folder,
        Path(arguments["target"]) / arguments["name"],
        arguments["format"],
        release,
        subject.document or {},
        desk.progress("files"),
        desk.wanted,
    )
    try:
        _commit(desk, row, release, written, judged.overridden)
    except BaseException:
        _discard(Path(written["path"]))  # what the ledger does not know has not left
        raise
    return {"release": release.release, "path": written["path"], "files": written["files"], "audience": audience}


def _commit(desk: Desk, row: CohortRow, release: Release, written: dict[str, Any], overridden: bool) -> None:
    detail = {"audience": release.audience, "digest": written["digest"], "marks": list(release.marks)}
    with desk.commit("cohorts.released", f"cohort:{row.name}", release=release.release, **detail) as change:
        change.session.add(
            ReleaseRow(
                id=release.release,
                subject_kind="cohort",
                subject_name=row.name,
                cohort_id=row.id,
                assessment_id=release.assessment or None,
                audience=release.audience,
                format=written["format"],
                path=Path(written["path"]).name,
                digest=written["digest"],
                actor_id=desk.actor.user_id,
                overridden=overridden,
            )
        )


def _learned_from(dataset: Dataset | None) -> str:
    """What the card says about the real data: rounded, without a name."""
    if dataset is None:
        return "Learned from real, de-identified records."
    patients = int(dataset.summary.get("patients") or 0)
    about = "fewer than 11" if patients < 11 else f"about {round(patients, -1)}"
    return f"Learned from real, de-identified records of {about} patients, of whom 30 % were held out to judge it."


def _discard(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    run(work)
