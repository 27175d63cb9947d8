"""The text check of a dataset: asked for by a person, and again by itself where it did not come to its end.

Nothing of a dataset is released before its check.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from db.ledger import SYSTEM
from db.tables import Dataset, Job
from medsynth_engine.access.roles import Permission
from medsynth_engine.intake.text.state import text_of
from medsynth_engine.kernel.errors import BadInput, Busy
from medsynth_engine.operations.datasets import newest
from medsynth_engine.operations.decisions import work_under_way
from medsynth_engine.operations.declare import Call, Recorded, operation
from medsynth_engine.operations.jobs import hand_over, launch

CHECK = "check_text"
TRY_AGAIN = timedelta(hours=1)
"""What failed a moment ago fails again; a job that somebody stopped had a reason."""


class Checks:
    """Asking for a text check."""

    @operation("datasets.check", Permission.BRING_IN, about="name")
    def datasets_check(self, call: Call, name: str, burned_in: str = "quarantine") -> dict[str, Any]:
        """Read the pictures that no check has read. Raises BadInput where there are none, Busy during other work.

        Also those of a dataset that an earlier program brought in, before there was a check.
        """
        if burned_in not in ("quarantine", "mask"):
            raise BadInput("unknown_choice", "Text is masked, or its picture quarantined.", "--burned-in mask")
        row = newest(call, name)
        call.require_owner(row, "dataset")
        subject = f"dataset:{row.name}"
        if text_of(row.summary)["state"] != "waiting":
            raise BadInput("nothing_to_check", "Every picture that can carry text was read.", "See: datasets show")
        with call.change(subject) as change:
            if work_under_way(change.session, row.name) is not None:
                raise Busy("dataset_busy", "Other work on this dataset is under way.", "See: medsynth jobs list")
            job = hand_over(call, change, CHECK, subject, {"dataset_id": row.id, "burned_in": burned_in}, queue=subject)
        launch(call, job)
        return {"job": job, "dataset": row.name}


def sweep_checks(call: Call) -> list[str]:
    """Start the checks of the actor's own datasets that ended without a result; the jobs that were started."""
    jobs = []
    with call.read() as session:
        due = [row.id for row in _waiting(call, session) if _last_failed(session, row) is not None]
    for dataset_id in due:
        with call.ledger.write(call.face) as change:
            row = change.session.get_one(Dataset, dataset_id)
            last = _last_failed(change.session, row)
            if last is None:
                continue  # another home screen was first
            subject = f"dataset:{row.name}"
            recorded = Recorded(change.session, change, subject)
            arguments = {"dataset_id": row.id, "burned_in": last.arguments["burned_in"]}
            jobs.append(hand_over(call, recorded, CHECK, subject, arguments, queue=subject))
            change.record(actor=SYSTEM, action="datasets.check_again", object_=subject, detail=recorded.detail)
    for job in jobs:
        launch(call, job)
    return jobs


def _waiting(call: Call, session: Session) -> list[Dataset]:
    """The newest versions of the actor's datasets whose check has not been made."""
    mine = select(Dataset).where(Dataset.state == "present", Dataset.owner_id == call.actor.user_id)
    rows = session.exec(mine.order_by(col(Dataset.version))).all()
    newest = {row.name: row for row in rows}.values()
    return [row for row in newest if text_of(row.summary)["state"] == "waiting"]


def _last_failed(session: Session, row: Dataset) -> Job | None:
    """The check of this dataset that failed, a while ago, with nothing under way since."""
    if work_under_way(session, row.name) is not None:
        return None
    about = select(Job).where(Job.kind == CHECK, Job.subject == f"dataset:{row.name}")
    last = session.exec(about.order_by(col(Job.created_at).desc())).first()
    if last is None or last.state not in ("failed", "interrupted"):
        return None
    return last if datetime.now(UTC) - last.created_at > TRY_AGAIN else None
