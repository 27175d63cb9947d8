"""What leaves: through the gate, with its reasons, or not at all."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, select

from db.tables import new_id
from medsynth_engine.access.roles import Permission, Scope
from medsynth_engine.exchange.release import FORMATS
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.escape import plain
from medsynth_engine.operations import gatekeeping, independence, subjects
from medsynth_engine.operations.cohorts import own_cohort
from medsynth_engine.operations.declare import Call, operation
from medsynth_engine.operations.jobs import hand_over, launch
from medsynth_engine.operations.on_record import RELEASED
from medsynth_engine.operations.subjects import Subject
from medsynth_engine.operations.way_out import demand_open, target_folder

VOTES_NEEDED = 2


class Releases:
    """The gate, its override, and exports."""

    @operation("gate.show", Permission.READ_REPORTS, about="subject")
    def gate_show(self, call: Call, subject: str, audience: str = "internal") -> dict[str, Any]:
        with call.read() as session:
            found = subjects.find(session, subject)
            call.require_own(found, found.kind)
            judged = gatekeeping.verdict(session, found, audience, call.ledger.stamp)
        return {"subject": found.label, "audience": audience, **judged.document()}

    @operation("gate.override", Permission.OVERRIDE_GATE, fresh=True, about="subject")
    def gate_override(self, call: Call, subject: str, audience: str, reason: str) -> dict[str, Any]:
        from db.tables import Override, User

        gatekeeping.checked_audience(audience)
        if len(reason.strip()) < 10:
            raise BadInput("reason_missing", "An override needs a reason that others can judge.", "--reason TEXT")
        with call.change(subject, audience=audience, reason=plain(reason, 500)) as change:
            found = subjects.find(change.session, subject)
            change.object_ = f"{found.kind}:{found.name}"
            change.session.add(
                Override(
                    subject_kind=found.kind,
                    subject_name=found.name,
                    audience=audience,
                    admin_id=call.actor.user_id,
                    reason=plain(reason, 500),
                    subject_digest=found.digest,
                )
            )
            change.session.flush()
            people = {user.id: user.name for user in change.session.exec(select(User))}
            votes = change.session.exec(
                select(Override)
                .where(
                    Override.subject_kind == found.kind,
                    Override.subject_name == found.name,
                    Override.audience == audience,
                    Override.subject_digest == found.digest,
                )
                .order_by(col(Override.at))
            ).all()
            counted = gatekeeping.counted(change.session, found, audience, call.ledger.stamp)
            change.detail["counted"] = len(counted)
            dates = _would_count(change.session, found, votes, counted)
        return {
            "subject": found.label,
            "audience": audience,
            "overrides": [
                {
                    "admin": people[vote.admin_id],
                    "at": vote.at.isoformat(timespec="seconds"),
                    "reason": vote.reason,
                    "counts": vote.admin_id in counted,
                    "would_count_from": dates.get(vote.admin_id),
                }
                for vote in votes
            ],
            "counted": len(counted),
            "needed": VOTES_NEEDED,
        }

    @operation("cohorts.export", Permission.EXPORT, fresh=True, about="cohort")
    def export(
        self, call: Call, cohort: str, format: str = "folder", audience: str = "internal", to: str | None = None
    ) -> dict[str, Any]:
        if format not in FORMATS:
            raise BadInput("bad_format", f"There is no format {plain(format)!r}.", f"One of: {', '.join(FORMATS)}.")
        target = target_folder(call, to)
        row = own_cohort(call, cohort)
        with call.read() as session:
            found = subjects.find(session, cohort)
        judged = demand_open(call, found, audience, "cohorts.export")
        arguments = {
            "cohort_id": row.id,
            "cohort": cohort,
            "format": format,
            "audience": audience,
            "target": str(target),
            "name": f"{cohort}-{audience}-{time.strftime('%Y%m%d-%H%M%S')}-{new_id()[:4]}",
        }
        detail = {"audience": audience, "format": format, "marks": list(judged.marks), "begun": True}
        with call.change(f"cohort:{cohort}", **detail) as change:
            job = hand_over(call, change, "export", f"cohort:{cohort}", arguments)
        launch(call, job)
        return {"job": job, "cohort": cohort}

    @operation("releases.list", Permission.READ_REPORTS)
    def releases_list(self, call: Call) -> list[dict[str, Any]]:
        """What has left: under which assessment, who had approved that or voted against the gate, with which marks."""
        from db.tables import Release, User

        with call.read() as session:
            people = {user.id: user.name for user in session.exec(select(User))}
            rows = session.exec(select(Release).order_by(col(Release.at).desc())).all()
            seen = [row for row in rows if call.scope is Scope.ALL or row.actor_id == call.actor.user_id]
            let = {row.id: [people.get(each, "") for each in _who_let(session, row)] for row in seen}
            marks = {row.id: _marks(session, row) for row in seen}
            now = {about: subjects.digest_of(session, *about) for about in {_about(row) for row in seen}}
            there = {row.id: now[_about(row)] is not None and now[_about(row)] == _judged(session, row) for row in seen}
        return [
            {
                "release": row.id,
                "kind": row.subject_kind,
                "subject": row.subject_name,
                "audience": row.audience,
                "format": row.format,
                "file": row.path,
                "at": row.at.isoformat(timespec="seconds"),
                "actor": people.get(row.actor_id, ""),
                "assessment": row.assessment_id,
                "approved_by": let[row.id],
                "overridden": row.overridden,
                "marks": marks[row.id],
                "digest": row.digest,
                "there": there[row.id],
            }
            for row in seen
        ]


def _who_let(session: Session, row: Any) -> list[str]:
    """The ids of who approved the release's assessment before it left; where overridden, of who had voted for that."""
    from db.tables import Signature

    if row.overridden:
        votes = _votes(session, row)
        found = [vote.admin_id for vote in votes if vote.subject_digest == votes[-1].subject_digest]
    else:
        approved = (
            select(Signature)
            .where(Signature.assessment_id == row.assessment_id, Signature.kind == "approve", Signature.at <= row.at)
            .order_by(col(Signature.at))
        )
        found = [signed.user_id for signed in session.exec(approved)]
    return list(dict.fromkeys(found))


