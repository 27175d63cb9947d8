"""The three learners by name: one way to learn a table, one way to read a learned one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from medsynth_engine.rows.coding import SMALLEST
from medsynth_engine.rows.model import RowModel
from medsynth_engine.rows.private.accounting import DELTA
from medsynth_engine.rows.private.tree import PrivateTree
from medsynth_engine.rows.table import Schema
from medsynth_engine.rows.trees import SequentialTrees
from medsynth_engine.rows.unusable import UnusableTable

NAMES = ("trees", "dp", "gan")
FEWEST = {"trees": SMALLEST, "dp": SMALLEST, "gan": 5_000}
"""Rows from which each is offered."""


@dataclass(frozen=True)
class Choice:
    """Which learner, and what only some of them need.

    epsilon, delta, declared, rows_per_patient   of "dp": see `PrivateTree.fit`
    progress, wanted                             of "gan": see `TabularGan.fit`
    """

    name: str = "trees"
    epsilon: float = 3.0
    delta: float = DELTA
    declared: Mapping[str, str] = field(default_factory=dict)
    rows_per_patient: int = 1
    progress: Callable[[int, int | None, str], None] = lambda done, total, say: None
    wanted: Callable[[], bool] = lambda: True


def learn(
    choice: Choice,
    table: pd.DataFrame,
    schema: Schema,
    rng: np.random.Generator,
    first: Sequence[str] = (),
    patients: np.ndarray | pd.Series | None = None,
) -> RowModel:
    """Learn `table` with the chosen learner; raises UnusableTable where it cannot, or there are too few rows for it."""
    if choice.name not in NAMES:
        raise UnusableTable("bad_learner", "There is no such learner of rows.", "One of: " + ", ".join(NAMES) + ".")
    if len(table) < FEWEST[choice.name]:
        raise UnusableTable(
            "too_few_rows",
            f"The {choice.name} learner needs {FEWEST[choice.name]:,} rows; the training fold has {len(table):,}.",
            "Use --rows trees.",
        )
    if choice.name == "dp":
        return PrivateTree.fit(
            table,
            schema,
            first=first,
            patients=patients,
            epsilon=choice.epsilon,
            delta=choice.delta,
            words=choice.declared,
            rows_per_patient=choice.rows_per_patient,
        )
    if choice.name == "gan":
        from medsynth_engine.rows.adversarial.gan import TabularGan  # torch, only where it is asked for

        how = {"progress": choice.progress, "wanted": choice.wanted}
        return TabularGan.fit(table, schema, rng, first, patients, **how)  # type: ignore[arg-type]
    return SequentialTrees.fit(table, schema, rng, first, patients)


def read(text: str) -> RowModel:
    """A learned model from its JSON text, of whichever learner. Raises UnusableTable where it is none."""
    try:
        name = json.loads(text)["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise UnusableTable("bad_row_model", "This is not a row model that this version can read.") from error
    kinds: dict[Any, type[RowModel]] = {kind.FORMAT: kind for kind in (SequentialTrees, PrivateTree)}
    if name == "medsynth.rows.gan":
        from medsynth_engine.rows.adversarial.gan import TabularGan

        kinds[TabularGan.FORMAT] = TabularGan
    if name not in kinds:
        raise UnusableTable("bad_row_model", "This is not a row model that this version can read.")
    return kinds[name].from_json(text)
