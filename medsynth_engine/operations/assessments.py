"""The Privacy Impact Assessment: drafted by a researcher, commented by an auditor, decided by an admin."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, select

from db.canonical import digest
from medsynth_engine.access.roles import Permission, Scope
from medsynth_engine.governance import assessment as documents
from medsynth_engine.governance import workflow
from medsynth_engine.governance.rating import LONGEST_ANSWER
from medsynth_engine.governance.rounded import stand_ins
from medsynth_engine.kernel.errors import BadInput, NotFound
from medsynth_engine.kernel.escape import plain
from medsynth_engine.operations import gatekeeping, independence, subjects, texts
from medsynth_engine.operations.declare import Call, operation
from medsynth_engine.operations.places import new_file, write_new_text
from medsynth_engine.operations.subjects import Subject

TEXT_WAITS = (
    "The pictures behind it are not all read for burned-in text yet: where some is found, this may not leave. "
    "To wait for it: medsynth jobs list."
)
BY_ID = "assessment:"
SIGNED = {"submit", "concur", "dissent", "approve", "return", "reject", "withdraw"}


class Assessments:
    """Who may do what is `governance.workflow`; what a document must hold is `governance.assessment`."""

    @operation("pia.draft", Permission.DRAFT_PIA, about="subject")
    def pia_draft(
        self,
        call: Call,
        subject: str,
        audience: str = "internal",
        answers: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        from db.tables import Assessment

        gatekeeping.checked_audience(audience)
        given = answers or {}
        with call.change(subject, audience=audience) as change:
            session = change.session
            found = subjects.find(session, subject)
            call.require_own(found, found.kind)
            before = gatekeeping.newest_assessment(session, found.kind, found.name)
            if before is not None and before.state not in workflow.ENDED:
                before.state = workflow.supersede(gatekeeping.standing(session, before)).state
                session.add(before)
            document = documents.draft(
                _facts(session, found),
                audience,
                {"user_id": call.actor.user_id, "name": call.actor.name},
                datetime.now(UTC),
                evaluation=found.document if found.evaluated_digest == found.digest else None,
                evaluation_digest=found.evaluation_digest if found.evaluated_digest == found.digest else None,
                answers=given,
                version=before.version + 1 if before else 1,
            )
            row = Assessment(
                subject_kind=found.kind,
                subject_name=found.name,
                subject_digest=found.digest,
                evaluation_digest=document["evaluation"]["digest"],
                audience=audience,
                version=document["version"],
                author_id=call.actor.user_id,
                document=document,
                digest=digest(document),
            )
            session.add(row)
            session.flush()
            change.object_ = f"assessment:{row.id}"
            change.detail.update(subject=found.label, digest=row.digest)
            waits = gatekeeping.waits_for_text(session, found)
        return {**_shown(call, row), "warnings": [TEXT_WAITS] if waits else []}

    @operation("pia.update", Permission.DRAFT_PIA, about="subject")
    def pia_update(self, call: Call, subject: str, answers: dict[str, Any]) -> dict[str, Any]:
        with call.change(subject) as change:
            row = _newest(change.session, subject)
            standing = gatekeeping.standing(change.session, row)
            row.state = workflow.act(standing, "edit", call.actor, datetime.now(UTC)).state
            row.document = documents.merge(row.document, answers)
            row.digest = digest(row.document)
            change.session.add(row)
            change.object_ = f"assessment:{row.id}"
            change.detail.update(subject=subject, digest=row.digest)
        return _shown(call, row)

    @operation("pia.submit", Permission.DRAFT_PIA, fresh=True, about="subject")
    def pia_submit(self, call: Call, subject: str) -> dict[str, Any]:
        return _act(call, subject, "submit", "")

    @operation("pia.withdraw", Permission.DRAFT_PIA, about="subject")
    def pia_withdraw(self, call: Call, subject: str) -> dict[str, Any]:
        return _act(call, subject, "withdraw", "")

    @operation("pia.opinion", Permission.GIVE_OPINION, fresh=True, about="subject")
    def pia_opinion(self, call: Call, subject: str, concur: bool, note: str = "") -> dict[str, Any]:
        return _act(call, subject, "concur" if concur else "dissent", note)

    @operation("pia.approve", Permission.DECIDE_PIA, fresh=True, about="subject")
    def pia_approve(self, call: Call, subject: str, note: str = "") -> dict[str, Any]:
        return _act(call, subject, "approve", note)

    @operation("pia.return", Permission.DECIDE_PIA, fresh=True, about="subject")
    def pia_return(self, call: Call, subject: str, note: str) -> dict[str, Any]:
        return _act(call, subject, "return", note)

    @operation("pia.reject", Permission.DECIDE_PIA, fresh=True, about="subject")
    def pia_reject(self, call: Call, subject: str, note: str) -> dict[str, Any]:
        return _act(call, subject, "reject", note)

    @operation("pia.list", Permission.READ_REPORTS)
    def pia_list(self, call: Call) -> list[dict[str, Any]]:
        from db.tables import Assessment, User

        with call.read() as session:
            people = {user.id: user.name for user in session.exec(select(User))}
            rows = session.exec(select(Assessment).order_by(col(Assessment.created_at).desc())).all()
            rows = [row for row in rows if call.scope is Scope.ALL or row.author_id == call.actor.user_id]
            states = {row.id: gatekeeping.settled(session, row).state for row in rows if row.state == "approved"}
        return [
            {
                "id": row.id,
                "subject": gatekeeping.label(row),
                "audience": row.audience,
                "state": states.get(row.id, row.state),
                "version": row.version,
                "author": people.get(row.author_id, ""),
                "created": row.created_at.isoformat(timespec="seconds"),
                "expires": row.expires_at.isoformat(timespec="seconds") if row.expires_at else None,
            }
            for row in rows
        ]

    @operation("pia.show", Permission.READ_REPORTS, about="subject")
    def pia_show(self, call: Call, subject: str) -> dict[str, Any]:
        """The newest of a subject; or one that a newer one took the place of, as `assessment:ID`."""
        return _shown(call, _readable(call, subject))

    @operation("pia.diff", Permission.READ_REPORTS, about="subject")
    def pia_diff(self, call: Call, subject: str, against: str = "") -> dict[str, Any]:
        """What the newest text changes in the one that was submitted before, or in the text called `against`."""
        row = _readable(call, subject)
        with call.read() as session:
            return {"subject": gatekeeping.label(row), **texts.difference(session, row, against)}

    @operation("pia.report", Permission.READ_REPORTS, about="subject")
    def pia_report(self, call: Call, subject: str, path: str) -> dict[str, Any]:
        """Write the assessment as one HTML file, each signature beside the digest that it is over."""
        from medsynth_engine.governance import assessment_page

        row = _readable(call, subject)
        target = new_file(call.home, path, "page")
        with call.read() as session:
            shown = gatekeeping.shown(session, row)
            digests = [text.digest for text in texts.all_of(session, row)]
        marks = ("DEVELOPMENT",) if call.ledger.stamp == "development" else ()
        page = assessment_page.html(shown, row.document, digests, datetime.now(UTC), marks)
        with call.change(f"assessment:{row.id}", subject=shown["subject"], digest=row.digest):
            write_new_text(target, "page", page)
        return {"path": str(target), "digest": row.digest}


def _readable(call: Call, subject: str) -> Any:
    """The newest assessment of the subject, or `assessment:ID` as the log names one, if it is the actor's to read."""
    with call.read() as session:
        row = _by_id(session, subject) if subject.startswith(BY_ID) else _newest(session, subject)
        if call.scope is Scope.OWN and row.author_id != call.actor.user_id:
            call.require_own(subjects.find(session, gatekeeping.label(row)), "assessment")
    return row


