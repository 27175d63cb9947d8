"""What a population can be made of: the attributes of a table that have few values, and their training margins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from medsynth_engine.cohort.cells import AGE_BAND, Training
from medsynth_engine.cohort.decide import largest_remainder
from medsynth_engine.kernel.escape import plain
from medsynth_engine.kernel.small_cells import SMALLEST

MOST_VALUES = 12
"""A margin of more values is not set by hand."""
ROLES = ("sex", "age", "ethnicity", "finding", "condition", "column")


def names(schema: Mapping[str, Any]) -> list[str]:
    """The columns of a dataset's schema that have cells: age by its band, categories and booleans, by their role."""
    found = []
    for role in ROLES:
        for column in schema["columns"]:
            numeric = column["kind"] in ("number", "integer")
            if column.get("role", "column") == role and column["kind"] != "multi" and (not numeric or role == "age"):
                found.append(AGE_BAND if role == "age" else column["name"])
    return list(dict.fromkeys(found))


def margins(training: Training) -> list[dict[str, Any]]:
    """Of every attribute with 2 to 12 known values: `name` and `values` [{`value`, `points`}].

    `points` is the value's share of the training records in whole points of a hundred, over the values that at least
    eleven patients have; None for the others. Nothing finer leaves, so that no small count follows from a share.
    """
    shown = []
    for attribute, values in training.values.items():
        if not 2 <= len(values) <= MOST_VALUES:
            continue
        counts = [training.count({attribute: (value,)}) for value in values]
        told = np.array([count.images if count.patients >= SMALLEST else 0 for count in counts])
        points = largest_remainder(told, 100) if told.sum() else np.zeros(len(values), dtype=int)
        rows = [
            {"value": plain(value, 80), "points": int(point) if images else None}
            for value, images, point in zip(values, told, points, strict=True)
        ]
        shown.append({"name": plain(attribute, 80), "values": rows})
    return shown
