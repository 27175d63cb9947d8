"""The row model of a cohort: the learner that was asked for, under the rules that were confirmed, and what it cost.

A private model is learned once for each dataset, budget and declaration and kept beside the dataset: drawing from it
again costs no privacy. What all of them cost together is in the ledger.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import Any

import numpy as np
import pandas as pd
from sqlmodel import Session

from db.canonical import digest
from db.tables import Dataset as DatasetRow
from medsynth_engine.kernel.atomic import write_text
from medsynth_engine.operations.decisions import lineage
from medsynth_engine.rows.learners import Choice, read
from medsynth_engine.rows.model import RowModel
from medsynth_engine.rows.private.accounting import epsilon_of
from medsynth_engine.rows.private.tree import PrivateTree
from medsynth_engine.rows.unusable import UnusableTable
from medsynth_engine.work.binding_rules import in_force, of_dataset
from medsynth_engine.work.desk import Desk
from medsynth_engine.work.learned_rows import learned

PRIVATE = "private_rows"
"""In the summary of a dataset's row: what each private learning cost. In its folder: the models."""
PATIENCE = 0.2
"""Seconds between two looks whether another process has learned private rows."""
NOT_LEARNED = " Rules that were learned from the real table do not bind them; known and own ones do."


def row_model(
    desk: Desk, row: DatasetRow, folder: Path, schema: dict[str, Any], training: pd.DataFrame, of_weights: str | None
) -> tuple[RowModel, dict[str, Any]]:
    """The model to draw from, and what the cohort says of it: `learner`, `rules`, and for private rows `privacy`.

    of_weights  the row model that came with the generator, which is taken where trees were asked for
    """
    arguments = desk.arguments
    name = arguments.get("rows", "trees")
    about: dict[str, Any] = {"learner": name}
    if name == "trees" and of_weights:
        model = read(of_weights)
    elif name == "dp":
        private = _private(desk, row, folder, schema, training)
        with desk.ledger.read() as session:
            about["privacy"] = {**private.spending.document(), **spent(session, row, private.spending.delta)}
        about["says"] = private.spending.sentence() + NOT_LEARNED
        model = private
    else:
        choice = Choice(name, progress=desk.progress("steps"), wanted=desk.wanted)
        try:
            model = learned(choice, training, schema, np.random.default_rng(arguments["seed"]))
        except UnusableTable:
            desk.stop_if_unwanted()  # a cancelled learning is no bad input
            raise
    rules = in_force(name, of_dataset(desk, row), model.rules, arguments.get("run_id") is not None)
    return model.under(rules), {**about, "rules": len(rules)}


def spent(session: Session, row: DatasetRow, delta: float) -> dict[str, Any]:
    """What all private learnings of this dataset, over its versions, cost together (zCDP adds up)."""
    now = session.get_one(DatasetRow, row.id)  # what was learned a moment ago counts
    costs = [cost for version in lineage(session, now) for cost in version.summary.get(PRIVATE, ())]
    rho = sum(cost["rho"] for cost in costs)
    return {"learnings": len(costs), "rho_spent": rho, "epsilon_spent": round(epsilon_of(rho, delta), 4)}


def _private(desk: Desk, row: DatasetRow, folder: Path, schema: dict[str, Any], training: pd.DataFrame) -> PrivateTree:
    """The kept model where there is one; else it is learned, its cost committed, and only then kept.

    One process at a time: who comes second finds what the first has kept, instead of learning, and paying, again. Who
    is killed between the cost and the model has paid for nothing, which is the safe side.
    """
    asked = {name: desk.arguments[name] for name in ("epsilon", "declare")}
    path = folder / f"{PRIVATE}-{digest({**asked, 'dataset': row.digest})[:16]}.json"
    with _alone(folder / f".{PRIVATE}.lock", desk):
        if path.exists():
            return PrivateTree.from_json(path.read_text())
        choice = Choice("dp", epsilon=asked["epsilon"], declared=asked["declare"])
        model = learned(choice, training, schema, np.random.default_rng(0))
        assert isinstance(model, PrivateTree)
        cost = {"rho": model.spending.rho, "epsilon": model.spending.epsilon, "delta": model.spending.delta}
        with desk.commit("rows.learned_privately", f"dataset:{row.name}", version=row.version, **cost) as change:
            now = change.session.get_one(DatasetRow, row.id)
            now.summary = {**now.summary, PRIVATE: [*now.summary.get(PRIVATE, ()), cost]}
            change.session.add(now)
        write_text(path, model.to_json())  # mode 0600
        return model


@contextmanager
def _alone(lock: Path, desk: Desk) -> Iterator[None]:
    """Hold `lock`, which a process lets go of however it ends. Raises Interrupted where nobody waits any more."""
    with lock.open("a") as handle:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                desk.stop_if_unwanted()
                sleep(PATIENCE)
        yield