def _by_id(session: Session, subject: str) -> Any:
    from db.tables import Assessment

    row = session.get(Assessment, subject.removeprefix(BY_ID))
    if row is None:
        raise NotFound("no_assessment", "There is no assessment of that id.", "See: medsynth pia list")
    return row


def _facts(session: Session, found: Subject) -> documents.Subject:
    from db.tables import Dataset

    dataset = session.get(Dataset, found.dataset_id) if found.dataset_id else None
    summary = dataset.summary if dataset else {}
    schema = summary.get("schema") or {}
    return documents.Subject(
        kind=found.kind,
        name=found.name,
        digest=found.digest,
        records=int(summary.get("accepted") or 0),
        patients=int(summary.get("patients") or 0),
        stand_ins=stand_ins(summary) if summary.get("patients_known") is False else "",
        columns=tuple(column["name"] for column in schema.get("columns", ())),
        images=bool(schema.get("image")),
        identifiers_removed=summary.get("identifiers_removed") or {},
    )


def _act(call: Call, subject: str, action: str, note: str) -> dict[str, Any]:
    from db.tables import Signature

    note = plain(note, LONGEST_ANSWER)
    with call.change(subject) as change:
        session = change.session
        row = _newest(session, subject)
        standing = gatekeeping.standing(session, row)
        now = datetime.now(UTC)
        touches = independence.touches(session, row.author_id)
        after = workflow.act(standing, action, call.actor, now, note=note, touches=touches)
        if action == "submit":  # not before it is known that it is theirs: what is missing says what is in it
            documents.demand_complete(row.document)
        if action in ("submit", "approve"):
            _demand_current(session, row)
        if action == "submit":
            texts.keep(session, row, now)
        session.add(
            Signature(
                assessment_id=row.id,
                user_id=call.actor.user_id,
                kind=action,
                note=note,
                digest=row.digest,
                at=now,
            )
        )
        row.state, row.decided_at, row.expires_at = after.state, after.decided_at, after.expires_at
        if action == "submit":
            row.submitted_at = now
        session.add(row)
        change.object_ = f"assessment:{row.id}"
        change.detail.update(subject=subject, digest=row.digest, state=row.state, signed=action)
    return _shown(call, row)


def _demand_current(session: Session, row: Any) -> None:
    """Raise BadInput where what would be signed is bound to something that has changed meanwhile."""
    changed = gatekeeping.lapsed(session, row)
    if changed:
        raise BadInput(
            "assessment_outdated",
            f"Since this assessment was written, {' and '.join(changed)}.",
            f"Draft a new one: medsynth pia draft {gatekeeping.label(row)} --audience {row.audience}",
        )


def _newest(session: Session, subject: str) -> Any:
    kind, name = subjects.parse(subject)
    row = gatekeeping.newest_assessment(session, kind, name)
    if row is None:
        raise NotFound("no_assessment", "There is no assessment of it.", f"Draft one: medsynth pia draft {subject}")
    return row


def _shown(call: Call, row: Any) -> dict[str, Any]:
    with call.read() as session:
        document = gatekeeping.shown(session, row)
        standing = gatekeeping.settled(session, row)
        touches = independence.touches(session, row.author_id)
    return {
        **document,
        "id": row.id,
        "blocking": list(documents.blocking(row.document)) if not standing.frozen else [],
        "possible": list(workflow.possible(standing, call.actor, datetime.now(UTC), touches)),
    }
