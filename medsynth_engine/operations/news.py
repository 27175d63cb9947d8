"""What happened to somebody's things while they were away: how their assessments were judged, which work is done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from db.tables import Assessment, Job, LoginSession, Signature, User
from medsynth_engine.governance import workflow
from medsynth_engine.operations import gatekeeping, independence
from medsynth_engine.operations.declare import Call
from medsynth_engine.operations.subjects import label_of

AT_LEAST, AT_MOST = timedelta(days=1), timedelta(days=14)
"""News stay for so long, however often one logs in; and no longer, however long one was away."""
MOST = 3
"""Told of each kind."""
JUDGED = ("approve", "reject")
"""What is sent back waits for its author, and stands among what waits."""
WORDS = ("concur", "dissent", "approve")
"""Signatures by which somebody has said what they think of a text that waits."""
REMOVED = "~"
"""In the name of what was removed, before the id that keeps it apart from the next of that name."""
TOLD_ELSEWHERE = ("scan", "train", "generate", "import_weights")
"""Kinds of work whose end is seen among the runs, the cohorts and the generators, or that store nothing."""


def since(session: Session, user_id: str, now: datetime) -> datetime:
    """From when on what happened is news: from the login to the studio before this one, as far as that is sensible."""
    logins = select(LoginSession.created_at).where(LoginSession.user_id == user_id, LoginSession.face == "studio")
    before = session.exec(logins.order_by(col(LoginSession.created_at).desc()).offset(1).limit(1)).first()
    return max(now - AT_MOST, min(now - AT_LEAST, before or now - AT_MOST))


def judged_by(session: Session, user_id: str) -> set[str]:
    """Ids of the assessments on which this account has given its word since they were last submitted: they wait for
    others, not for it."""
    said = (
        select(Assessment.id)
        .join(Signature, col(Signature.assessment_id) == col(Assessment.id))
        .where(Signature.user_id == user_id, col(Signature.kind).in_(WORDS), Signature.digest == Assessment.digest)
        .where(col(Signature.at) >= col(Assessment.submitted_at))
    )
    return set(session.exec(said))


def may_judge(session: Session, call: Call, row: Assessment) -> bool:
    """Whether the text that waits can have this account's word: not where it lately held the author's credential."""
    now, touches = datetime.now(UTC), independence.touches(session, row.author_id)
    can = workflow.possible(gatekeeping.standing(session, row), call.actor, now, touches)
    return any(action in kinds for kinds in workflow.JUDGED_BY.values() for action in can)


def news(session: Session, call: Call) -> dict[str, list[dict[str, Any]]]:
    """`decided`: the actor's assessments that admins approved or rejected; `done`: the actor's work that has ended as
    it was asked for, whichever process began it. The newest first, each assessment and each subject once."""
    start = since(session, call.actor.user_id, datetime.now(UTC))
    return {"decided": _decided(session, call.actor.user_id, start), "done": _done(session, call.actor.user_id, start)}


def _decided(session: Session, author: str, start: datetime) -> list[dict[str, Any]]:
    signed = (
        select(Signature, Assessment, User)
        .join(Assessment, col(Signature.assessment_id) == col(Assessment.id))
        .join(User, col(Signature.user_id) == col(User.id))
        .where(Assessment.author_id == author, col(Signature.kind).in_(JUDGED), col(Signature.at) >= start)
        .order_by(col(Signature.at).desc())
    )
    found: dict[str, dict[str, Any]] = {}
    for signature, assessment, user in session.exec(signed):
        if REMOVED in assessment.subject_name:
            continue  # what it is about is not there any more
        state = gatekeeping.settled(session, assessment).state
        if state not in ("approved", "rejected", "submitted"):
            continue  # withdrawn, expired, superseded or sent back since, or what was approved has changed
        if assessment.submitted_at and signature.at < assessment.submitted_at:
            continue  # of an earlier round
        told = {
            "subject": label_of(assessment.subject_kind, assessment.subject_name),
            "audience": assessment.audience,
            "state": state,
            "by": user.name,
            "note": signature.note,
            "at": signature.at.isoformat(timespec="seconds"),
        }
        found.setdefault(assessment.id, told)
    return list(found.values())[:MOST]


def _done(session: Session, actor: str, start: datetime) -> list[dict[str, Any]]:
    ended = select(Job).where(Job.actor_id == actor, Job.state == "finished", col(Job.ended_at) >= start)
    rows = session.exec(ended.where(col(Job.kind).not_in(TOLD_ELSEWHERE)).order_by(col(Job.ended_at).desc())).all()
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        told = {"job": row.id, "kind": row.kind, "subject": row.subject, "at": row.ended_at}
        found.setdefault((row.kind, row.subject), told)
    newest = list(found.values())[:MOST]
    return [{**each, "at": each["at"].isoformat(timespec="seconds")} for each in newest]
