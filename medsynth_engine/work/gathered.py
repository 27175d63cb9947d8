"""Evidence from what an evaluation's inputs do not hold: other datasets, the discriminator, text in images."""

from __future__ import annotations

import numpy as np

from db.tables import Cohort as CohortRow
from db.tables import Run
from medsynth_engine.evidence.inputs import Inputs
from medsynth_engine.evidence.tables import blank, patients
from medsynth_engine.evidence.white_box import white_box
from medsynth_engine.gan.critic import critic
from medsynth_engine.kernel.evidence import Evidence
from medsynth_engine.work.against_store import against_store
from medsynth_engine.work.desk import Desk
from medsynth_engine.work.text_on_images import text_on_images


def gathered(desk: Desk, row: CohortRow, inputs: Inputs) -> list[Evidence]:
    """What is asked of this cohort beside the measures on its inputs."""
    _, folder = desk.dataset(row.dataset_id)
    if row.document.get("imported"):
        found = against_store(desk, inputs)
    else:
        found = _insider(desk, row, inputs) if row.run_id and inputs.has_images else []
    return [*found, *text_on_images(desk, folder, inputs)]


def _insider(desk: Desk, row: CohortRow, inputs: Inputs) -> list[Evidence]:
    """The attack with the run's discriminator; nothing where its checkpoint is not there."""
    with desk.ledger.read() as session:
        run = session.get(Run, row.run_id)
    if run is None:
        return []
    desk.progress("images")(0, None, "asking the discriminator")
    scores, owners = [], []
    for fold in ("training", "holdout"):
        images, rows, table = inputs.images(fold), inputs.rows(fold), inputs.table(fold)
        assert images is not None
        shown = ~blank(table)[rows]
        found = critic(desk.home.runs / run.folder, images[shown], table.iloc[rows[shown]].reset_index(drop=True))
        if found is None:
            return []
        scores.append(found)
        owners.append(patients(table)[rows[shown]])
    return white_box(scores[0], scores[1], owners[0], owners[1], np.random.default_rng(inputs.seed))
