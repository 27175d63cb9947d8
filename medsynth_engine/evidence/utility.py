"""Is the cohort of use? Train on synthetic, test on real, against train on real; both together; with ever more records.

Test is always the held-out fold. Esteban et al. 2017 (TSTR).
"""

from __future__ import annotations

from functools import partial

import numpy as np

from medsynth_engine.evidence.learners import CLASSIFIER, SYNTHETIC, TRAINING, Scores, around, mean_auc, scores
from medsynth_engine.evidence.tasks import Task
from medsynth_engine.evidence.utility_groups import group_utility
from medsynth_engine.kernel.evidence import Evidence, not_enough

CURVE = {100: 3, 300: 2, 1_000: 1}
"""Sizes of the learning curve, and how many draws of that size are averaged."""
NO_LABELS = "no finding has 11 synthetic and real records, and 5 held-out ones, with and without it."
NAMES = ("tstr_auc", "trtr_auc", "tsrtr_auc")


def _method(task: Task) -> str:
    return (
        f"{CLASSIFIER[task.medium]}, the finding, mean AUC over its values, equal n; tested on held-out patients; "
        "interval from the spread over redrawn patients."
    )


def usefulness(task: Task, rng: np.random.Generator, prefix: str) -> list[Evidence]:
    """`tstr_auc`, `trtr_auc`, `tsrtr_auc` (real and synthetic records together), and what groups get of them.

    Names begin with `prefix`. At equal n, but that the two together are twice as many.
    """
    method, labels = _method(task), task.usable()
    if not labels:
        return [not_enough(f"{prefix}{name}", len(task.holdout), "higher", NO_LABELS, method) for name in NAMES]
    real = TRAINING, rng.permutation(len(task.training))[: task.n]
    drawn = SYNTHETIC, rng.permutation(len(task.synthetic))[: task.n]
    found: dict[str, Scores] = {
        "tstr_auc": scores(task, labels, drawn),
        "trtr_auc": scores(task, labels, real),
        "tsrtr_auc": scores(task, labels, real, drawn),
    }
    truth = {label: task.labels[1][label] for label in labels}
    values = {name: mean_auc(each, truth, np.arange(len(task.holdout))) for name, each in found.items()}
    ceiling = f"{values['trtr_auc']:.2f}"
    told = {
        "tstr_auc": (f"{task.n} synthetic records", values["trtr_auc"], f"as many real ones {ceiling}; "),
        "trtr_auc": (f"{task.n} real records", 0.5, ""),
        "tsrtr_auc": (f"{task.n} real and {task.n} synthetic records", values["trtr_auc"], f"real alone {ceiling}; "),
    }
    evidence = []
    for name, (who, control, beside) in told.items():
        low, high = around(values[name], partial(mean_auc, found[name], truth), task.holdout_owners, rng)
        said = f"Trained on {who}, a classifier finds the finding in unseen real ones with AUC {values[name]:.2f}"
        evidence.append(
            Evidence(
                f"{prefix}{name}",
                values[name],
                low,
                high,
                control,
                task.n,
                "higher",
                "",
                f"{said} ({beside}guessing 0.50).",
                method,
            )
        )
    return [*evidence, *group_utility(task, truth, found["tstr_auc"], found["trtr_auc"], rng, prefix)]


def learning_curve(task: Task, rng: np.random.Generator, prefix: str) -> list[Evidence]:
    """`curve.<n>`: the AUC of what learned from n synthetic records; control: from n real ones. As far as n reaches."""
    labels = task.usable()
    if not labels:
        return []
    truth = {label: task.labels[1][label] for label in labels}
    return [_point(task, labels, truth, n, rng, f"{prefix}curve.{n}") for n in CURVE if n <= task.n]


def _point(
    task: Task, labels: list[str], truth: dict[str, np.ndarray], n: int, rng: np.random.Generator, name: str
) -> Evidence:
    draws: dict[int, list[Scores]] = {TRAINING: [], SYNTHETIC: []}
    sizes = {TRAINING: len(task.training), SYNTHETIC: len(task.synthetic)}
    for _ in range(CURVE[n]):
        for fold, found in draws.items():
            found.append(scores(task, labels, (fold, rng.permutation(sizes[fold])[:n])))

    def middle(fold: int, rows: np.ndarray) -> float:
        return float(np.mean([mean_auc(found, truth, rows) for found in draws[fold]]))

    every = np.arange(len(task.holdout))
    value, control = middle(SYNTHETIC, every), middle(TRAINING, every)
    low, high = around(value, partial(middle, SYNTHETIC), task.holdout_owners, rng)
    return Evidence(
        name,
        value,
        low,
        high,
        control,
        n,
        "higher",
        "",
        f"With {n} synthetic records to learn from, unseen real findings are found with an AUC of {value:.2f}; with "
        f"{n} real ones {control:.2f}.",
        f"{_method(task)} Mean of {CURVE[n]} draws.",
    )
