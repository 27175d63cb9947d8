from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from medsynth_engine.rows.bands import age_band
from medsynth_engine.rows.table import Schema
from medsynth_engine.rows.trees import SequentialTrees

SCHEMA = {
    "columns": [
        {"name": "age", "role": "age", "kind": "integer", "per": "patient"},
        {"name": "age_band", "role": "age", "kind": "category", "per": "patient"},
        {"name": "sex", "role": "sex", "kind": "category", "per": "patient"},
        {"name": "ethnicity", "role": "ethnicity", "kind": "category", "per": "patient"},
        {"name": "finding", "role": "finding", "kind": "category", "per": "record"},
        {"name": "pressure", "role": "column", "kind": "number", "per": "record"},
        {"name": "note", "role": "column", "kind": "category", "per": "record"},
    ],
    "image": {"channels": 1, "modality": None},
    "patients_known": True,
}


def hospital(n: int = 4000, seed: int = 0) -> pd.DataFrame:
    """Records as intake writes them: 70 % men, 8 patients of one ethnicity, some unknown, three folds."""
    rng = np.random.default_rng(seed)
    age = np.clip(rng.normal(55, 20, n), 1, 95).round().astype(int)
    table = pd.DataFrame({"record": [f"r{i}" for i in range(n)], "patient": [f"p{i}" for i in range(n)]})
    table["fold"] = rng.choice(["training", "validation", "holdout"], n, p=[0.6, 0.1, 0.3])
    table["file"] = [f"images/r{i}.png" for i in range(n)]
    table["age"] = age
    table["age_band"] = age_band(table["age"])
    table["sex"] = rng.choice(["F", "M", None], n, p=[0.28, 0.70, 0.02])
    table["ethnicity"] = rng.choice(["White", "Asian"], n, p=[0.8, 0.2])
    table.loc[table.index[table["fold"] == "training"][:8], "ethnicity"] = "Black"
    table["finding"] = np.where(rng.random(n) < 0.3, "effusion", "healthy")
    table["pressure"] = (100 + 0.5 * age + rng.normal(0, 9, n)).round()
    table["note"] = rng.choice(["=1+1", "stable"], n)
    return table


@pytest.fixture(scope="session")
def schema() -> dict:
    return SCHEMA


@pytest.fixture(scope="session")
def records() -> pd.DataFrame:
    return hospital()


@pytest.fixture(scope="session")
def model(records) -> SequentialTrees:
    training = records[records["fold"] == "training"]
    schema = Schema.from_document(SCHEMA)
    table = training[[column.name for column in schema.columns]]
    return SequentialTrees.fit(table, schema, np.random.default_rng(0), patients=training["patient"].to_numpy())
