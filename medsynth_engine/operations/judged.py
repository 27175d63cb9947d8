"""What is known about a cohort's evaluation: the newest of exactly this cohort, and whether it still holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from medsynth_engine.evidence.edition import FORMAT


def newest_evaluation(session: Session, cohort_id: str, digest: str) -> Any | None:
    """The newest evaluation of exactly this cohort, or None."""
    from db.tables import Evaluation

    return session.exec(
        select(Evaluation)
        .where(Evaluation.cohort_id == cohort_id, Evaluation.cohort_digest == digest)
        .order_by(col(Evaluation.created_at).desc())
    ).first()


def of_older_edition(document: dict[str, Any]) -> bool:
    """Whether the evaluation was made before the measures were what they are now."""
    return int(document.get("format") or 0) < FORMAT


def outdated_because(session: Session, evaluation: Any) -> list[str]:
    """Why this evaluation no longer says what a new one would; empty where it does."""
    from db.tables import Dataset

    reasons = []
    if of_older_edition(evaluation.document):
        reasons.append("It was made by an earlier release, which measured less. Evaluate again.")
    judged_by = session.get(Dataset, evaluation.dataset_id)
    if judged_by is not None and judged_by.state == "present":
        versions = select(Dataset.version).where(Dataset.name == judged_by.name, Dataset.state == "present")
        newest = max(session.exec(versions), default=judged_by.version)
        if newest > judged_by.version:
            reasons.append(
                f"The dataset has a version {newest} by now; this is about version {judged_by.version}, from which "
                "the cohort was drawn. Draw a cohort from the new one to judge it."
            )
    elif judged_by is not None:
        reasons.append("The dataset behind it was removed: it cannot be made again.")
    return reasons


def pairs_path(dataset_folder: Path, cohort_id: str) -> Path:
    """Where a cohort's nearest pairs are kept: with the real images that they point at, so that they go with them."""
    return dataset_folder / "nearest" / f"{cohort_id}.json"


def pairs_wanted(session: Session, cohorts: Path, datasets: Path, row: Any) -> bool:
    """Whether this cohort and its dataset are here with images, and nobody has looked for the nearest pairs yet."""
    from db.tables import Dataset

    dataset = session.get(Dataset, row.dataset_id)
    if dataset is None or dataset.state != "present":
        return False
    drawn, real = cohorts / row.folder / "images", datasets / dataset.folder
    return drawn.is_dir() and (real / "images").is_dir() and not pairs_path(real, row.id).exists()
