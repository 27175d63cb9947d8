"""Is the cohort equally useful to everybody? AUC and missed findings in each group of unseen real patients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from medsynth_engine.evidence.axis import Fold
from medsynth_engine.evidence.intervals import Z95
from medsynth_engine.evidence.learners import Scores, Truth, around, mean_auc
from medsynth_engine.evidence.resampling import spread
from medsynth_engine.evidence.small_cells import SMALLEST
from medsynth_engine.evidence.tables import GROUPS, group, has, present
from medsynth_engine.evidence.tasks import FEWEST_TEST, Task
from medsynth_engine.kernel.evidence import Evidence, not_enough

TIMES = 40
AUC_METHOD = (
    f"Groups of {SMALLEST} held-out patients and {FEWEST_TEST} records with and without a finding; largest minus "
    "smallest AUC, after training on synthetic less after training on real records; paired."
)
MISSED_METHOD = (
    f"False negative rate, mean over the findings that {SMALLEST} patients of each of two groups have, where as many "
    "held-out records are flagged as have the finding (underdiagnosis, Seyyed-Kalantari et al. 2021); largest minus "
    "smallest, after training on synthetic less after training on real records; paired."
)


def group_utility(
    task: Task, truth: Truth, drawn: Scores, real: Scores, rng: np.random.Generator, prefix: str
) -> list[Evidence]:
    """`group.tstr_auc.<attribute>=<value>`, `group_gap.<attribute>`, `fnr_gap.<attribute>`.

    drawn, real  scores of the held-out records after training on synthetic and on real ones
    """
    found = []
    for attribute in GROUPS:
        if not has(attribute, task.holdout_table):
            continue
        values = group(task.holdout_table, attribute)
        covered = Fold.of(values, task.holdout_owners).small
        large = [value for value in present(values) if _large(task, truth, values == value)]
        found += [
            _of_group(task, truth, (drawn, real), attribute, value, values, value in covered, rng, prefix)
            for value in large
        ]
        found.append(_auc_gap(task, truth, (drawn, real), attribute, values, large, rng, prefix))
        found.append(_missed_gap(task, truth, (drawn, real), attribute, values, rng, prefix))
    return found


def _large(task: Task, truth: Truth, of: np.ndarray) -> bool:
    both = max(min(int((mask & of).sum()), int((~mask & of).sum())) for mask in truth.values())
    return len(np.unique(task.holdout_owners[of])) >= SMALLEST and both >= FEWEST_TEST


def _of_group(
    task: Task,
    truth: Truth,
    scores: tuple[Scores, Scores],
    attribute: str,
    value: str,
    values: np.ndarray,
    covered: bool,
    rng: np.random.Generator,
    prefix: str,
) -> Evidence:
    """`covered`: with its size that of a small group could be had by subtraction, so n is 0 and the text says so."""
    places = np.flatnonzero(values == value)
    auc, control = (mean_auc(found, truth, places) for found in scores)
    low, high = around(
        auc, lambda rows: mean_auc(scores[0], truth, places[rows]), task.holdout_owners[places], rng, TIMES
    )
    return Evidence(
        f"{prefix}group.tstr_auc.{attribute}={value}",
        auc,
        low,
        high,
        control,
        0 if covered else len(places),
        "higher",
        "",
        f"In unseen patients of {attribute.replace('_', ' ')} {value} the finding is found with an AUC of {auc:.2f} "
        f"after training on synthetic records and of {control:.2f} after training on real ones."
        + (" How many they are is not told: it would give a small group away." if covered else ""),
        AUC_METHOD,
    )


def _auc_gap(
    task: Task,
    truth: Truth,
    scores: tuple[Scores, Scores],
    attribute: str,
    values: np.ndarray,
    groups: list[str],
    rng: np.random.Generator,
    prefix: str,
) -> Evidence:
    name = f"{prefix}group_gap.{attribute}"
    if len(groups) < 2:
        return not_enough(name, len(values), "zero", "fewer than two groups are large enough.", AUC_METHOD)

    def gap(found: Scores, rows: np.ndarray) -> float:
        return _range(np.array([mean_auc(found, truth, rows[values[rows] == value]) for value in groups]))

    said = f"Between groups of {attribute.replace('_', ' ')} the AUC differs by"
    return _wider(name, gap, scores, task, said, AUC_METHOD, rng)


def _missed_gap(
    task: Task,
    truth: Truth,
    scores: tuple[Scores, Scores],
    attribute: str,
    values: np.ndarray,
    rng: np.random.Generator,
    prefix: str,
) -> Evidence:
    name = f"{prefix}fnr_gap.{attribute}"
    both = both_ways(task, truth, scores)
    enough = [
        {value for value in present(values) if _patients(task, mask & (values == value)) >= SMALLEST}
        for _, _, mask in both
    ]
    groups = sorted(sorted(enough, key=len)[-1])
    asked = [one for one, have in zip(both, enough, strict=True) if have >= set(groups)]
    if len(groups) < 2:
        return not_enough(name, len(values), "zero", "fewer than two groups have enough findings.", MISSED_METHOD)
    missed = [{str(i): ~flagged(one[side], one[2]) for i, one in enumerate(asked)} for side in (0, 1)]
    positive = {str(i): one[2] for i, one in enumerate(asked)}

    def gap(found: Scores, rows: np.ndarray) -> float:
        rates = []
        for value in groups:
            there = rows[values[rows] == value]
            each = [found[label][there][mask[there]] for label, mask in positive.items()]
            rates.append(np.mean([one.mean() for one in each if len(one)]) if any(map(len, each)) else np.nan)
        return _range(np.array(rates))

    said = f"Between groups of {attribute.replace('_', ' ')} the share of findings that are missed differs by"
    return _wider(name, gap, (missed[0], missed[1]), task, said, MISSED_METHOD, rng)


def both_ways(
    task: Task, truth: Truth, scores: tuple[Scores, Scores]
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Scores (drawn, real) and truth of every label, and of the one that excludes it: of two either may be the sick."""
    found = [(scores[0][label], scores[1][label], mask) for label, mask in truth.items()]
    for label, mask in task.labels[1].items():
        partner = next((other for other in truth if np.array_equal(~mask, truth[other])), None)
        if label not in truth and partner is not None:
            found.append((-scores[0][partner], -scores[1][partner], mask))
    return found


def flagged(score: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """bool: the highest scores, as many as have the finding (and those that tie with the last of them)."""
    many = int(truth.sum())
    above: np.ndarray = score >= np.sort(score)[len(score) - many] if many else np.zeros(len(score), bool)
    return above


def _patients(task: Task, mask: np.ndarray) -> int:
    return len(np.unique(task.holdout_owners[mask]))


def _range(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.max() - finite.min()) if len(finite) else float("nan")


def _wider(
    name: str,
    gap: Callable[[Scores, np.ndarray], float],
    scores: tuple[Scores, Scores],
    task: Task,
    said: str,
    method: str,
    rng: np.random.Generator,
) -> Evidence:
    """How much wider the gap is after training on synthetic than after training on real records."""
    every = np.arange(len(task.holdout))
    after, before = gap(scores[0], every), gap(scores[1], every)
    deviation = spread(lambda rows: gap(scores[0], rows) - gap(scores[1], rows), (task.holdout_owners,), rng, TIMES)
    wider, known = after - before, bool(np.isfinite(deviation))
    return Evidence(
        name,
        wider,
        wider - Z95 * deviation if known else None,
        wider + Z95 * deviation if known else None,
        0.0,
        len(every),
        "zero",
        "",
        f"{said} {after:.2f} after training on synthetic records and by {before:.2f} after training on real ones.",
        method,
    )
