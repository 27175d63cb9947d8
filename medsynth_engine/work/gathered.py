"""Evidence from what an evaluation's inputs do not hold: other datasets, the discriminator, text in pictures."""

from __future__ import annotations

from db.tables import Cohort as CohortRow
from medsynth_engine.evidence.inputs import Inputs
from medsynth_engine.kernel.evidence import Evidence
from medsynth_engine.work.against_store import against_store
from medsynth_engine.work.desk import Desk


def gathered(desk: Desk, row: CohortRow, inputs: Inputs) -> list[Evidence]:
    """What is asked of this cohort beside the measures on its inputs."""
    return against_store(desk, inputs) if row.document.get("imported") else []
