"""A bake-off: rows from each learner judged alike, beside what real rows of the same number reach."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from medsynth_engine.evidence.fidelity_rows import detection, pairwise
from medsynth_engine.evidence.row_privacy import row_privacy
from medsynth_engine.evidence.tables import columns
from medsynth_engine.evidence.tasks import row_task
from medsynth_engine.evidence.utility import usefulness
from medsynth_engine.evidence.victims import Victims

SHOWN = {
    "fidelity.rows.pairwise": "pairwise",
    "fidelity.rows.detection_auc": "detection_auc",
    "privacy.rows.copies": "copies",
    "privacy.rows.close_match": "close_match",
    "privacy.rows.membership_auc": "membership_auc",
    "utility.rows.tstr_auc": "tstr_auc",
}
"""Evidence names -> keys of the answer. The control of each is what real rows reach or chance gives."""


def judged(
    training: pd.DataFrame,
    held: pd.DataFrame,
    drawn: pd.DataFrame,
    schema: dict[str, Any],
    rng: np.random.Generator,
) -> dict[str, dict[str, float | None]]:
    """{key: {"value", "control"}} for every key of `SHOWN`; None where too few rows were there to say.

    training, held, drawn  rows with a `patient` column each; held rows were seen by no learner
    """
    shared = columns(schema, training, held, drawn)
    victims = Victims(training, held, drawn, shared)
    found = [
        pairwise(training, held, drawn, shared, rng),
        detection(training, held, drawn, shared, rng),
        *row_privacy(victims, rng),
        *usefulness(row_task(training, held, drawn, shared), rng, "utility.rows."),
    ]
    known = {SHOWN[one.name]: {"value": one.value, "control": one.control} for one in found if one.name in SHOWN}
    return {key: known.get(key, {"value": None, "control": None}) for key in SHOWN.values()}
