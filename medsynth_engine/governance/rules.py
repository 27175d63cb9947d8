"""What the release gate asks, one small function per question; `gate.judge` runs them all.

Here is what no measure tells: how the subject was made, what was looked at by people, who signed what. What was
measured is asked by `measured`.
"""

from __future__ import annotations

from collections.abc import Callable

from medsynth_engine.governance import measured
from medsynth_engine.governance.asked import AUDIENCES, GateInputs, Reason
from medsynth_engine.governance.workflow import settle

Rule = Callable[[GateInputs], Reason | None]


def _simulated(inputs: GateInputs) -> Reason | None:
    if not inputs.simulated:
        return None
    return Reason(
        "simulated", "This was made in simulated mode: no model was trained.", "Train for real, then draw again."
    )


def _development(inputs: GateInputs) -> Reason | None:
    if not inputs.development or inputs.audience == "internal":
        return None
    inside = "" if inputs.subject_kind == "dataset" else ", or export for the audience internal"
    return Reason(  # a bundle leaves in any case: it has no audience to choose
        "development_store",
        "This is a development store with well-known passwords; nothing of it leaves the project.",
        f"Work in a store made without --dev{inside}.",
    )


def _identifying(inputs: GateInputs) -> Reason | None:
    if not inputs.identifying:
        return None
    return Reason(
        "identifying_column",
        f"A column holds a direct identifier or over 90 % unique text: {', '.join(inputs.identifying[:5])}.",
        "Map the column to drop, then take the data in again.",
    )


def _unreviewed(inputs: GateInputs) -> Reason | None:
    if not inputs.unreviewed:
        return None
    return Reason(
        "not_reviewed",
        f"{inputs.unreviewed} findings wait for somebody to look at them.",
        "Work through them: medsynth review list.",
    )


def _text_checked(inputs: GateInputs) -> Reason | None:
    if not inputs.text_unchecked:
        return None
    if inputs.text_superseded:
        return Reason(
            "text_not_checked",
            "The version of the dataset behind it was never cleared of burned-in text: a newer version took its place.",
            "Train on the newer version of the dataset, then draw and evaluate again.",
        )
    if not all(inputs.text_unchecked):
        return Reason(
            "text_not_checked",
            "The dataset behind it was removed before its pictures were searched for burned-in text.",
            "Bring it in again and train on it, then draw and evaluate again.",
        )
    search = " and ".join(f"medsynth datasets check {name}" for name in dict.fromkeys(inputs.text_unchecked))
    return Reason(
        "text_not_checked",
        "The pictures of the dataset behind it were not yet searched for burned-in text.",
        f"It begins by itself after the intake: medsynth jobs list. Where none runs: {search}.",
    )


def _trained_on_text(inputs: GateInputs) -> Reason | None:
    if not inputs.trained_on_text:
        return None
    return Reason(
        "trained_on_text",
        "Text was found in pictures that it was learned from; a newer version of the dataset is without them.",
        "Train on the newer version of the dataset, then draw and evaluate again.",
    )


def _assessed(inputs: GateInputs) -> Reason | None:
    draft = f"medsynth pia draft SUBJECT --audience {inputs.audience}"
    signed = inputs.assessment
    if signed is None:
        return Reason("pia_missing", "There is no privacy impact assessment.", f"Draft and submit one: {draft}.")
    standing = settle(signed.standing, inputs.now)
    if standing.state == "expired":
        return Reason("pia_expired", "The assessment is older than twelve months.", f"Draft a new one: {draft}.")
    if standing.state != "approved":
        todo = "An admin, not the author, approves it: medsynth pia approve SUBJECT."
        if standing.state in ("draft", "returned"):
            todo = "Its author submits it: medsynth pia submit SUBJECT."
        elif standing.state in ("rejected", "withdrawn", "superseded"):
            todo = f"Draft a new one: {draft}."
        return Reason("pia_not_approved", f"The assessment is {standing.state}, not approved.", todo)
    if standing.author_id in standing.approvers() or not standing.approvers():
        return Reason(
            "self_approved", "Author and approver of the assessment are the same.", "Have another admin approve it."
        )
    if signed.subject_digest != inputs.subject_digest or signed.evaluation_digest != inputs.evaluation_digest:
        return Reason(
            "pia_other_subject",
            "The assessment is bound to another digest: the subject or its evaluation has changed since.",
            f"Draft a new one: {draft}.",
        )
    return None


def _assessed_audience(inputs: GateInputs) -> Reason | None:
    signed = inputs.assessment
    if signed is None or _width(inputs.audience) <= _width(signed.audience):
        return None
    return Reason(
        "pia_audience",
        f"The assessment is for the audience {signed.audience}, which is narrower than {inputs.audience}.",
        f"Draft one for it: medsynth pia draft SUBJECT --audience {inputs.audience}.",
    )


def _real_data(inputs: GateInputs) -> Reason | None:
    if inputs.subject_kind != "dataset" or inputs.audience != "public":
        return None
    return Reason(
        "real_data", "A bundle holds real, de-identified data; it is never public.", "Choose recipient or internal."
    )


def _imported(inputs: GateInputs) -> Reason | None:
    if not inputs.imported or inputs.audience != "public":
        return None
    return Reason(
        "imported_cohort",
        "The cohort was made by another tool: how it was made cannot be shown, so it goes to recipients at most.",
        "Export for the audience recipient or internal.",
    )


def _unknown_training(inputs: GateInputs) -> Reason | None:
    if not inputs.unknown_training or inputs.audience == "internal":
        return None
    return Reason(
        "unknown_training",
        "What the generator was trained on is not in this store, so no leak can be measured.",
        "Export for the audience internal, or evaluate it in the store that holds its training data.",
    )


def _width(audience: str) -> int:
    return AUDIENCES.index(audience) if audience in AUDIENCES else -1


RULES: tuple[Rule, ...] = (
    _simulated,
    _development,
    measured.evaluated,
    measured.band,
    measured.identical,
    measured.real_records,
    measured.copies,
    measured.membership,
    _identifying,
    _unreviewed,
    _text_checked,
    _trained_on_text,
    measured.text_on_images,
    _assessed,
    _assessed_audience,
    _real_data,
    _imported,
    _unknown_training,
)
NEVER_OVERRIDDEN = frozenset(
    {
        "simulated",
        "development_store",
        "real_data",
        "text_not_checked",
        "imported_cohort",
        "real_records",
        "identical_images",
    }
)
"""What no vote opens. An unread picture is among them, because all it takes is to wait for the check; and real records
under another name, because no opinion makes them synthetic."""
NEVER_PUBLIC = frozenset({"unknown_training"})
"""What no vote opens for everybody; for a recipient two admins may."""
