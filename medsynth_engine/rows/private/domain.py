"""What a column may hold, as somebody declared it: under differential privacy nothing of that may come from the data.

Declared by MedSynth itself: the age (0 to 90 years, as every intake caps it) and the sex (F or M), yes and no. All else
is declared by a person who knows it from a data dictionary: bounds of a number, or the values of a column of words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import floor, log10

import numpy as np
import pandas as pd

from medsynth_engine.rows.bands import BANDS, EDGES, band_numbers
from medsynth_engine.rows.coding import Bins, Levels
from medsynth_engine.rows.columns import AGE_BAND, Inner, split
from medsynth_engine.rows.table import SEPARATOR, Column, Schema
from medsynth_engine.rows.unusable import UnusableTable

BINS = 64
"""A number is counted in at most so many equal parts of its bounds."""
MOST_STEPS, FINEST = 2.0**52, 1e-6
"""Beyond the first a float64 does not tell neighbours apart; below the second six decimals do not (`Bins`)."""
OLDEST = 90
YES_NO = Levels((False, True), None, True)
LEFT_OUT = "drop"
EVERY = "*"
OF_THE_SCHEMA = "schema"
_RANGE = re.compile(r"\s*(-?[\d.]+(?:e-?\d+)?)\s*\.\.\s*(-?[\d.]+(?:e-?\d+)?)\s*(?:/\s*([\d.]+(?:e-?\d+)?)\s*)?", re.I)
GRAMMAR = (
    "NAME=LOW..HIGH, NAME=LOW..HIGH/STEP, NAME=a|b|c, NAME=schema or *=schema (listed values are known), NAME=drop"
)


def declared(schema: Schema, words: Mapping[str, str]) -> tuple[list[Inner], tuple[str, ...]]:
    """The coded columns by what is declared, and the columns that are left out.

    words  {column: declaration} in `GRAMMAR`

    Raises UnusableTable (`undeclared`) with every column whose bounds or values nobody has declared.
    """
    for name in words:
        if name not in schema and (name, words[name]) != (EVERY, OF_THE_SCHEMA):
            raise UnusableTable("bad_declaration", "A column that is declared is not in the table.", GRAMMAR)
    inner: list[Inner] = []
    unknown: list[str] = []
    left_out = tuple(name for name, word in words.items() if word.strip() == LEFT_OUT)
    for number, column in enumerate(schema.columns, start=1):
        if column.name in left_out or (column.name == AGE_BAND and schema.age is not None):
            continue
        word = words.get(column.name, None if column.numeric else words.get(EVERY))
        coding = _coding(column, word, column is schema.age)
        if isinstance(coding, tuple):
            inner += [
                Inner(f"{column.name}{SEPARATOR}{label}", column.name, YES_NO, column.per, column.role, label=label)
                for label in coding
            ]
            continue
        if coding is None:
            unknown.append(f"{column.name}" if column.name.isprintable() else f"column {number}")
            continue
        if column is schema.age:
            of_age = band_numbers(np.array(coding.lows)) if isinstance(coding, Bins) else np.zeros(0)
            bands = Levels(tuple(BANDS[band] for band in sorted(set(of_age.tolist()))), None, True, ordered=True)
            inner.append(Inner(AGE_BAND, column.name, bands, column.per, "age"))
            inner.append(Inner(column.name, column.name, coding, column.per, "age", within=AGE_BAND))
        else:
            inner.append(Inner(column.name, column.name, coding, column.per, column.role))
    if unknown:
        raise UnusableTable(
            "undeclared",
            f"Differential privacy needs bounds and values that do not come from the data; undeclared: "
            f"{', '.join(unknown[:20])}.",
            f"Declare them: {GRAMMAR}.",
        )
    return inner, left_out


def encode(series: pd.Series, column: Inner) -> np.ndarray:
    """int64 codes by the declaration: numbers outside go to the nearest end, other words count as missing."""
    coding = column.coding
    if column.label is not None:
        held = series.map(lambda text: column.label in split(text), na_action="ignore")
        return coding.encode(held).astype(np.int64)
    if isinstance(coding, Levels) and any(isinstance(value, str) for value in coding.values):
        known = series.map(lambda value: _text(value), na_action="ignore")
        return coding.encode(known.astype(object)).astype(np.int64)
    return coding.encode(series).astype(np.int64)


def dtype_of(schema: Schema, name: str) -> str:
    """The dtype a column is drawn with, by its kind: the table's own would say whether anybody's value is missing."""
    kind = schema[name].kind if name in schema else "category"
    return {"number": "float64", "integer": "Int64", "boolean": "boolean"}.get(kind, "str")


def _coding(column: Column, word: str | None, is_age: bool) -> Bins | Levels | tuple[str, ...] | None:
    """The coding of a declared column; of several findings the labels; None where nothing is declared."""
    if column.numeric:
        if word is None and is_age:
            word = f"0..{OLDEST}/1"
        if word is None:
            return None
        match = _RANGE.fullmatch(word)
        if match is None:
            raise UnusableTable("bad_declaration", "A number is declared by its bounds.", GRAMMAR)
        low, high = _number(match[1]), _number(match[2])
        step = _number(match[3]) if match[3] else 1.0 if column.kind == "integer" else _fine(high - low)
        if not (np.isfinite([low, high, step, high - low]).all() and low < high and 0 < step <= high - low):
            raise UnusableTable("bad_declaration", "Bounds are a lower and a higher number, and a step.", GRAMMAR)
        if max(abs(low), abs(high), high - low) / step > MOST_STEPS or step < FINEST:
            raise UnusableTable(
                "bad_declaration", "Bounds lie at most 2^52 steps from 0, and a step is a millionth or more.", GRAMMAR
            )
        return _bins(low, high, step, EDGES if is_age else ())
    if column.kind == "boolean":
        return YES_NO
    if column.role == "sex" and word in (None, OF_THE_SCHEMA):
        return Levels(("F", "M"), None, True)
    if word is None:
        return None
    values = column.values if word.strip() == OF_THE_SCHEMA else tuple(part.strip() for part in word.split("|"))
    texts = tuple(dict.fromkeys(_text(value) for value in values if str(value).strip()))
    if not texts:
        raise UnusableTable("bad_declaration", "The schema lists no values of a column declared by it.", GRAMMAR)
    return texts if column.kind == "multi" else Levels(texts, None, True)


def _bins(low: float, high: float, step: float, cuts: tuple[int, ...]) -> Bins:
    """Equal parts of the grid from low to high; none lies across one of `cuts`."""
    places = floor((high - low) / step + 1e-9)
    decimals = max(0, min(6, -floor(log10(step) + 1e-9))) if step < 1 or step != round(step) else 0
    wide = -(-(places + 1) // BINS)
    starts = set(range(0, places + 1, wide)) | {int(np.ceil((cut - low) / step)) for cut in cuts if low < cut <= high}
    edges = [*sorted(starts), places + 1]
    lows = tuple(round(low + step * edge, decimals) for edge in edges[:-1])
    highs = tuple(round(low + step * (edge - 1), decimals) for edge in edges[1:])
    return Bins(lows, highs, step, decimals, True)


def _fine(width: float) -> float:
    """A thousandth of the bounds or finer, as a power of ten: how a number without a declared step is written."""
    return float(max(FINEST, 10.0 ** floor(log10(width / 1000)))) if FINEST < width < np.inf else 0.0


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return float("nan")  # 1.2.3 looks like a number to the pattern


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, float | np.floating) and float(value).is_integer() else str(value)
