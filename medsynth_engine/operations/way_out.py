"""What everything that leaves has in common: a folder to go to, and a gate that is open, or says why not."""

from __future__ import annotations

from pathlib import Path

from medsynth_engine.governance.gate import Verdict
from medsynth_engine.kernel.errors import BadInput, Refused
from medsynth_engine.kernel.home import Home
from medsynth_engine.kernel.outside import named
from medsynth_engine.operations import gatekeeping
from medsynth_engine.operations.declare import Call, record_as
from medsynth_engine.operations.places import demand_not_inside, demand_writable
from medsynth_engine.operations.subjects import Subject


def target_folder(call: Call, to: str | None) -> Path:
    """Where it goes: `to`, or the home's outbox. Raises BadInput where that is no folder outside of the store."""
    target = named(to).resolve() if to else call.home.outbox.resolve()
    demand_place(call.home, target)
    return target


def demand_place(home: Home, target: Path) -> None:
    """Raise BadInput where nothing may go to `target`, which was resolved when it was asked for."""
    if not target.is_dir():
        raise BadInput("no_such_folder", "The folder to export into is not there.", "Make it first.")
    if target.resolve() != target:
        raise BadInput("target_changed", "The path leads elsewhere than when you asked.", "Ask for it again.")
    demand_not_inside(home, target)
    demand_writable(target)


def demand_open(call: Call, subject: Subject, audience: str, action: str) -> Verdict:
    """The gate's verdict where it is open. Else the refusal goes into the audit log, and Refused is raised."""
    with call.read() as session:
        judged = gatekeeping.verdict(session, subject, audience, call.ledger.stamp)
    if judged.open:
        return judged
    reasons = [reason.document() for reason in judged.reasons]
    with call.ledger.write(call.face) as change:
        detail = {"audience": audience, "codes": [reason["code"] for reason in reasons]}
        about = f"{subject.kind}:{subject.name}"
        record_as(change, call.actor, call.face, action, about, outcome="refused", detail=detail)
    raise Refused(
        f"The gate is closed for this {subject.kind} and the audience {audience}.",
        reasons,
        f"See: medsynth gate show {subject.label} --audience {audience}",
    )
