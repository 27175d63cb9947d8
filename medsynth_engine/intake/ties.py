"""What says whose a picture is, beside its patient: kept as `ties.parquet`, so that an append finds the same people.

A picture goes by the first name that is known of its person: the table's id, else the header's, the lesion's, the
study's, the file's. The others are its ties, as pseudonyms too. A dataset made before there were any has no such file.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from medsynth_engine.intake.duplicates import Groups

NAME = "ties.parquet"
Tie = tuple[int, str]
"""Number of a picture, pseudonym."""


def read_ties(folder: Path) -> pd.DataFrame:
    """record, label of a dataset's folder; empty where it has none."""
    path = folder / NAME
    return pd.read_parquet(path) if path.exists() else pd.DataFrame({"record": [], "label": []}, dtype="str")


def ties_of(records: pd.Series, ties: Iterable[Tie], earlier: pd.DataFrame | None) -> pd.DataFrame:
    """record, label of numbered records and of earlier ones, sorted, once each."""
    listed = list(ties)
    made = pd.DataFrame(
        {"record": [records.iloc[number] for number, _ in listed], "label": [label for _, label in listed]},
        dtype="str",
    )
    whole = made if earlier is None else pd.concat([earlier, made], ignore_index=True)
    return whole.drop_duplicates().sort_values(["record", "label"]).reset_index(drop=True)


def kept(ties: pd.DataFrame, *tables: pd.DataFrame) -> pd.DataFrame:
    """The ties of records that one of the tables has; what has gone is forgotten."""
    if not len(ties):
        return ties
    there = {record for table in tables if len(table) for record in table["record"]}
    return ties[ties["record"].isin(there)].reset_index(drop=True)


def join_people(together: Groups, patients: np.ndarray, ties: Iterable[Tie]) -> None:
    """Join the pictures that go by one name, as their patient or by a tie."""
    together.join_equal(patients.astype(str))
    listed = list(ties)
    labels = {label for _, label in listed}
    named = ((number, patient) for number, patient in enumerate(patients) if patient in labels)
    first: dict[str, int] = {}
    for number, label in chain(named, listed):
        together.join(first.setdefault(label, number), number)
