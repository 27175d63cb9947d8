"""Write the report about a cohort: one HTML file in the store's folder of what leaves."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from PIL import Image

from db.tables import Cohort as CohortRow
from db.tables import Dataset
from medsynth_engine.cohort.merged import merged
from medsynth_engine.cohort.read import Cohort
from medsynth_engine.evidence.burned_in_text import FORMS
from medsynth_engine.governance.report import Cover, html
from medsynth_engine.kernel.atomic import write_text
from medsynth_engine.kernel.errors import BadInput, NotFound
from medsynth_engine.operations import gatekeeping, subjects
from medsynth_engine.operations.judged import newest_evaluation, outdated_because
from medsynth_engine.work.desk import Desk, run

SHEET_COLUMNS, SHEET_ROWS = 12, 3
MAY_SHOW_A_PATIENT = frozenset({"identical_images", "image_copies", "image_membership", "band_not_allowed"})


def work(desk: Desk) -> dict[str, Any]:
    with desk.ledger.read() as session:
        row = session.get_one(CohortRow, desk.arguments["cohort_id"])
        dataset = session.get(Dataset, row.dataset_id)
        subject = subjects.find(session, row.name)
        assessment = gatekeeping.newest_assessment(session, subject.kind, subject.name)
        judged = gatekeeping.verdict(session, subject, "internal", desk.ledger.stamp)
        signed = gatekeeping.shown(session, assessment) if assessment is not None else None
        evaluation = newest_evaluation(session, row.id, row.digest)
        outdated = outdated_because(session, evaluation) if evaluation is not None else []
    if subject.document is None or subject.evaluated_digest != row.digest:
        raise NotFound("not_evaluated", "This cohort has no evaluation.", f"First: medsynth evaluate {row.name}")
    now = datetime.now(UTC)
    digests = {
        "cohort": row.digest,
        "evaluation": subject.evaluation_digest or "",
        "dataset": dataset.digest if dataset else "",
        "assessment": assessment.digest if assessment is not None else "",
    }
    cover = Cover(
        cohort=row.name,
        records=row.n,
        at=now,
        digests={what: value for what, value in digests.items() if value},
        facts=_facts(desk.ledger.store_id, row, evaluation),
        marks=judged.marks,
        merged=merged(row.document),
        outdated=outdated,
    )
    # Pictures are for the owner's eyes, and never where the evidence says that they may be somebody's.
    copied = bool({reason.code for reason in judged.reasons} & MAY_SHOW_A_PATIENT) or _names_somebody(subject.document)
    folder = desk.home.cohorts / row.folder
    if Cohort(folder).digest() != row.digest:
        raise BadInput("cohort_changed", "The cohort's files are not the ones that were evaluated.", "Draw it again.")
    sheet = _sheet(folder) if desk.actor.user_id == row.owner_id and not copied else None
    target = desk.home.generated / f"report-{row.name}-{now:%Y%m%d-%H%M%S}.html"
    digest = _write(desk, row.name, target, html(cover, subject.document, signed, sheet))
    return {"cohort": row.name, "path": str(target), "digest": digest}


def _write(desk: Desk, cohort: str, target: Path, page: str) -> str:
    """The page, and that it was made; its SHA-256."""
    done, about, digest = "cohorts.reported", f"cohort:{cohort}", hashlib.sha256(page.encode()).hexdigest()
    with desk.commit(done, about, digest=digest):
        pass  # first the record: a kill leaves a record without a page, never a page without its record
    try:
        write_text(target, page)
    except BaseException:
        desk.record_failed(done, about, digest=digest)
        raise
    return digest


def _names_somebody(document: dict[str, Any]) -> bool:
    """Whether text that reads like an identifier was found on an image, which inside closes no gate."""
    return any(value["name"] == FORMS and value["value"] for value in document["evidence"])


def _facts(store: str, row: CohortRow, evaluation: Any) -> dict[str, str]:
    """How the cohort came to be and when it was judged; no path, no name of a file or a dataset."""
    document = row.document
    generator, rows = document.get("generator") or {}, document.get("row_model") or {}
    asked = document.get("asked") or {}
    found = {
        "drawn": f"{row.created_at:%Y-%m-%d %H:%M} UTC, seed {asked.get('seed', 'not kept')}",
        "generator": str(generator.get("digest") or "none: rows alone"),
        "rows learned by": str(rows.get("learner") or ""),
        "asked for": ", ".join(f"{key} {value}" for key, value in asked.items() if value and key != "seed"),
        "evaluated": f"{evaluation.created_at:%Y-%m-%d %H:%M} UTC" if evaluation is not None else "",
        "edition of the measures": str(evaluation.document.get("format", "")) if evaluation is not None else "",
        "MedSynth": version("medsynth"),
        "store": store,
    }
    return {label: words for label, words in found.items() if words}


def _sheet(folder: Path) -> bytes | None:
    """The first synthetic images side by side as a PNG, or None for rows alone."""
    with (folder / "metadata.csv").open(newline="") as stream:
        first = itertools.islice(csv.DictReader(stream), SHEET_COLUMNS * SHEET_ROWS)
        names = [row.get("file_name") for row in first]
    files = [folder / name for name in names if name]
    if not files:
        return None
    pictures = [Image.open(file) for file in files]
    width, height = pictures[0].size
    rows = -(-len(pictures) // SHEET_COLUMNS)
    sheet = Image.new(pictures[0].mode, (SHEET_COLUMNS * width, rows * height))
    for number, picture in enumerate(pictures):
        sheet.paste(picture, (number % SHEET_COLUMNS * width, number // SHEET_COLUMNS * height))
    packed = io.BytesIO()
    sheet.save(packed, "PNG")
    return packed.getvalue()


if __name__ == "__main__":
    run(work)
