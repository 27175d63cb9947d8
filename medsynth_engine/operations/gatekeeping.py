"""Everything that the gate looks at, gathered from the ledger; the judgement itself is `governance.gate`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, select

from db.dialect import run
from medsynth_engine.governance.asked import AUDIENCES
from medsynth_engine.governance.assessment import consulted
from medsynth_engine.governance.gate import GateInputs, Reason, Signed, Verdict, Vote, judge, overriding, scenario_for
from medsynth_engine.governance.risks import worst_residual
from medsynth_engine.governance.thresholds import in_force
from medsynth_engine.governance.workflow import ENDED, JUDGED_BY, Assessment, Signature, settle
from medsynth_engine.intake.text.state import text_of, text_waits
from medsynth_engine.kernel.errors import BadInput, NotFound
from medsynth_engine.kernel.escape import plain
from medsynth_engine.operations import independence, subjects
from medsynth_engine.operations.subjects import Subject

SEARCHED = ("checked", "exempt")
"""States of a text check that open the gate; whatever else one says keeps it closed."""


def checked_audience(audience: str) -> str:
    if audience not in AUDIENCES:
        raise BadInput("bad_audience", f"There is no audience {plain(audience)!r}.", f"One of: {', '.join(AUDIENCES)}.")
    return audience


def newest_assessment(session: Session, kind: str, name: str) -> Any | None:
    """The newest version of the subject's assessment, whatever its state."""
    from db.tables import Assessment as Row

    return session.exec(
        select(Row)
        .where(Row.subject_kind == kind, Row.subject_name == name)
        .order_by(col(Row.created_at).desc(), col(Row.version).desc())
    ).first()


def standing(session: Session, row: Any) -> Assessment:
    """Where the assessment in this row stands, as the workflow's value."""
    from db.tables import Signature as SignatureRow
    from db.tables import User

    people = {user.id: user.name for user in session.exec(select(User))}
    signatures = session.exec(
        select(SignatureRow).where(SignatureRow.assessment_id == row.id).order_by(col(SignatureRow.at))
    ).all()
    return Assessment(
        state=row.state,
        author_id=row.author_id,
        digest=row.digest,
        residual=worst_residual(row.document["risks"]),
        consulted=consulted(row.document),
        signatures=tuple(
            Signature(signed.user_id, people[signed.user_id], role, signed.kind, signed.note, signed.digest, signed.at)
            for signed, role in zip(signatures, _signed_as(session, row.id, signatures), strict=True)
        ),
        decided_at=row.decided_at,
        expires_at=row.expires_at,
    )


def _signed_as(session: Session, assessment_id: str, signatures: Sequence[Any]) -> list[str]:
    """The role in which each was signed, from the audit record of the same change.

    Where the oldest records were archived, it is the role that the step asks for.
    """
    records = run(
        session.connection(),
        "SELECT actor_id, action, role FROM audit WHERE object = ? AND outcome = 'done' ORDER BY seq",
        (f"assessment:{assessment_id}",),
    )
    left = [tuple(record) for record in records]
    roles = []
    for signed in reversed(signatures):  # from the newest: only the oldest can be missing
        action = "pia.opinion" if signed.kind in JUDGED_BY["auditor"] else f"pia.{signed.kind}"
        while left and left[-1][:2] != (signed.user_id, action):
            left.pop()
        asked = next((role for role, kinds in JUDGED_BY.items() if signed.kind in kinds), "researcher")
        roles.append(left.pop()[2] if left else asked)
    return roles[::-1]


def lapsed(session: Session, row: Any) -> tuple[str, ...]:
    """What the assessment is bound to that has changed since it was written, in words; then it does not count."""
    try:
        now = subjects.find(session, label(row))
    except NotFound:
        return ("what it is about is not there any more",)
    found = []
    if now.digest != row.subject_digest:
        found.append({"generator": "the model", "dataset": "the data"}.get(now.kind, "the cohort") + " has changed")
    current = now.evaluation_digest if now.evaluated_digest == now.digest else None
    if current != row.evaluation_digest:
        found.append("the evaluation has changed")
    if _other_thresholds(row):
        found.append("the thresholds of the gate have changed")
    return tuple(found)


def _other_thresholds(row: Any) -> bool:
    """Texts of earlier programs do not say which thresholds were in force: they are taken for today's."""
    return row.document.get("thresholds", in_force()) != in_force()


def settled(session: Session, row: Any) -> Assessment:
    """Where it stands now: expired by time, or because something that it is bound to has changed."""
    now = settle(standing(session, row), datetime.now(UTC))
    return replace(now, state="expired") if now.state == "approved" and lapsed(session, row) else now


def label(row: Any) -> str:
    """The assessed subject as a person writes it."""
    return subjects.label_of(row.subject_kind, row.subject_name)


