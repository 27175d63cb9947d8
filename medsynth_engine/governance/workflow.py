"""The life of a PIA as a pure state machine: who may take which step, from which state, and what it becomes.

draft -> submitted -> approved | returned | rejected; withdrawn, expired and superseded end it. Nothing here reads a
clock or a store: times, persons and what they did to each other's credentials are passed in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, Protocol

from medsynth_engine.kernel.errors import BadInput, Denied, MedSynthError

State = Literal["draft", "submitted", "approved", "returned", "rejected", "withdrawn", "expired", "superseded"]
Level = Literal["low", "medium", "high"]
ACTIONS = ("edit", "submit", "concur", "dissent", "approve", "return", "reject", "withdraw")
ENDED: frozenset[State] = frozenset({"rejected", "withdrawn", "expired", "superseded"})

VALID_FOR = timedelta(days=365)
"""An approval expires after twelve months."""
CREDENTIAL_DISTANCE = timedelta(days=30)
"""For so long after issuing or resetting somebody's credential an admin may not judge that person's assessments."""

FROM: dict[str, frozenset[State]] = {
    "edit": frozenset({"draft", "returned"}),
    "submit": frozenset({"draft", "returned"}),
    "concur": frozenset({"submitted"}),
    "dissent": frozenset({"submitted"}),
    "approve": frozenset({"submitted"}),
    "return": frozenset({"submitted"}),
    "reject": frozenset({"submitted"}),
    "withdraw": frozenset({"draft", "returned", "submitted", "approved"}),
}


JUDGED_BY = {"auditor": ("concur", "dissent"), "admin": ("approve", "return", "reject")}
"""Whose role a judgement asks for. Drafting and withdrawing are the author's, who is a researcher."""


class Person(Protocol):
    """Somebody who acts; `access.sessions.Actor` is one."""

    @property
    def user_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def role(self) -> str: ...


@dataclass(frozen=True)
class Touch:
    """An admin issued or reset the credential of a user."""

    admin_id: str
    user_id: str
    at: datetime


@dataclass(frozen=True)
class Signature:
    """What somebody signed: `kind` is an action, `digest` that of the document at that moment."""

    user_id: str
    name: str
    role: str
    kind: str
    note: str
    digest: str
    at: datetime


@dataclass(frozen=True)
class Assessment:
    """Where a PIA stands.

    digest     of the document as it is now; `submit` freezes it
    residual   the worst risk that remains after the measures
    consulted  whether the regulator was consulted, which a high residual risk asks for
    """

    state: State
    author_id: str
    digest: str
    residual: Level
    consulted: bool = False
    signatures: tuple[Signature, ...] = ()
    decided_at: datetime | None = None
    expires_at: datetime | None = None

    @property
    def frozen(self) -> bool:
        """True where the document may not change any more."""
        return self.state not in FROM["edit"]

    def round(self) -> tuple[Signature, ...]:
        """The signatures over the document as it was last submitted; earlier rounds do not count for a decision."""
        start = max((i for i, signature in enumerate(self.signatures) if signature.kind == "submit"), default=0)
        return tuple(signature for signature in self.signatures[start:] if signature.digest == self.digest)

    def approvers(self) -> tuple[str, ...]:
        """The ids of the admins who approved this document, each once."""
        return tuple(dict.fromkeys(s.user_id for s in self.round() if s.kind == "approve"))

    def approvals_needed(self) -> int:
        return 2 if self.residual == "high" else 1


def act(
    assessment: Assessment, action: str, person: Person, now: datetime, *, note: str = "", touches: Iterable[Touch] = ()
) -> Assessment:
    """The assessment after `person` took `action`.

    touches  who issued or reset whose credential, as far back as the last 30 days
    Raises Denied where this person may not, BadInput where the state or the note does not allow it.
    A second approval completes one that needs two; until then the state stays `submitted`.
    """
    if action not in ACTIONS:
        raise BadInput("no_such_action", f"A PIA knows no action {action!r}.", f"One of: {', '.join(ACTIONS)}.")
    _demand_right(assessment, action, person, now, tuple(touches))
    state = settle(assessment, now).state
    if state not in FROM[action]:
        allowed = ", ".join(sorted(FROM[action]))
        raise BadInput("wrong_state", f"This assessment is {state}; to {action} it must be: {allowed}.", _way_on(state))
    note = note.strip()
    _demand_note(assessment, action, person, note)
    if action == "edit":
        return replace(assessment, state="draft")
    signature = Signature(person.user_id, person.name, _role(person), action, note, assessment.digest, now)
    signed = replace(assessment, signatures=(*assessment.signatures, signature))
    if action == "approve" and len(signed.approvers()) < signed.approvals_needed():
        return signed
    if action == "approve":
        return replace(signed, state="approved", decided_at=now, expires_at=now + VALID_FOR)
    becomes: dict[str, State] = {
        "submit": "submitted",
        "return": "returned",
        "reject": "rejected",
        "withdraw": "withdrawn",
    }
    if action not in becomes:
        return signed
    decided = None if action == "submit" else now
    return replace(signed, state=becomes[action], decided_at=decided, expires_at=None)


