"""Is the cohort of use? Train on synthetic, test on real, against train on real, and per group.

A small fixed classifier: logistic regression on scaled radiomics features of images, histogram gradient boosting on
rows. Test is always the held-out fold. Esteban et al. 2017 (TSTR).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from medsynth_engine.evidence.boosting import boosted
from medsynth_engine.evidence.embedding import design
from medsynth_engine.evidence.intervals import Z95
from medsynth_engine.evidence.pictures import Pictures
from medsynth_engine.evidence.resampling import auc, spread
from medsynth_engine.evidence.tables import GROUPS, Column, group, has, patients, present
from medsynth_engine.kernel.evidence import Evidence, not_enough

MOST_LABELS = 8
FEWEST_TRAIN = 11
FEWEST_TEST = 5
TIMES, GAP_TIMES = 100, 40
CLASSIFIER = {
    "image": "logistic regression on radiomics-lite",
    "rows": "histogram gradient boosting on the other columns",
}


@dataclass(frozen=True)
class Task:
    """What a classifier learns from and is tested on: features and labels of the three folds.

    labels    one dictionary per fold: label -> which records have it
    *_owners  patients of the records; holdout_table: the records behind the held-out features
    """

    medium: str
    training: np.ndarray
    holdout: np.ndarray
    synthetic: np.ndarray
    labels: tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, np.ndarray]]
    holdout_owners: np.ndarray
    synthetic_owners: np.ndarray
    holdout_table: pd.DataFrame

    def usable(self) -> list[str]:
        """Labels with enough records on both sides in every fold; of two that exclude each other one is left out."""
        found: list[str] = []
        for label, real in self.labels[0].items():
            folds = [real, *(self.labels[i].get(label, np.zeros(1, bool)) for i in (1, 2))]
            need = (FEWEST_TRAIN, FEWEST_TEST, FEWEST_TRAIN)
            if any(min(int(m.sum()), int((~m).sum())) < few for m, few in zip(folds, need, strict=True)):
                continue
            if any(np.array_equal(~real, self.labels[0][other]) for other in found):
                continue
            found.append(label)
        return found[:MOST_LABELS]


def image_task(
    found: dict[str, Pictures], scaled: dict[str, np.ndarray], tables: dict[str, pd.DataFrame], attribute: str
) -> Task:
    """Features are those of the images, labels the values of `attribute` in their rows."""
    parts = [tables[fold].iloc[found[fold].rows] for fold in ("training", "holdout", "synthetic")]
    first, second, third = (present(group(part, attribute)) for part in parts)
    held = parts[1].reset_index(drop=True)
    return Task(
        "image",
        scaled["training"],
        scaled["holdout"],
        scaled["synthetic"],
        (first, second, third),
        found["holdout"].owners,
        found["synthetic"].owners,
        held,
    )


def row_task(
    training: pd.DataFrame, holdout: pd.DataFrame, synthetic: pd.DataFrame, columns: tuple[Column, ...]
) -> Task:
    """The finding from all other columns."""
    others = tuple(column for column in columns if column.role != "finding")
    first, second, third = (present(group(table, "finding")) for table in (training, holdout, synthetic))
    real, held, drawn = (design(table, others, training) for table in (training, holdout, synthetic))
    labels = first, second, third
    owners = patients(holdout), patients(synthetic)
    return Task("rows", real, held, drawn, labels, owners[0], owners[1], holdout.reset_index(drop=True))


def usefulness(task: Task, rng: np.random.Generator, prefix: str) -> list[Evidence]:
    """`tstr_auc` and `trtr_auc`, and `group_gap.<attribute>` where n allows; names begin with `prefix`."""
    method = (
        f"{CLASSIFIER[task.medium]}, the finding, mean AUC over its values, equal n; tested on held-out patients; "
        "interval from the spread over redrawn patients."
    )
    labels = task.usable()
    if not labels:
        why = "no finding has 11 synthetic and real records, and 5 held-out ones, with and without it."
        return [
            not_enough(f"{prefix}{name}", len(task.holdout), "higher", why, method) for name in ("tstr_auc", "trtr_auc")
        ]
    n = min(len(task.training), len(task.synthetic))
    real = _scores(task, labels, task.training, 0, rng.permutation(len(task.training))[:n])
    drawn = _scores(task, labels, task.synthetic, 2, rng.permutation(len(task.synthetic))[:n])
    truth = {label: task.labels[1][label] for label in labels}
    every = np.arange(len(task.holdout))
    found = []
    values = {name: mean_auc(scores, truth, every) for name, scores in (("tstr_auc", drawn), ("trtr_auc", real))}
    for name, scores, who in (("tstr_auc", drawn, "synthetic"), ("trtr_auc", real, "real")):
        value = values[name]
        low, high = around(value, partial(mean_auc, scores, truth), task.holdout_owners, rng)
        ceiling = f"; trained on as many real ones {values['trtr_auc']:.2f}" if who == "synthetic" else ""
        found.append(
            Evidence(
                f"{prefix}{name}",
                value,
                low,
                high,
                values["trtr_auc"] if who == "synthetic" else 0.5,
                n,
                "higher",
                "",
                f"A classifier trained on {n} {who} records finds the finding in unseen real ones with an AUC of "
                f"{value:.2f}{ceiling}; 0.50 is guessing.",
                method,
            )
        )
    for attribute in GROUPS:
        if has(attribute, task.holdout_table):
            found += _group_gap(prefix, attribute, task, truth, (drawn, real), rng)
    return found


Scores = dict[str, np.ndarray]


def _scores(task: Task, labels: list[str], features: np.ndarray, fold: int, rows: np.ndarray) -> Scores:
    """Scores of every held-out record for each label, of a classifier trained on `rows` of `features`."""
    out = {}
    for label in labels:
        truth = task.labels[fold][label][rows]
        if truth.all() or not truth.any():
            out[label] = np.zeros(len(task.holdout))
            continue
        if task.medium == "image":
            out[label] = reader().fit(features[rows], truth).predict_proba(task.holdout)[:, 1]
        else:
            out[label] = boosted(features[rows], truth, task.holdout)[1][:, 1]
    return out


def reader() -> LogisticRegression:
    """What learns from features of images."""
    return LogisticRegression(C=0.1, max_iter=200)


def mean_auc(scores: Scores, truth: dict[str, np.ndarray], rows: np.ndarray) -> float:
    values = [auc(scores[label][rows][mask[rows]], scores[label][rows][~mask[rows]]) for label, mask in truth.items()]
    finite = [value for value in values if np.isfinite(value)]
    return float(np.mean(finite)) if finite else float("nan")


def around(
    value: float, statistic: Callable[[np.ndarray], float], owners: np.ndarray, rng: np.random.Generator
) -> tuple[float | None, float | None]:
    deviation = spread(statistic, (owners,), rng, TIMES)
    if not np.isfinite(deviation) or not np.isfinite(value):
        return None, None
    return max(0.0, value - Z95 * deviation), min(1.0, value + Z95 * deviation)


def _group_gap(
    prefix: str,
    attribute: str,
    task: Task,
    truth: dict[str, np.ndarray],
    scores: tuple[Scores, Scores],
    rng: np.random.Generator,
) -> list[Evidence]:
    """How much more the AUC differs between groups after training on synthetic than after training on real records."""
    name = f"{prefix}group_gap.{attribute}"
    method = (
        f"Largest minus smallest AUC of groups with {FEWEST_TRAIN} records and {FEWEST_TEST} of either class; paired."
    )
    values = group(task.holdout_table, attribute)
    groups = []
    for value, mask in present(values).items():
        label = next(iter(truth))
        both = min(int((truth[label] & mask).sum()), int((~truth[label] & mask).sum()))
        if len(np.unique(task.holdout_owners[mask])) >= FEWEST_TRAIN and both >= FEWEST_TEST:
            groups.append(value)
    if len(groups) < 2:
        return [not_enough(name, len(values), "zero", "fewer than two groups are large enough.", method)]

    def gap(chosen: Scores, rows: np.ndarray) -> float:
        each = [mean_auc(chosen, truth, rows[values[rows] == value]) for value in groups]
        return float(np.nanmax(each) - np.nanmin(each)) if np.isfinite(each).any() else float("nan")

    every = np.arange(len(values))
    after, before = gap(scores[0], every), gap(scores[1], every)
    deviation = spread(lambda rows: gap(scores[0], rows) - gap(scores[1], rows), (task.holdout_owners,), rng, GAP_TIMES)
    wider = after - before
    finite = np.isfinite(deviation)
    return [
        Evidence(
            name,
            wider,
            wider - Z95 * deviation if finite else None,
            wider + Z95 * deviation if finite else None,
            0.0,
            len(values),
            "zero",
            "",
            f"Between groups of {attribute.replace('_', ' ')} the AUC differs by {after:.2f} after training on "
            f"synthetic records and by {before:.2f} after training on real ones.",
            method,
        )
    ]
