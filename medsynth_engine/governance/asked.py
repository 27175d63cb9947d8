"""What the release gate is asked about, and what it answers with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from medsynth_engine.governance.workflow import Assessment
from medsynth_engine.kernel.evidence import Evidence

Audience = Literal["internal", "recipient", "public"]
AUDIENCES: tuple[Audience, ...] = ("internal", "recipient", "public")
"""From the narrowest to the widest."""
SUBJECTS = ("cohort", "generator", "dataset")


@dataclass(frozen=True)
class Reason:
    """Why the gate is closed: `code` for programs, `why` and `what_to_do` for people."""

    code: str
    why: str
    what_to_do: str

    def document(self) -> dict[str, str]:
        return {"code": self.code, "why": self.why, "what_to_do": self.what_to_do}


@dataclass(frozen=True)
class Vote:
    """One admin's vote to let this very subject through for this very audience."""

    admin_id: str
    reason: str
    subject_digest: str
    audience: str


@dataclass(frozen=True)
class Signed:
    """The newest assessment of the subject: where it stands and what it is bound to."""

    standing: Assessment
    subject_digest: str
    evaluation_digest: str | None
    audience: str


@dataclass(frozen=True)
class GateInputs:
    """Everything that the gate looks at.

    subject_kind        cohort, generator or dataset (a bundle of real, de-identified data)
    subject_digest      of what would leave now
    evaluated_digest    of the subject that the evaluation measured; None where there is none
    evaluation_digest   of the evaluation document
    band                of the gauge in the scenario that fits the subject (`scenario_for`)
    driver              evidence name of the attack that sets the band
    note                the sentence in which the gauge says what its band rests on
    evidence            the evaluation's values
    identifying         columns that hold a direct identifier, or over 90 % unique text
    unreviewed          close pairs or burned-in text that nobody has looked at yet
    text_unchecked      the datasets behind it whose pictures were not yet searched for burned-in text; "": one that
                        was removed and cannot be searched any more
    text_superseded     those versions will not be searched any more: newer ones, without their text, took their place
    trained_on_text     what it was learned from held burned-in text, which a newer version of the dataset has not
    assessment          the newest assessment of this subject, or None
    imported            the cohort was made by another tool
    unknown_training    the weights' training data is not in this store
    votes               what admins said to let it through nevertheless, one of each group that may be one person
    owner_id            whose it is: the owner's own vote does not count
    """

    subject_kind: str
    subject_digest: str
    audience: str
    now: datetime
    evaluated_digest: str | None = None
    evaluation_digest: str | None = None
    band: str | None = None
    driver: str | None = None
    evidence: tuple[Evidence, ...] = ()
    identifying: tuple[str, ...] = ()
    unreviewed: int = 0
    text_unchecked: tuple[str, ...] = ()
    text_superseded: bool = False
    trained_on_text: bool = False
    assessment: Signed | None = None
    simulated: bool = False
    development: bool = False
    imported: bool = False
    unknown_training: bool = False
    votes: tuple[Vote, ...] = ()
    owner_id: str | None = None
    note: str = ""
