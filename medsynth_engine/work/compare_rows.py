"""The learners side by side on a dataset's own table: two thirds of the training fold teach, the rest judges.

The holdout is not looked at: it belongs to the final evidence. Private models that are made here are thrown away, but
what is told of them is not private: it is for who has the real table anyway.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd

from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.rows.learners import Choice
from medsynth_engine.rows.unusable import UnusableTable
from medsynth_engine.work.bakeoff import judged
from medsynth_engine.work.binding_rules import binding, of_dataset
from medsynth_engine.work.desk import Desk, run
from medsynth_engine.work.learned_rows import learned

FEWEST, MOST = 60, 20_000
"""Rows with which a comparison says anything, and with which it need not take longer."""


def work(desk: Desk) -> dict[str, Any]:
    arguments = desk.arguments
    row, folder = desk.dataset(arguments["dataset_id"])
    dataset = Dataset(folder)
    records = dataset.records()
    training = records[records["fold"] == "training"].reset_index(drop=True)
    rng = np.random.default_rng(arguments["seed"])
    teach, judge = _parts(training, rng)
    if min(len(teach), len(judge)) < FEWEST / 3:
        raise BadInput("too_few_rows", f"A comparison needs at least {FEWEST} rows.", "Use --rows trees.")
    rules = of_dataset(desk, row)
    say = desk.progress("learners")
    found: dict[str, dict[str, Any]] = {}
    for number, name in enumerate(arguments["learners"]):
        say(number, len(arguments["learners"]), f"rows by {name}")
        desk.stop_if_unwanted()
        choice = Choice(name, epsilon=arguments["epsilon"], declared=arguments["declare"], wanted=desk.wanted)
        began, processor = time.perf_counter(), time.process_time()
        try:
            model = learned(choice, teach, dataset.schema(), np.random.default_rng(arguments["seed"]))
            drawn = model.under(binding(name, rules)).sample(
                len(teach), None, np.random.default_rng(arguments["seed"] + 1)
            )
        except UnusableTable as error:
            found[name] = {"refused": {"code": error.code, "why": error.message, "what_to_do": error.hint}}
            continue
        seconds = {"seconds": round(time.perf_counter() - began, 2)}
        seconds["processor_seconds"] = round(time.process_time() - processor, 2)
        found[name] = {**judged(teach, judge, drawn, dataset.schema(), np.random.default_rng(0)), **seconds}
    facts = {"dataset": row.name, "rows": len(teach), "held": len(judge), "epsilon": arguments["epsilon"]}
    return {**facts, "learners": found}


def _parts(training: pd.DataFrame, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two thirds and one third of the patients, at most `MOST` rows together."""
    patients = rng.permutation(training["patient"].unique())
    held = set(patients[: len(patients) // 3])
    is_held = training["patient"].isin(held).to_numpy()
    parts = training[~is_held].head(MOST * 2 // 3), training[is_held].head(MOST // 3)
    return parts[0].reset_index(drop=True), parts[1].reset_index(drop=True)


if __name__ == "__main__":
    run(work)
