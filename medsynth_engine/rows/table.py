"""What the columns of a table are: their role, their kind, and whether they belong to the patient or the record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from medsynth_engine.rows.unusable import UnusableTable

ROLES = ("age", "sex", "ethnicity", "finding", "condition", "column")
KINDS = ("number", "integer", "category", "multi", "boolean")
SEPARATOR = "|"
"""Between the findings of one record, where there are several."""

DAYS = "_day"
"""How the names of columns end that hold dates as whole days (`intake/tables/reduced.py`)."""


@dataclass(frozen=True)
class Column:
    """One column: `role` says what it means, `kind` how it is written, `per` whom it belongs to."""

    name: str
    role: str = "column"
    kind: str = "category"
    per: str = "record"
    values: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        for word, allowed in ((self.role, ROLES), (self.kind, KINDS), (self.per, ("patient", "record"))):
            if word not in allowed:
                raise UnusableTable("bad_schema", f"A column's role, kind or owner is none of {', '.join(allowed)}.")

    @property
    def dated(self) -> bool:
        """Whether it holds days, as intake writes shifted dates: whole days since 1970, moved by patient."""
        return self.kind == "integer" and self.name.endswith(DAYS)

    @property
    def numeric(self) -> bool:
        return self.kind in ("number", "integer")


@dataclass(frozen=True)
class Schema:
    """The columns of a dataset's table, as `schema.json` has them."""

    columns: tuple[Column, ...]
    patients_known: bool = True

    def __post_init__(self) -> None:
        if len(self._by_name) != len(self.columns):
            raise UnusableTable("bad_schema", "Two columns of the schema have the same name.")

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Schema:
        """From the document in `schema.json`. Raises UnusableTable where it is not one."""
        try:
            columns = tuple(
                Column(
                    str(entry["name"]),
                    entry.get("role", "column"),
                    entry["kind"],
                    entry.get("per", "record"),
                    tuple(entry.get("values") or ()),
                )
                for entry in document["columns"]
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise UnusableTable("bad_schema", "The schema does not name its columns and their kinds.") from error
        return cls(columns, bool(document.get("patients_known", True)))

    @classmethod
    def of(cls, table: pd.DataFrame, roles: dict[str, str] | None = None, per_patient: Iterable[str] = ()) -> Schema:
        """The plainest schema of a typed table: numbers by their dtype, everything else a category."""
        owners = set(per_patient)
        return cls(
            tuple(
                Column(
                    str(name),
                    (roles or {}).get(str(name), "column"),
                    _kind(table[name]),
                    "patient" if name in owners else "record",
                )
                for name in table
            )
        )

    def document(self) -> dict[str, Any]:
        columns = [{**asdict(column), "values": list(column.values)} for column in self.columns]
        return {"columns": columns, "patients_known": self.patients_known}

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    def __getitem__(self, name: str) -> Column:
        return self._by_name[name]

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    @property
    def age(self) -> Column | None:
        """The age in years, where it is a number."""
        return next((column for column in self.columns if column.role == "age" and column.numeric), None)

    def check(self, table: pd.DataFrame) -> None:
        """Raise UnusableTable where `table` lacks a column, has one twice, or has words where numbers should be."""
        if table.columns.has_duplicates:
            raise UnusableTable("bad_table", "Two columns of the table have the same name.", "Rename one of them.")
        for number, column in enumerate(self.columns, start=1):
            if column.name not in table:
                raise UnusableTable("bad_table", f"Column {number} of the schema is not in the table.")
            if column.numeric:
                numbers(table[column.name])


def numbers(series: pd.Series) -> np.ndarray:
    """A column as float64, NaN where missing or infinite. Raises UnusableTable where it holds words."""
    try:
        values = pd.to_numeric(series).to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise UnusableTable(
            "not_numbers", "A column that should hold numbers holds words.", "Map it as a category instead."
        ) from error
    return np.where(np.isfinite(values), values, np.nan)


def _kind(series: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(series):
        return "boolean"
    if pd.api.types.is_integer_dtype(series):
        return "integer"
    return "number" if pd.api.types.is_numeric_dtype(series) else "category"
