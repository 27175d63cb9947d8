"""Linkability: can two sources about one person be joined through the synthetic data? (Giomi et al. 2023)"""

from __future__ import annotations

import numpy as np

from medsynth_engine.evidence.distances import near
from medsynth_engine.evidence.embedding import Embedding
from medsynth_engine.evidence.intervals import residual_risk
from medsynth_engine.evidence.resampling import rate
from medsynth_engine.evidence.tables import patients
from medsynth_engine.evidence.victims import Victims, told
from medsynth_engine.kernel.evidence import Evidence


def linkability(victims: Victims, rng: np.random.Generator) -> Evidence | None:
    """Two sources know two disjoint halves of the columns: does the same synthetic record lie nearest to both?

    None (not applicable) where there are fewer than four columns.
    """
    name = "privacy.rows.linkability"
    adversary = "Somebody with two data sources about the same people, who wants to know which entries belong together"
    method = (
        "Columns split into two random halves; for each real record the nearest synthetic record by either half; "
        "success: it is the same one (k = 1). Control: held-out records. Risk net of control."
    )
    if len(victims.columns) < 4:
        return None
    if not victims.enough:
        return victims.short(name, adversary, method)
    order = rng.permutation(len(victims.columns))
    halves = [tuple(victims.columns[i] for i in sorted(part)) for part in np.array_split(order, 2)]
    linked: dict[str, list[np.ndarray]] = {"training": [], "holdout": []}
    for half in halves:
        space = Embedding.of(victims.training, half)
        shuffled = rng.permutation(len(victims.synthetic))  # ties must not fall to the same record by their order
        points = space(victims.synthetic)[shuffled]
        for fold in linked:
            linked[fold].append(shuffled[near(space(getattr(victims, fold)), points)[1]])
    attack = rate(linked["training"][0] == linked["training"][1], patients(victims.training))
    base = rate(linked["holdout"][0] == linked["holdout"][1], patients(victims.holdout))
    n = len(victims.training)
    what = f"{attack.value:.1%} of {n} training records could be linked through a synthetic one"
    return told(name, residual_risk(attack, base), base.value, n, adversary, method, what)