def _votes(session: Session, row: Any) -> Sequence[Any]:
    """The votes to let the release's subject out against the gate that were there before it left, the newest last."""
    from db.tables import Override

    return session.exec(
        select(Override)
        .where(
            Override.subject_kind == row.subject_kind,
            Override.subject_name == row.subject_name,
            Override.audience == row.audience,
            Override.at <= row.at,
        )
        .order_by(col(Override.at))
    ).all()


def _about(row: Any) -> tuple[str, str]:
    return row.subject_kind, row.subject_name


def _judged(session: Session, row: Any) -> str | None:
    """The digest of what left, as its assessment, or the newest vote against the gate, was bound to it."""
    from db.tables import Assessment

    if row.overridden:
        votes = _votes(session, row)
        return votes[-1].subject_digest if votes else None
    signed = session.get(Assessment, row.assessment_id) if row.assessment_id else None
    return signed.subject_digest if signed else None


def _marks(session: Session, row: Any) -> list[str] | None:
    """The marks that left with it, as the log keeps them; None where it keeps none (early bundles, sealed records)."""
    from db import chain

    about = f"{row.subject_kind}:{row.subject_name}"
    for action in RELEASED:
        for record in chain.page(session, limit=1_000, action=action, object_=about, outcome="done"):
            detail = json.loads(record.detail)
            if detail.get("release") == row.id and "marks" in detail:
                return [str(mark) for mark in detail["marks"]]
    return None


def _would_count(session: Session, subject: Subject, votes: Sequence[Any], counted: Sequence[str]) -> dict[str, str]:
    """For each admin whose vote does not count: given from when on it would have. Never where it is author or owner."""
    assessment = gatekeeping.newest_assessment(session, subject.kind, subject.name)
    never = {*counted, subject.owner_id, assessment.author_id if assessment else None}
    beside = [vote for vote in votes if vote.admin_id in counted]
    now = datetime.now(UTC)
    return {
        admin: independence.would_count_from(session, admin, beside, now).isoformat(timespec="seconds")
        for admin in {vote.admin_id for vote in votes} - never
    }
