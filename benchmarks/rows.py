"""How fast the row learners are and how much of a real table they keep.

    OMP_NUM_THREADS=1 python benchmarks/rows.py [--seeds N] [--learners trees,dp-3,gan] [--rows 1000,3000]
                                                [--only speed,million,quality,leaves,copies,heart,gan]

Train on synthetic, test on real (TSTR) against train on real, test on real (TRTR), both with the same gradient boosted
trees on the same untouched patients. Pairs of columns, detection, membership and copies are those of an evaluation
(`medsynth_engine.evidence`), with what equally many real rows reach; `detection_open` leaves out the columns in which
rare words were called "other", which no real row says. Seconds are of the processor (all threads) beside the clock's.
Prints a table as it goes and writes results/rows.json, section by section.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from row_tables import Task, auc, breast, clinic, diabetes, heart

from medsynth_engine.rows.learners import Choice, learn
from medsynth_engine.rows.sequence import smallest_leaf
from medsynth_engine.rows.table import Schema
from medsynth_engine.rows.trees import SequentialTrees
from medsynth_engine.work.bakeoff import judged

RESULTS = Path(__file__).with_name("results") / "rows.json"
FINDING = {"column 6": "finding"}
"""Of the made-up tables: five levels."""


def drawn_by(name: str, train: pd.DataFrame, task: Task, seed: int, leaf: int | None = None) -> pd.DataFrame:
    """As many rows as `train`, by trees (perhaps of another leaf), gan, or dp-EPSILON."""
    schema = Schema.of(task.table, task.roles)
    whose = task.patients.iloc[train.index].to_numpy()
    rng = np.random.default_rng(seed)
    learner, _, epsilon = name.partition("-")
    if leaf is not None:
        model: Any = SequentialTrees.fit(train, schema, rng, patients=whose, leaf=lambda rows: leaf)
    elif learner == "gan":
        from medsynth_engine.rows.adversarial.gan import TabularGan

        model = TabularGan.fit(train, schema, rng, patients=whose)
    else:
        choice = Choice(learner, epsilon=float(epsilon or 3), declared=task.declared)
        model = learn(choice, train, schema, rng, patients=whose)
    return model.sample(len(train), None, np.random.default_rng(seed + 1)).drop(columns="patient")


def judge(name: str, task: Task, n: int, seed: int, leaf: int | None = None) -> dict[str, float]:
    """One split: learn from n rows, draw n, judge on the held-out rows."""
    order = np.random.default_rng(seed).permutation(len(task.table))
    test, train = task.table.iloc[order[: task.held_out]], task.table.iloc[order[task.held_out :][:n]]
    clock, processor = time.perf_counter(), time.process_time()
    drawn = drawn_by(name, train, task, seed, leaf)
    spent = {"seconds": time.perf_counter() - clock, "processor_seconds": time.process_time() - processor}
    schema = Schema.of(task.table, task.roles).document()
    tables = [frame.reset_index(drop=True) for frame in (train, test.head(max(n, 200)), drawn)]
    tables = [frame.assign(patient=np.arange(len(frame))) for frame in tables]
    found = judged(*tables, schema, np.random.default_rng(0))
    kept = {key: found[key]["value"] for key in ("pairwise", "detection_auc", "membership_auc", "copies")}
    merged = {
        name
        for name in train
        if not set(drawn[name].dropna()) <= set(train[name].dropna()) and "other" in set(drawn[name])
    }
    if merged:
        left = {**schema, "columns": [column for column in schema["columns"] if column["name"] not in merged]}
        kept["detection_open"] = judged(*tables, left, np.random.default_rng(0))["detection_auc"]["value"]
    kept |= {"ceiling": found["pairwise"]["control"], "copies_expected": found["copies"]["control"]}
    scores = {"tstr": auc(drawn, test, task), "trtr": auc(train, test, task)}
    return {**scores, **{key: float("nan") if one is None else float(one) for key, one in kept.items()}, **spent}


def repeated(task: Task, times: int, leaf: int | None = None) -> dict[str, float]:
    """A small table: every split anew, a quarter held out; the share of (AUC - 0.5) that is kept."""
    runs = [judge("trees", task, len(task.table) - task.held_out, seed, leaf) for seed in range(times)]
    return mean(runs)


def mean(runs: list[dict[str, float]]) -> dict[str, float]:
    return {key: float(np.nanmean([run[key] for run in runs])) for key in runs[0]}


def speed(rows: int, columns: int, learner: str = "trees") -> dict[str, float]:
    """Fit and sample a table of mixed columns, 10 % missing, one of them the finding."""
    rng = np.random.default_rng(0)
    frame = mixed(rows, columns, rng)
    schema = Schema.of(frame, FINDING)
    marks = [(time.perf_counter(), time.process_time())]
    if learner == "gan":
        from medsynth_engine.rows.adversarial.gan import TabularGan

        model: Any = TabularGan.fit(frame, schema, rng)
    else:
        model = SequentialTrees.fit(frame, schema, rng)
    marks.append((time.perf_counter(), time.process_time()))
    model.sample(rows, None, rng)
    marks.append((time.perf_counter(), time.process_time()))
    fit, sample = ([b - a for a, b in zip(marks[i], marks[i + 1], strict=True)] for i in (0, 1))
    return {
        "fit": fit[0],
        "fit_processor": fit[1],
        "sample": sample[0],
        "sample_processor": sample[1],
        "model_megabytes": len(model.to_json()) / 1e6,
        "peak_gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def mixed(rows: int, columns: int, rng: np.random.Generator) -> pd.DataFrame:
    hidden = rng.normal(size=(rows, 3))
    table = {}
    for number in range(columns):
        score = hidden @ rng.normal(size=3) + rng.normal(size=rows)
        kind = number % 4
        levels = (2, 5, 12, 40)[number // 4 % 4]
        values: np.ndarray = (
            score.round(2) if kind < 2 else np.digitize(score, np.linspace(-3, 3, levels - 1)).astype(object)
        )
        if kind >= 2:
            values = np.array([f"level {value}" for value in values], dtype=object)
        series = pd.Series(values)
        series[rng.random(rows) < 0.1] = None
        table[f"column {number}"] = series
    return pd.DataFrame(table)


def million() -> dict[str, float]:
    """A million rows of 20 columns from a model of 3,000, in blocks as a cohort draws them."""
    frame = mixed(3000, 20, np.random.default_rng(0))
    model = SequentialTrees.fit(frame, Schema.of(frame, FINDING), np.random.default_rng(0))
    began, processor = time.perf_counter(), time.process_time()
    for start in range(0, 1_000_000, 50_000):
        model.sample(50_000, None, np.random.default_rng(start))
    return {"seconds": time.perf_counter() - began, "processor_seconds": time.process_time() - processor}


def copied(leaf: int, smooth: bool, seed: int) -> dict[str, float]:
    """Rows of the made-up clinic that are equal to a training row, and membership, by the least rows in a leaf."""
    real, other = clinic(1200, seed), clinic(1200, 1000 + seed)
    schema = Schema.of(real, {"age": "age", "sex": "sex", "finding": "finding"})
    model = SequentialTrees.fit(real, schema, np.random.default_rng(seed), leaf=lambda rows: leaf)
    if not smooth:
        steps = [
            replace(step, values={branch: replace(tree, smooth=False) for branch, tree in step.values.items()})
            for step in model.steps
        ]
        model = replace(model, steps=tuple(steps))
    drawn = model.sample(1200, None, np.random.default_rng(seed + 1)).drop(columns="patient")
    tables = [frame.assign(patient=np.arange(len(frame))) for frame in (real, other, drawn)]
    found = judged(*tables, schema.document(), np.random.default_rng(0))
    rows = [set(map(tuple, frame.drop(columns="patient").astype(str).to_numpy())) for frame in tables]
    shares = [np.mean([row in rows[0] for row in map(tuple, frame.astype(str).to_numpy())]) for frame in (other, drawn)]
    member = found["membership_auc"]["value"]
    return {"equal": float(shares[1]), "equal_of_real": float(shares[0]), "membership_auc": float(member)}


def show(label: str, found: dict[str, float]) -> dict[str, float]:
    print(f"{label:<34}" + "  ".join(f"{key} {value:.3f}" for key, value in found.items()), flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--learners", default="trees,dp-1,dp-3,dp-10,gan")
    parser.add_argument("--rows", default="200,1000,3000")
    parser.add_argument("--only", default="speed,million,quality,leaves,copies,heart,gan")
    chosen = parser.parse_args()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}

    def section(name: str, label: str, measure: Callable[[], dict[str, float]]) -> None:
        results.setdefault(name, {})[label] = show(f"{name} {label}", measure())
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")

    only = chosen.only.split(",")
    sizes = [int(word) for word in chosen.rows.split(",")]
    seeds = range(chosen.seeds)
    if "speed" in only:
        for rows, columns, learner in (
            (3000, 20, "trees"),
            (10_000, 7, "trees"),
            (100_000, 20, "trees"),
            (10_000, 7, "gan"),
        ):
            if learner not in chosen.learners.split(","):
                continue
            section("speed", f"{learner} {rows} x {columns}", lambda r=rows, c=columns, w=learner: speed(r, c, w))
    if "million" in only:
        section("speed", "a million rows drawn", million)
    if "quality" in only:
        for task in (diabetes(), breast()):
            for n in sizes:
                for name in chosen.learners.split(","):
                    label = f"{task.name} {n} {name}"
                    section(
                        "quality", label, lambda t=task, n=n, w=name: mean([judge(w, t, n, seed) for seed in seeds])
                    )
    if "leaves" in only:
        for task in (diabetes(), breast()):
            for n in sizes:
                for leaf in (11, 20, 30, 40, 60):
                    label = f"{task.name} {n} leaf {leaf}"
                    section(
                        "leaves",
                        label,
                        lambda t=task, n=n, f=leaf: mean([judge("trees", t, n, seed, f) for seed in seeds]),
                    )
    if "copies" in only:
        for smooth in (False, True):
            for leaf in (20, 30, 40, 60):
                label = f"leaf {leaf}, {'smoothed' if smooth else 'not smoothed'}"
                section("copies", label, lambda f=leaf, s=smooth: mean([copied(f, s, seed) for seed in range(6)]))
    if "gan" in only:
        for task, n in ((diabetes(), 5000), (breast(), 3000)):
            section("gan", f"{task.name} {n} gan", lambda t=task, n=n: judge("gan", t, n, 0))
            section("gan", f"{task.name} {n} trees", lambda t=task, n=n: judge("trees", t, n, 0))
    if "heart" in only:
        for leaf in (smallest_leaf(228),):
            section("quality", f"heart 228 trees (leaf {leaf})", lambda f=leaf: repeated(heart(), 4 * chosen.seeds, f))


if __name__ == "__main__":
    main()
