"""A cohort says which values of the training data it cannot hold, and names nobody by it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from medsynth_engine.cohort.not_drawn import not_drawn
from medsynth_engine.rows.table import Schema
from medsynth_engine.rows.trees import SequentialTrees
from medsynth_tui.planned import absence

SCHEMA = {
    "columns": [
        {"name": "sex", "role": "sex", "kind": "category", "per": "patient"},
        {"name": "finding", "role": "finding", "kind": "multi", "per": "record"},
        {"name": "smoker", "role": "condition", "kind": "boolean", "per": "patient"},
        {"name": "pressure", "role": "column", "kind": "number", "per": "record"},
    ]
}


def clinic(men_training: int, men_held_out: int) -> pd.DataFrame:
    """200 women of the training fold, and so many men."""
    n = 200 + men_training + men_held_out
    table = pd.DataFrame({"patient": [f"p{number}" for number in range(n)], "fold": "training"})
    table.loc[200 + men_training :, "fold"] = "holdout"
    table["sex"] = ["F"] * 200 + ["M"] * (n - 200)
    table["finding"] = np.where(np.arange(n) % 3 == 0, "mass|node", "mass")
    table.loc[:1, "finding"] = "mass|oddity"
    table["smoker"] = np.arange(n) % 2 == 0
    table["pressure"] = 100.0 + np.arange(n) % 40
    return table


def model_of(table: pd.DataFrame) -> SequentialTrees:
    training = table[table["fold"] == "training"]
    columns = Schema.from_document(SCHEMA)
    return SequentialTrees.fit(
        training[[column.name for column in columns.columns]],
        columns,
        np.random.default_rng(0),
        patients=training["patient"].to_numpy(),
    )


def test_a_value_too_rare_to_learn_is_counted_and_named_only_where_eleven_patients_have_it():
    few = clinic(8, 0)
    told = {one["attribute"]: one for one in not_drawn(few, SCHEMA, model_of(few), None)}
    assert told["sex"] == {"attribute": "sex", "values": 1, "named": [], "of": "rows"}
    assert told["finding"]["values"] == 1 and told["finding"]["named"] == []  # two patients' label
    assert set(told) == {"sex", "finding"}
    enough = clinic(8, 5)
    told = {one["attribute"]: one for one in not_drawn(enough, SCHEMA, model_of(enough), None)}
    assert told["sex"]["named"] == ["M"]
    assert absence(told["sex"]) == "sex: 1 value (M) of fewer than 11 training patients is not drawn"


def test_what_every_training_value_is_learned_of_is_not_mentioned():
    whole = clinic(60, 0)
    assert {one["attribute"] for one in not_drawn(whole, SCHEMA, model_of(whole), None)} == {"finding"}


def test_a_value_the_generator_did_not_learn_is_told_apart():
    whole = clinic(60, 0)
    told = not_drawn(whole, SCHEMA, None, {"sex": ("F",), "smoker": ("true", "false")})
    assert told == [{"attribute": "sex", "values": 1, "named": ["M"], "of": "images"}]
    assert "not followed by the images" in absence(told[0])


def test_private_models_are_not_compared_with_the_data_behind_them():
    assert not_drawn(clinic(8, 0), SCHEMA, None, None) == []
