"""Reading the tables: which columns take part, what they mean, and who a record belongs to. NaN is an answer too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

AGE_EDGES = (0, 18, 40, 65, 80)
AGE_BANDS = ("0-17", "18-39", "40-64", "65-79", "80+")
SEPARATOR = "|"
"""Between several findings of one record."""
GROUPS = ("sex", "age_band", "ethnicity")
"""The attributes whose groups are compared, where they exist."""


@dataclass(frozen=True)
class Column:
    """A column that all tables have. `kind`: number, category or multi."""

    name: str
    role: str
    kind: str


def columns(schema: Mapping[str, Any], *tables: pd.DataFrame) -> tuple[Column, ...]:
    """The schema's columns that every table has and that are not wholly empty in the first. Beside an age no band."""
    found = []
    for entry in schema.get("columns", ()):
        name, kind = str(entry["name"]), str(entry.get("kind", "category"))
        if all(name in table for table in tables) and (not len(tables[0]) or tables[0][name].notna().any()):
            plain = "number" if kind in ("number", "integer") else "multi" if kind == "multi" else "category"
            found.append(Column(name, str(entry.get("role", "column")), plain))
    if any(column.role == "age" and column.kind == "number" for column in found):
        found = [column for column in found if column.name != "age_band"]
    return tuple(found)


def numbers(series: pd.Series) -> np.ndarray:
    """float64, NaN where missing, infinite or no number."""
    values = pd.to_numeric(series, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def words(series: pd.Series) -> np.ndarray:
    """Object array of text, None where missing. 1 and 1.0 are the same word, True and "True" too."""
    missing = series.isna().to_numpy()
    values = series.to_numpy(dtype=object)
    return np.array([None if gone else _word(value) for value, gone in zip(values, missing, strict=True)], dtype=object)


def _word(value: Any) -> str:
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def age_bands(table: pd.DataFrame) -> np.ndarray:
    """The band of each record as text, None where the age is missing."""
    if "age" in table and pd.api.types.is_numeric_dtype(table["age"]):
        ages = numbers(table["age"])
        known = np.isfinite(ages) & (ages >= 0)
        place = np.searchsorted(AGE_EDGES, np.where(known, ages, 0), side="right") - 1
        bands = np.array(AGE_BANDS, dtype=object)[place]
        bands[~known] = None
        return bands
    if "age_band" in table:
        return words(table["age_band"])
    return words(table["age"]) if "age" in table else np.full(len(table), None, dtype=object)


def group(table: pd.DataFrame, attribute: str) -> np.ndarray:
    """The value of `attribute` of each record as text, None where missing. Of several findings all stay joined."""
    if attribute == "age_band":
        return age_bands(table)
    return words(table[attribute]) if attribute in table else np.full(len(table), None, dtype=object)


def has(attribute: str, *tables: pd.DataFrame) -> bool:
    """True where every table has a known value of `attribute`."""
    return all(any(value is not None for value in group(table, attribute)) for table in tables)


def present(values: np.ndarray) -> dict[str, np.ndarray]:
    """Which records have each single value, commonest first; a joined cell counts for each of its parts."""
    parts = [frozenset() if value is None else frozenset(value.split(SEPARATOR)) for value in values]
    names = sorted({name for cell in parts for name in cell if name.strip()})
    masks = {name: np.fromiter((name in cell for cell in parts), bool, len(parts)) for name in names}
    return dict(sorted(masks.items(), key=lambda item: (-int(item[1].sum()), item[0])))


def patients(table: pd.DataFrame) -> np.ndarray:
    """A number for each record's patient, 0 to patients - 1. Without a patient column each record is its own."""
    if "patient" not in table or table["patient"].isna().all():
        return np.arange(len(table))
    codes, _ = pd.factorize(table["patient"], use_na_sentinel=True)
    alone = codes < 0
    return np.where(alone, codes.max(initial=-1) + 1 + np.cumsum(alone) - 1, codes)


def patient_count(table: pd.DataFrame) -> int:
    return len(np.unique(patients(table)))


def blank(table: pd.DataFrame) -> np.ndarray:
    """True where the record's image is nearly blank, as intake marked it."""
    if "blank" not in table:
        return np.zeros(len(table), bool)
    return table["blank"].fillna(False).to_numpy(dtype=bool)


def some_patients(owners: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """Positions of the records of whole patients, drawn at random until `most` records are reached; ascending."""
    if len(owners) <= most:
        return np.arange(len(owners))
    order = rng.permutation(int(owners.max()) + 1)[owners]
    return np.sort(np.argsort(order, kind="stable")[:most])
