"""Stays in an invented hospital, as many as one likes: what the gauge is tried on, because nobody is in them.

Fifteen columns of mixed kinds that hang together as in a real table (age and severity move the rest), with values on
the grids that instruments have and some missing: enough columns that a person is told by them, as in real stays.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

ROLES = {"age": "age", "sex": "sex", "ethnicity": "ethnicity", "finding": "finding"}
GRIDS = {"temperature": 1, "weight": 1, "creatinine": 2, "haemoglobin": 1, "glucose": 1}
"""Decimals of the numbers that are not whole."""
WARDS = ("cardiology", "surgery", "lungs", "nerves", "kidneys", "emergency", "general", "intensive")
FINDINGS = ("none", "pneumonia", "heart failure", "sepsis", "stroke")


def stays(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """`n` stays, each of another patient."""
    age = np.clip(rng.normal(62, 17, n), 18, 99).round().astype(int)
    sex = rng.choice(["F", "M"], n, p=[0.47, 0.53])
    severity = rng.normal(size=n) + 0.015 * (age - 60)
    male = sex == "M"
    frame: dict[str, Any] = {
        "age": age,
        "sex": sex,
        "ethnicity": rng.choice(["White", "Asian", "Black", "Mixed"], n, p=[0.6, 0.2, 0.15, 0.05]),
        "finding": _drawn(severity, FINDINGS, [0.0, 0.5, 0.7, 1.2, 0.4], [1.0, 0.0, -0.2, -1.0, -0.6], rng),
        "ward": _drawn(severity, WARDS, np.linspace(-0.5, 0.9, len(WARDS)), np.zeros(len(WARDS)), rng),
        "admission": rng.choice(["planned", "emergency", "transfer"], n, p=[0.35, 0.5, 0.15]),
        "days": np.minimum(60, rng.geometric(1 / (3 + 2 * np.exp(0.4 * severity)))),
        "systolic": (120 + 0.3 * (age - 60) - 6 * severity + rng.normal(0, 14, n)).round().astype(int),
        "pulse": (78 + 6 * severity + rng.normal(0, 11, n)).round().astype(int),
        "temperature": 36.8 + 0.3 * np.maximum(0, severity) + rng.normal(0, 0.4, n),
        "weight": 67 + 12 * male + rng.normal(0, 13, n),
        "sodium": (139 - 0.8 * severity + rng.normal(0, 3, n)).round().astype(int),
        "creatinine": np.exp(-0.1 + 0.15 * male + 0.2 * severity + rng.normal(0, 0.3, n)),
        "haemoglobin": 12.8 + 1.2 * male - 0.5 * severity + rng.normal(0, 1.4, n),
        "glucose": np.exp(1.8 + 0.06 * severity + rng.normal(0, 0.25, n)),
    }
    for name, decimals in GRIDS.items():
        frame[name] = np.round(frame[name], decimals)
    for name, share in (("glucose", 0.12), ("haemoglobin", 0.05), ("weight", 0.08)):
        frame[name] = np.where(rng.random(n) < share, np.nan, frame[name])
    return pd.DataFrame(frame)


def schema(table: pd.DataFrame) -> dict[str, Any]:
    """The document of `schema.json` for such a table."""
    kinds = {name: "number" if pd.api.types.is_numeric_dtype(table[name]) else "category" for name in table}
    columns = [{"name": name, "role": ROLES.get(name, "column"), "kind": kind} for name, kind in kinds.items()]
    return {"columns": columns, "patients_known": True}


def nearly(table: pd.DataFrame, like: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Near-copies: every number moved by about a twentieth of its spread in `like`, and back onto its grid."""
    moved = table.copy()
    for name in table.columns[[pd.api.types.is_numeric_dtype(table[name]) for name in table]]:
        values = table[name] + rng.normal(0, 0.05, len(table)) * like[name].std()
        moved[name] = values.round(GRIDS.get(name, 0)).astype(table[name].dtype)
    return moved


def _drawn(severity: np.ndarray, words: tuple[str, ...], slopes: Any, starts: Any, rng: Any) -> np.ndarray:
    """One word a row, by a logistic model on severity."""
    scores = np.outer(severity, slopes) + np.asarray(starts)
    return np.array(words, dtype=object)[(scores + rng.gumbel(size=scores.shape)).argmax(axis=1)]
