"""What the training data hold and a cohort cannot: values that the row model or the generator did not learn.

A cohort of women only says so, where too few men were trained on. Nothing here looks at the data behind a private
model: whether somebody's value is missing from its rows would tell of that person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pandas as pd

from medsynth_engine.cohort.cells import AGE_BAND
from medsynth_engine.gan.cell import as_value
from medsynth_engine.kernel.escape import plain
from medsynth_engine.kernel.small_cells import SMALLEST
from medsynth_engine.rows.bands import age_band
from medsynth_engine.rows.table import SEPARATOR

MOST_NAMED = 20
ROWS, IMAGES = "rows", "images"


class Learned(Protocol):
    """What `rows.model.RowModel` offers here."""

    @property
    def inner(self) -> tuple[Any, ...]: ...


def not_drawn(
    records: pd.DataFrame,
    schema: Mapping[str, Any],
    model: Learned | None,
    learned: Mapping[str, Sequence[str]] | None,
) -> list[dict[str, Any]]:
    """Values of the training fold that no record of the cohort will have, or no image will follow.

    records  of the dataset, all folds
    model    the row model, or None where it is private
    learned  the values that the generator obeys, by attribute (`Drawer.learned`), or None where there is no generator
             or a private one

    Returns one document each attribute and cause: `attribute`, `values` (how many), `named` (those of them, at most
    20, that at least eleven patients of the whole dataset have) and `of`: "rows" where no row has the value, "images"
    where rows have it but images are drawn with it left open.
    """
    found: list[dict[str, Any]] = []
    for name, held in _held(records, schema).items():
        training = held[records["fold"] == "training"]
        there = dict.fromkeys(as_value(value) for value in training.explode().dropna().unique().tolist())
        there.pop(None, None)
        rows = _values(model, name) if model is not None else None
        unlearned = [value for value in there if rows is not None and value not in rows]
        unguided = [
            value for value in there if learned and name in learned and value not in {*learned[name], *unlearned}
        ]
        for of, values in ((ROWS, unlearned), (IMAGES, unguided)):
            if values:
                shown = _named(held, records["patient"], values)
                found.append({"attribute": plain(name, 80), "values": len(values), "named": shown, "of": of})
    return found


def _held(records: pd.DataFrame, schema: Mapping[str, Any]) -> dict[str, pd.Series]:
    """Each column of words, its cells as they are or, where they hold several findings, as a list."""
    columns: dict[str, pd.Series] = {}
    for column in schema["columns"]:
        name = column["name"]
        if name not in records:
            continue
        if column["kind"] == "multi":
            columns[name] = records[name].map(_labels, na_action="ignore")
        elif column["kind"] not in ("number", "integer"):
            columns[name] = records[name].astype(object)
        elif column.get("role") == "age":
            columns[AGE_BAND] = (records[AGE_BAND] if AGE_BAND in records else age_band(records[name])).astype(object)
    return columns


def _labels(cell: Any) -> list[str]:
    return [part.strip() for part in str(cell).split(SEPARATOR) if part.strip()]


def _values(model: Learned, name: str) -> set[str | None] | None:
    """The learned values of a column as text; None where the model has no such column."""
    parts = [column for column in model.inner if column.name == name or (column.source == name and column.label)]
    if not parts or any(not hasattr(part.coding, "values") for part in parts):
        return None
    if any(part.label for part in parts):
        return {as_value(part.label) for part in parts}
    words = {as_value(value) for value in parts[0].coding.values}
    return words | {as_value(label) for word in parts[0].coding.values for label in _labels(word)}


def _named(held: pd.Series, patients: pd.Series, values: Sequence[str | None]) -> list[str]:
    """Those of the values that at least eleven patients of the dataset have."""
    each = held.explode().dropna()
    words = each.map(as_value)
    words = words[words.isin(list(values))]
    counts = patients.loc[words.index].groupby(words.to_numpy()).nunique()
    return [plain(value, 80) for value in values if counts.get(value, 0) >= SMALLEST][:MOST_NAMED]
