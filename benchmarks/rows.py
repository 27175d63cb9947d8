"""How fast the row model is and how much of a real table it keeps: `python benchmarks/rows.py [--seeds N] [--quick]`.

Train on synthetic, test on real (TSTR) against train on real, test on real (TRTR), both with the same gradient boosted
trees on the same untouched patients; and the share of pairwise structure kept (1 - TVD, mean over all pairs of columns,
10 bins) beside what an equal number of held-out real rows reaches. Prints a table and writes results/rows.json.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from medsynth_engine.rows.table import Schema
from medsynth_engine.rows.trees import SequentialTrees

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("MEDSYNTH_TEST_DATA") or ROOT / "../shared/data").resolve()


@dataclass(frozen=True)
class Task:
    """A real table, who its patients are, what is predicted, and the answer counted as positive."""

    name: str
    table: pd.DataFrame
    roles: dict[str, str]
    outcome: str
    positive: frozenset[str]
    patients: pd.Series
    held_out: int


def diabetes() -> Task:
    """First stay of each patient, the columns that vary; readmission at any time."""
    path = DATA / "tab_diabetes130" / "diabetes130_14k_patients.csv"
    table = pd.read_csv(path, na_values="?", keep_default_na=False, low_memory=False).drop_duplicates("patient_nbr")
    table = table.reset_index(drop=True)
    patients = table["patient_nbr"]
    kept = [
        "race", "gender", "age", "admission_type_id", "discharge_disposition_id", "admission_source_id",
        "time_in_hospital", "medical_specialty", "num_lab_procedures", "num_procedures", "num_medications",
        "number_outpatient", "number_emergency", "number_inpatient", "diag_1", "number_diagnoses", "A1Cresult",
        "insulin", "diabetesMed", "readmitted",
    ]  # fmt: skip
    roles = {"race": "ethnicity", "gender": "sex", "age": "age", "readmitted": "finding"}
    return Task("diabetes130", table[kept], roles, "readmitted", frozenset({"<30", ">30"}), patients, 5000)


def breast() -> Task:
    table = pd.read_csv(DATA / "tab_seer_breast" / "Breast_Cancer.csv").rename(columns=str.strip)
    table = table.drop_duplicates(ignore_index=True)
    roles = {"Age": "age", "Race": "ethnicity", "Status": "finding"}
    return Task("seer_breast", table, roles, "Status", frozenset({"Dead"}), pd.Series(range(len(table))), 1000)


def auc(train: pd.DataFrame, test: pd.DataFrame, task: Task) -> float:
    """AUC on `test` of gradient boosting trained on `train`."""
    features = [name for name in test if name != task.outcome]
    words = [name for name in features if not pd.api.types.is_numeric_dtype(test[name])]
    common = {name: test[name].value_counts().index[:60] for name in words}
    frames = [
        frame[features].assign(**{name: frame[name].where(frame[name].isin(common[name])) for name in words})
        for frame in (train, test)
    ]
    encode = ColumnTransformer(
        [("words", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), words)],
        remainder="passthrough",
    )
    reader = make_pipeline(encode, HistGradientBoostingClassifier(max_iter=80, learning_rate=0.06, max_leaf_nodes=8))
    reader.fit(frames[0], train[task.outcome].isin(task.positive))
    return float(roc_auc_score(test[task.outcome].isin(task.positive), reader.predict_proba(frames[1])[:, 1]))


def pairwise(ours: pd.DataFrame, real: pd.DataFrame) -> float:
    """Mean over all pairs of columns of 1 - TVD between their joint tables, 10 bins by the real quantiles."""
    codes = {}
    for name in real:
        if pd.api.types.is_numeric_dtype(real[name]):
            edges = np.unique(np.nanquantile(real[name].astype(float), np.linspace(0, 1, 11)[1:-1]))
            codes[name] = [np.where(f[name].isna(), 11, np.searchsorted(edges, f[name], "right")) for f in (ours, real)]
        else:
            levels = {value: code for code, value in enumerate(real[name].value_counts().index[:30])}
            codes[name] = [f[name].map(levels).fillna(30 + f[name].isna()).to_numpy(dtype=int) for f in (ours, real)]
    kept = []
    for a, b in itertools.combinations(codes, 2):
        shares = [np.bincount(codes[a][i] * 32 + codes[b][i], minlength=1024) / len(codes[a][i]) for i in (0, 1)]
        kept.append(1 - np.abs(shares[0] - shares[1]).sum() / 2)
    return float(np.mean(kept))


def judge(task: Task, n: int, seed: int) -> dict[str, float]:
    """One split: learn from n rows, draw n, judge on the held-out rows."""
    order = np.random.default_rng(seed).permutation(len(task.table))
    test, train = task.table.iloc[order[: task.held_out]], task.table.iloc[order[task.held_out :][:n]]
    schema = Schema.of(task.table, task.roles)
    began = time.perf_counter()
    whose = task.patients.iloc[train.index].to_numpy()
    model = SequentialTrees.fit(train, schema, np.random.default_rng(seed), patients=whose)
    drawn = model.sample(n, None, np.random.default_rng(seed + 1)).drop(columns="patient")
    seconds = time.perf_counter() - began
    some = min(n, len(test))
    return {
        "tstr": auc(drawn, test, task),
        "trtr": auc(train, test, task),
        "pairwise": pairwise(drawn.head(some), train),
        "ceiling": pairwise(test.head(some), train),
        "seconds": seconds,
    }


def speed(rows: int, columns: int = 20) -> dict[str, float]:
    """Fit and sample a table of mixed columns, 10 % missing."""
    rng = np.random.default_rng(0)
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
    frame = pd.DataFrame(table)
    began = time.perf_counter()
    model = SequentialTrees.fit(frame, Schema.of(frame), rng)
    fitted = time.perf_counter()
    model.sample(rows, None, rng)
    drawn = time.perf_counter()
    return {"fit": fitted - began, "sample": drawn - fitted, "megabytes": len(model.to_json()) / 1e6}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one seed, and speed at 3,000 rows only")
    chosen = parser.parse_args()
    results: dict[str, object] = {"speed": {}, "quality": {}}
    print(f"{'rows x 20 columns':<20}{'fit s':>8}{'sample s':>10}{'model MB':>10}")
    for rows in (3000,) if chosen.quick else (3000, 100_000):
        measured = speed(rows)
        results["speed"][str(rows)] = measured  # type: ignore[index]
        print(f"{rows:<20,}{measured['fit']:>8.2f}{measured['sample']:>10.2f}{measured['megabytes']:>10.2f}")
    print(f"\n{'table':<14}{'n':>6}{'TSTR':>8}{'TRTR':>8}{'kept':>8}{'pairs':>8}{'ceiling':>9}{'s':>7}")
    for task in (diabetes(), breast()):
        for n in (200, 1000, 3000):
            runs = [judge(task, n, seed) for seed in range(1 if chosen.quick else chosen.seeds)]
            mean = {key: float(np.mean([run[key] for run in runs])) for key in runs[0]}
            results["quality"][f"{task.name} {n}"] = mean  # type: ignore[index]
            kept = mean["tstr"] / mean["trtr"]
            print(
                f"{task.name:<14}{n:>6,}{mean['tstr']:>8.3f}{mean['trtr']:>8.3f}{kept:>8.1%}"
                f"{mean['pairwise']:>8.3f}{mean['ceiling']:>9.3f}{mean['seconds']:>7.2f}"
            )
    target = Path(__file__).with_name("results") / "rows.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
