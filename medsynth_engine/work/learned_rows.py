"""Learning the rows of a dataset: its columns by their schema, the ones that populations ask for first."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from medsynth_engine.rows.learners import Choice, learn
from medsynth_engine.rows.model import RowModel
from medsynth_engine.rows.table import Schema

FIRST = ("sex", "age_band", "age", "ethnicity", "finding")


def learned(choice: Choice, training: pd.DataFrame, schema: dict[str, Any], rng: np.random.Generator) -> RowModel:
    """A model of the schema's columns of `training`. Raises UnusableTable where the learner cannot learn it."""
    columns = Schema.from_document(schema)
    first = tuple(name for name in FIRST if name in columns)
    table = training[[column.name for column in columns.columns]]
    return learn(choice, table, columns, rng, first, training["patient"].to_numpy())
