"""Read-back: can what an image was asked to show be read from it, as well as from real images? (reference 3.5)"""

from __future__ import annotations

import numpy as np

from medsynth_engine.evidence.intervals import Z95
from medsynth_engine.evidence.resampling import spread
from medsynth_engine.evidence.utility import CLASSIFIER, TIMES, Task, around, mean_auc, reader
from medsynth_engine.kernel.evidence import Evidence, not_enough

IMAGE_BORNE = 0.55


def read_back(task: Task, attribute: str, rng: np.random.Generator) -> Evidence:
    """Can the attribute that an image was asked for be read from it, as well as from real images?

    (AUC on synthetic - 0.5) / (AUC on held-out - 0.5), the reader trained on real images. An attribute that cannot be
    read from real ones is "not image-borne", not failed.
    """
    name = f"utility.read_back.{attribute}"
    method = f"{CLASSIFIER['image']} trained on real training images; chance-corrected AUC on synthetic over held-out."
    labels = task.usable()
    if not labels:
        return not_enough(name, len(task.synthetic), "one", "too few records of two values.", method)
    models = {
        label: reader().fit(task.training, task.labels[0][label])
        for label in labels
        if task.labels[0][label].any() and not task.labels[0][label].all()
    }
    held = {label: model.predict_proba(task.holdout)[:, 1] for label, model in models.items()}
    drawn = {label: model.predict_proba(task.synthetic)[:, 1] for label, model in models.items()}
    held_truth = {label: task.labels[1][label] for label in models}
    drawn_truth = {label: task.labels[2][label] for label in models}
    ceiling = mean_auc(held, held_truth, np.arange(len(task.holdout)))
    low, _ = around(ceiling, lambda rows: mean_auc(held, held_truth, rows), task.holdout_owners, rng)
    if low is None or low < IMAGE_BORNE:
        return not_enough(name, len(task.synthetic), "one", "it cannot be read from real images either.", method)
    found = mean_auc(drawn, drawn_truth, np.arange(len(task.synthetic)))

    def again(records: np.ndarray, rows: np.ndarray) -> float:
        below = mean_auc(held, held_truth, rows) - 0.5
        return (mean_auc(drawn, drawn_truth, records) - 0.5) / below if below > 0 else float("nan")

    deviation = spread(again, (task.synthetic_owners, task.holdout_owners), rng, TIMES)
    value = (found - 0.5) / (ceiling - 0.5)
    finite = np.isfinite(deviation)
    return Evidence(
        name,
        value,
        value - Z95 * deviation if finite else None,
        value + Z95 * deviation if finite else None,
        1.0,
        len(task.synthetic),
        "one",
        "",
        f"The {attribute.replace('_', ' ')} that was asked for is read from synthetic images with an AUC of "
        f"{found:.2f}, from real ones with {ceiling:.2f}; 1 means as well as from real ones.",
        method,
    )
