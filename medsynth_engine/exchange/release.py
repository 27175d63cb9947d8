"""What a release says about itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

FORMATS = ("folder", "zip", "dicom", "hf")
"""How a cohort can leave."""


@dataclass(frozen=True)
class Release:
    """The facts that card, Croissant file and DICOM headers carry. No path, no identifier, no name of a person.

    name        of the cohort
    audience    internal, recipient or public
    at          when it left, aware UTC
    cohort_digest, evaluation_digest, generator_digest  hex SHA-256, "" where there is none
    assessment  id of the privacy impact assessment
    release     id of the release in the ledger
    marks       DEVELOPMENT, SIMULATED, OVERRIDDEN: borne for ever
    made_by     one sentence: what drew the records
    learned_from  one sentence: on what kind of data it was trained
    merged      a sentence for each group that was too small and drawn together with others (`cohort.merged`)
    licence     a name or URL; by default nothing is granted
    """

    name: str
    audience: str
    at: datetime
    cohort_digest: str
    evaluation_digest: str = ""
    generator_digest: str = ""
    assessment: str = ""
    release: str = ""
    marks: tuple[str, ...] = ()
    made_by: str = "Drawn by a generator of MedSynth."
    learned_from: str = "Learned from real, de-identified records."
    merged: tuple[str, ...] = ()
    licence: str = "No licence granted beyond the agreement under which this was handed over."
    creator: str = "MedSynth"

    @property
    def title(self) -> str:
        return " ".join([*(f"[{mark}]" for mark in self.marks), f"Synthetic cohort {self.name}"])

    def binding(self) -> dict[str, Any]:
        """What ties the evidence to the data."""
        return {
            "cohort": self.name,
            "cohort_digest": self.cohort_digest,
            "evaluation_digest": self.evaluation_digest,
            "generator_digest": self.generator_digest,
            "assessment": self.assessment,
            "release": self.release,
            "audience": self.audience,
            "released": self.at.isoformat(timespec="seconds"),
            "marks": list(self.marks),
        }
