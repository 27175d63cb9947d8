"""Let a cohort out: the gate is asked once more over the bytes that really leave, then files and release appear."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from db.tables import Cohort as CohortRow
from db.tables import Dataset, new_id
from medsynth_engine.cohort.merged import merged
from medsynth_engine.cohort.read import Cohort
from medsynth_engine.exchange.export import export
from medsynth_engine.exchange.release import Release
from medsynth_engine.gan.label import is_promise
from medsynth_engine.governance.rounded import patients_about, stand_ins
from medsynth_engine.work.desk import Desk, run
from medsynth_engine.work.letting_out import Passage, hidden, passage

CHANGED = (
    "cohort_changed",
    "The cohort's files are not the ones that were evaluated and assessed.",
    "Draw the cohort again, evaluate it and have it assessed.",
)


def work(desk: Desk) -> dict[str, Any]:
    arguments = desk.arguments
    with desk.ledger.read() as session:
        asked = session.get_one(CohortRow, arguments["cohort_id"])
        dataset = session.get(Dataset, asked.dataset_id)
    allowed = passage(desk, asked.name, arguments["audience"])
    release = _release(allowed, dataset)
    with hidden(desk) as (target, folder):
        written = _written(desk, allowed, folder, release)
        made = Path(written["path"])
        with desk.commit("cohorts.released", f"cohort:{release.name}") as change:
            allowed.record(desk, change, release.release, made.name, written["format"], written["digest"])
        made.rename(target / made.name)  # last: what is visible has been recorded
    path = str(target / made.name)
    return {"release": release.release, "path": path, "files": written["files"], "audience": release.audience}


def _release(allowed: Passage, dataset: Dataset | None) -> Release:
    subject, document = allowed.subject, allowed.subject.row.document
    return Release(
        name=subject.name,
        audience=allowed.audience,
        at=datetime.now(UTC),
        cohort_digest=subject.digest,
        evaluation_digest=subject.evaluation_digest or "",
        generator_digest=str((document.get("generator") or {}).get("digest") or ""),
        assessment=allowed.assessment or "",
        release=new_id(),
        marks=allowed.verdict.marks,
        made_by=made_by(document, imported=subject.row.run_id is None),
        learned_from=learned_from(dataset.summary if dataset else None),
        merged=merged(document),
    )


def _written(desk: Desk, allowed: Passage, folder: Path, release: Release) -> dict[str, Any]:
    """Export a copy of the cohort whose digest is checked, so that what leaves is what was judged."""
    arguments, subject = desk.arguments, allowed.subject
    copy = folder / "cohort"
    shutil.copytree(desk.home.cohorts / subject.row.folder, copy)
    if subject.cohort_id != arguments["cohort_id"] or Cohort(copy).digest() != subject.digest:
        raise allowed.refused(*CHANGED)
    destination, progress = folder / arguments["name"], desk.progress("files")
    return export(copy, destination, arguments["format"], release, subject.document or {}, progress, desk.wanted)


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


def learned_from(summary: Mapping[str, Any] | None) -> str:
    """What the card says about the real data: rounded, without a name. summary: of the dataset's row, or None."""
    if not summary:
        return "Learned from real, de-identified records."
    held = held_out(summary)
    count = patients_about(int(summary.get("patients") or 0))
    if summary.get("patients_known") is not False:
        return f"Learned from real, de-identified records of {count} patients{held}."
    said = f"Learned from real, de-identified data: {count} {stand_ins(summary)}{held}."
    return f"{said} There was no patient id, so of how many patients is not known."


def held_out(summary: Mapping[str, Any]) -> str:
    """How much of it judged and did not teach, in tens of percent: a source may bring a split of its own."""
    folds = {fold: int(summary.get(fold) or 0) for fold in ("train", "validation", "holdout")}
    share = folds["holdout"] / max(1, sum(folds.values()))
    return f", of which about {round(10 * share) * 10} % were held out to judge it" if share >= 0.05 else ""


if __name__ == "__main__":
    run(work)