def settle(assessment: Assessment, now: datetime) -> Assessment:
    """The assessment with its expiry taken into account."""
    if assessment.state == "approved" and assessment.expires_at is not None and now >= assessment.expires_at:
        return replace(assessment, state="expired")
    return assessment


def supersede(assessment: Assessment) -> Assessment:
    """There is a newer version, or what it is bound to has changed. What has ended stays ended."""
    return assessment if assessment.state in ENDED else replace(assessment, state="superseded")


def possible(assessment: Assessment, person: Person, now: datetime, touches: Iterable[Touch] = ()) -> tuple[str, ...]:
    """The actions that this person could take now, for a menu. A note that an action needs is assumed to be given."""
    known = tuple(touches)
    found = []
    for action in ACTIONS:
        try:
            act(assessment, action, person, now, note="a note", touches=known)
        except MedSynthError:
            continue
        found.append(action)
    return tuple(found)


def _role(person: Person) -> str:
    return str(getattr(person.role, "value", person.role))


def _demand_right(
    assessment: Assessment, action: str, person: Person, now: datetime, touches: tuple[Touch, ...]
) -> None:
    """Raise Denied where the person, not the state, forbids the action."""
    mine = person.user_id == assessment.author_id
    role = _role(person)
    if action in ("edit", "submit"):
        if not mine or role != "researcher":
            raise Denied("not_the_author", f"Only its author may {action} an assessment.", "Draft one of your own.")
        return
    if action == "withdraw":
        if not (mine or role == "admin"):
            raise Denied("not_the_author", "Only its author or an admin may withdraw an assessment.")
        return
    judge = next(each for each, kinds in JUDGED_BY.items() if action in kinds)
    if role != judge:
        raise Denied("wrong_role", f"Only an {judge} may {action} an assessment.", f"Ask an {judge}.")
    if mine:
        raise Denied("own_assessment", "Nobody judges an assessment of their own.", f"Ask another {judge}.")
    close = [
        touch
        for touch in touches
        if touch.admin_id == person.user_id
        and touch.user_id == assessment.author_id
        and now - touch.at < CREDENTIAL_DISTANCE
    ]
    if judge == "admin" and close:
        raise Denied(
            "credential_issuer",
            "You issued or reset the author's credential in the last 30 days, so you may not judge this assessment.",
            "Ask another admin: this keeps one person from being two.",
        )


def _demand_note(assessment: Assessment, action: str, person: Person, note: str) -> None:
    if action in ("return", "reject", "dissent") and not note:
        raise BadInput("note_missing", f"To {action} an assessment needs a reason.", "Add one with --note.")
    if action != "approve":
        return
    if person.user_id in assessment.approvers():
        raise Denied(
            "second_admin", "You have approved this already; a high residual risk needs a different second admin."
        )
    if assessment.residual == "high" and not assessment.consulted:
        raise BadInput(
            "regulator_not_consulted",
            "The residual risk is high and the assessment does not say when the regulator was consulted.",
            "Return it, so that the author can answer outcome.regulator_consulted, or reject it.",
        )
    last = {s.user_id: s.kind for s in assessment.round() if s.kind in ("concur", "dissent")}
    if not last and not note:
        raise BadInput(
            "opinion_missing",
            "No auditor has given an opinion yet; to approve without one you must say why.",
            "Wait for the auditor, or add the reason with --note.",
        )
    if "dissent" in last.values() and not note:
        raise BadInput(
            "overruled_without_reason",
            "The auditor dissents; to approve nevertheless you must say why.",
            "Add the reason with --note, or return the assessment.",
        )


def _way_on(state: State) -> str:
    return {
        "draft": "Its author submits it first.",
        "returned": "Its author changes it and submits it again.",
        "submitted": "Wait for the decision, or withdraw it.",
        "approved": "It is signed; a new draft supersedes it.",
    }.get(state, "It has ended; draft a new one.")
