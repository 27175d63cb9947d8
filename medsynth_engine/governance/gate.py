"""The release gate: a pure judgement over what is known. It opens, or says every reason why not and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from medsynth_engine.evidence.gauge import SCENARIOS
from medsynth_engine.governance.asked import AUDIENCES, SUBJECTS, GateInputs, Reason, Signed, Vote
from medsynth_engine.governance.rules import NEVER_OVERRIDDEN, NEVER_PUBLIC, RULES

__all__ = ["GateInputs", "Reason", "Signed", "Verdict", "Vote", "judge", "overriding", "scenario_for"]


@dataclass(frozen=True)
class Verdict:
    """`open`; the `reasons` that closed it (kept when it was overridden); `marks` that the release bears for ever."""

    open: bool
    reasons: tuple[Reason, ...]
    marks: tuple[str, ...] = ()
    overridden: bool = False

    def document(self) -> dict[str, object]:
        return {
            "open": self.open,
            "reasons": [reason.document() for reason in self.reasons],
            "marks": list(self.marks),
            "overridden": self.overridden,
        }


def scenario_for(subject_kind: str) -> str:
    """The gauge's scenario that an export of this kind of subject is judged by."""
    return SCENARIOS[1] if subject_kind == "generator" else SCENARIOS[0]


def judge(inputs: GateInputs) -> Verdict:
    """Run every rule. Two different admins, neither the author nor the owner, may override all but these:
    `NEVER_OVERRIDDEN`, and for the public `NEVER_PUBLIC`.

    Raises ValueError for an audience or a kind of subject that does not exist: that is a mistake of the caller.
    """
    if inputs.audience not in AUDIENCES or inputs.subject_kind not in SUBJECTS:
        raise ValueError(f"no such audience or subject: {inputs.audience!r}, {inputs.subject_kind!r}")
    reasons = tuple(reason for rule in RULES if (reason := rule(inputs)) is not None)
    marks = ["DEVELOPMENT"] if inputs.development else []
    if inputs.simulated:
        marks.append("SIMULATED")
    never = NEVER_OVERRIDDEN | (NEVER_PUBLIC if inputs.audience == "public" else frozenset())
    final = [reason for reason in reasons if reason.code in never]
    if not reasons:
        return Verdict(True, (), tuple(marks))
    if not final and len(overriding(inputs)) >= 2:
        return Verdict(True, reasons, (*marks, "OVERRIDDEN"), overridden=True)
    return Verdict(False, reasons, tuple(marks))


def overriding(inputs: GateInputs) -> tuple[str, ...]:
    """The admins whose votes count: for this digest and audience, with a reason, each once, never author or owner."""
    author = inputs.assessment.standing.author_id if inputs.assessment else None
    its_own = {author, inputs.owner_id}
    ids = (
        vote.admin_id
        for vote in inputs.votes
        if vote.subject_digest == inputs.subject_digest
        and vote.audience == inputs.audience
        and vote.reason.strip()
        and vote.admin_id not in its_own
    )
    return tuple(dict.fromkeys(ids))
