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
from medsynth_engine.gan.label import is_promise
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
    if not judged.open:
        raise _refused(row, [reason.document() for reason in judged.reasons])
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
        made_by=made_by(row.document, imported=row.run_id is None),
        learned_from=_learned_from(dataset),
    )
    target = Path(arguments["target"])
    hidden = target / f".leaving-{desk.folder.name}"
    try:
        written = _written(desk, row, hidden, release, subject.document or {})
        _commit(desk, row, release, written, judged.overridden)
        made = Path(written["path"])
        made.rename(target / made.name)  # last: what is visible has been recorded
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
    path = str(target / made.name)
    return {"release": release.release, "path": path, "files": written["files"], "audience": audience}


def _written(desk: Desk, row: CohortRow, hidden: Path, release: Release, evaluation: dict[str, Any]) -> dict[str, Any]:
    """Export a copy of the cohort whose digest is checked, so that what leaves is what was judged."""
    arguments = desk.arguments
    hidden.mkdir(mode=0o700)
    copy = hidden / "cohort"
    shutil.copytree(desk.home.cohorts / row.folder, copy)
    if Cohort(copy).digest() != row.digest:
        raise _refused(row, [CHANGED])
    destination, progress = hidden / arguments["name"], desk.progress("files")
    return export(copy, destination, arguments["format"], release, evaluation, progress, desk.wanted)


def _refused(row: CohortRow, reasons: list[dict[str, str]]) -> Refused:
    return Refused("The gate is closed for this cohort.", reasons, f"See: medsynth gate show {row.name}")


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


LEARNERS = {"trees": "sequential trees", "dp": "a private tree", "gan": "a tabular GAN"}


def made_by(document: dict[str, Any], imported: bool) -> str:
    """What drew a cohort, and what that promises; a promise in an imported file is that file's word alone."""
    rows = document.get("row_model") or {}
    drew = f"Rows were drawn by {LEARNERS.get(str(rows.get('learner')), 'a model of rows')} of MedSynth."
    parts = [drew, str(rows.get("says") or "")]
    generator = document.get("generator")
    if generator:
        parts.append("Images were drawn by a generator of MedSynth.")
        promise = generator.get("privacy")
        if is_promise(promise):  # an older ledger may hold what a file said before that was checked
            parts.append(
                f"{'Its file says that images' if imported else 'Images'} were learned with differential privacy for "
                f"each patient: epsilon {promise['epsilon']:g} at delta {promise['delta']:g}; this covers images and "
                "the list of conditions."
            )
    return " ".join(part for part in parts if part)


def _learned_from(dataset: Dataset | None) -> str:
    """What the card says about the real data: rounded, without a name."""
    if dataset is None:
        return "Learned from real, de-identified records."
    patients = int(dataset.summary.get("patients") or 0)
    about = "fewer than 11" if patients < 11 else f"about {round(patients, -1)}"
    return f"Learned from real, de-identified records of {about} patients, of whom 30 % were held out to judge it."


if __name__ == "__main__":
    run(work)
