"""Whether what is listed as released and signed is what the log says; `audit verify` names what is not."""

from __future__ import annotations

from medsynth_engine.operations import on_record
from medsynth_engine.operations.declare import Call
from medsynth_engine.operations.doctor_says import Check, check


def lists(call: Call) -> Check:
    """However long the log is, for records of releases and signatures are few. No names: not everybody may see them."""
    with call.read() as session:
        many = len(on_record.differences(session))
    return check(
        "releases and signatures",
        not many,
        "What is listed as released and signed is what the log says.",
        f"{many} of what is listed as released and signed, or missing there, is not what the log says.",
        "Believe the log, keep the store as it is and see: medsynth audit verify.",
    )
