"""Every text of an assessment that was ever submitted, and what differs between two of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from medsynth_engine.governance import assessment as documents
from medsynth_engine.governance.pia import QUESTIONS
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.escape import plain


@dataclass(frozen=True)
class Text:
    """One text: `name` is `version.round` as submitted, or `version` with `draft` behind it."""

    name: str
    digest: str
    document: dict[str, Any]
    at: datetime


def keep(session: Session, row: Any, at: datetime) -> None:
    """Keep the text that is submitted now: what is signed can be read for ever, whatever is changed afterwards."""
    from db.tables import AssessmentText

    submitted = session.exec(select(AssessmentText).where(AssessmentText.assessment_id == row.id)).all()
    session.add(
        AssessmentText(assessment_id=row.id, round=len(submitted) + 1, digest=row.digest, document=row.document, at=at)
    )


def all_of(session: Session, row: Any) -> list[Text]:
    """Every submitted text of the subject's assessments up to this one, the oldest first; its present draft last."""
    from db.tables import Assessment, AssessmentText

    about = (Assessment.subject_kind == row.subject_kind, Assessment.subject_name == row.subject_name)
    before = col(Assessment.version) <= row.version
    versions = {each.id: each for each in session.exec(select(Assessment).where(*about, before))}
    kept = session.exec(
        select(AssessmentText).where(col(AssessmentText.assessment_id).in_(versions)).order_by(col(AssessmentText.at))
    )
    found = [
        Text(f"{versions[each.assessment_id].version}.{each.round}", each.digest, each.document, each.at)
        for each in kept
    ]
    if not found or found[-1].digest != row.digest:
        found.append(Text(f"{row.version} draft", row.digest, row.document, row.created_at))
    return found


def difference(session: Session, row: Any, against: str = "") -> dict[str, Any]:
    """What the newest text changes in the one before, or in the one called `against`. Raises BadInput."""
    found = all_of(session, row)
    newest = found[-1]
    named = [text for text in found if text.name == against] if against else found[-2:-1]
    before = named[0] if named else None
    if against and before is None:
        names = ", ".join(text.name for text in found)
        raise BadInput("no_such_text", f"There is no text {plain(against, 20)!r}.", f"There are: {names}.")
    changes = documents.changed(before.document, newest.document) if before is not None else {}
    return {
        "before": _told(before) if before else None,
        "after": _told(newest),
        "texts": [_told(text) for text in found],
        "changes": [
            {"field": key, "question": _question(key), "before": _words(old), "after": _words(new)}
            for key, (old, new) in changes.items()
        ],
    }


def _told(text: Text) -> dict[str, Any]:
    return {"text": text.name, "digest": text.digest, "at": text.at.isoformat(timespec="seconds")}


def _question(key: str) -> str:
    asked = QUESTIONS.get(key)
    return asked.text if asked is not None else key.replace("_", " ").replace(".", ": ")


def _words(value: Any) -> str:
    return "" if value is None else str(value)