def shown(session: Session, row: Any) -> dict[str, Any]:
    """The assessment as everybody who may read it sees it: the document, where it stands, who signed."""
    now = settled(session, row)
    return {
        **row.document,
        "subject": label(row),
        "subject_digest": row.subject_digest,
        "audience": row.audience,
        "state": now.state,
        "author": row.document["author"]["name"],
        "version": row.version,
        "digest": row.digest,
        "signatures": [
            {
                "name": signed.name,
                "role": signed.role,
                "kind": signed.kind,
                "note": signed.note,
                "digest": signed.digest,
                "at": signed.at.isoformat(timespec="seconds"),
            }
            for signed in now.signatures
        ],
        "approvals_needed": now.approvals_needed(),
        "expires": now.expires_at.isoformat(timespec="seconds") if now.expires_at else None,
        "lapsed": list(lapsed(session, row)) if now.state not in ENDED - {"expired"} else [],
        "credential_touches": independence.told(session, row.author_id),
        "approver_touches": [
            {"user": signed.name, **touch}
            for signed in now.signatures
            if signed.kind == "approve"
            for touch in independence.told(session, signed.user_id, signed.at)
        ],
    }


def verdict(session: Session, subject: Subject, audience: str, stamp: str) -> Verdict:
    """The gate's word on `subject` for `audience`, now; what to do names the subject, ready to type."""
    judged = judge(_inputs(session, subject, checked_audience(audience), stamp))
    row = newest_assessment(session, subject.kind, subject.name)
    changed = lapsed(session, row) if row is not None else ()
    return replace(judged, reasons=tuple(_named(reason, subject, changed) for reason in judged.reasons))


def counted(session: Session, subject: Subject, audience: str, stamp: str) -> tuple[str, ...]:
    """The ids of the admins whose votes to override count now, one for each person that they may be."""
    return overriding(_inputs(session, subject, audience, stamp))


def _named(reason: Reason, subject: Subject, changed: tuple[str, ...]) -> Reason:
    """The reason with the subject in what is to be done, and what exactly has changed where that is the reason."""
    todo = reason.what_to_do.replace("SUBJECT", subject.label).replace("COHORT", subject.name)
    if reason.code == "pia_other_subject" and changed:
        why = f"The assessment does not hold any more, because since it was written {' and '.join(changed)}."
        return replace(reason, why=why, what_to_do=todo)
    return replace(reason, what_to_do=todo)


def _inputs(session: Session, subject: Subject, audience: str, stamp: str) -> GateInputs:
    from db.tables import Override

    row = newest_assessment(session, subject.kind, subject.name)
    signed = None
    if row is not None:
        # Evidence that was judged by other thresholds is no longer the evidence that was signed.
        evaluation = "under other thresholds" if _other_thresholds(row) else row.evaluation_digest
        signed = Signed(standing(session, row), row.subject_digest, evaluation, row.audience)
    votes = session.exec(
        select(Override).where(
            Override.subject_kind == subject.kind,
            Override.subject_name == subject.name,
            Override.subject_digest == subject.digest,
            Override.audience == audience,
        )
    ).all()
    behind = _datasets_behind(session, subject)
    unsearched = [row for row in behind if text_of(row.summary)["state"] not in SEARCHED]
    gauge = ((subject.document or {}).get("gauge") or {}).get(scenario_for(subject.kind)) or {}
    return GateInputs(
        subject_kind=subject.kind,
        subject_digest=subject.digest,
        audience=audience,
        now=datetime.now(UTC),
        evaluated_digest=subject.evaluated_digest,
        evaluation_digest=subject.evaluation_digest,
        band=gauge.get("band"),
        driver=gauge.get("driver"),
        note=str(gauge.get("note") or ""),
        evidence=subject.evidence,
        identifying=tuple((subject.document or {}).get("identifying") or ()),
        text_unchecked=tuple(row.name if row.state == "present" else "" for row in unsearched),
        text_superseded=bool(unsearched) and all(_superseded_for_text(row.summary) for row in unsearched),
        trained_on_text=any(_superseded_for_text(row.summary) for row in behind),
        assessment=signed,
        simulated=subject.simulated,
        development=stamp == "development",
        imported=subject.imported,
        unknown_training=subject.unknown,
        owner_id=subject.owner_id,
        votes=tuple(
            Vote(vote.admin_id, vote.reason, vote.subject_digest, vote.audience)
            for vote in independence.one_each(session, (vote for vote in votes if vote.admin_id != subject.owner_id))
        ),
    )


def _datasets_behind(session: Session, subject: Subject) -> list[Any]:
    """The versions of datasets that the subject is, or was learned from; a removed version still says what it was."""
    from db.tables import Dataset, Run, Weights

    ids = {subject.dataset_id}
    if subject.kind == "cohort":
        run = session.get(Run, subject.row.run_id) if subject.row.run_id else None
        weights = session.get(Weights, subject.row.weights) if subject.row.weights else None
        ids |= {learned.dataset_id for learned in (run, weights) if learned is not None}
    return [row for row in (session.get(Dataset, each) for each in ids if each) if row is not None]


def waits_for_text(session: Session, subject: Subject) -> bool:
    """Whether pictures behind the subject are still to be searched for burned-in text."""
    return any(text_waits(row.summary) for row in _datasets_behind(session, subject))


def _superseded_for_text(summary: dict[str, Any]) -> bool:
    return bool((summary.get("text") or {}).get("superseded_by"))
