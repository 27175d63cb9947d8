"""A mixed table as points, so that "near" means something: ranks for numbers, corners of a simplex for words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from medsynth_engine.evidence.tables import SEPARATOR, Column, numbers, words

MOST_VALUES = 50
"""Of a column with more different words only the commonest have a corner of their own."""


@dataclass(frozen=True)
class Embedding:
    """How each column becomes coordinates; learned from one reference table (the real training records).

    A number becomes its mid-rank among the reference, 0 to 1, and a flag of 0.5 where it is missing (its rank is then
    0.5). A word becomes 1/sqrt 2 on its own axis, so that two different words are 1 apart, and missing is a word too.
    """

    columns: tuple[Column, ...]
    reference: dict[str, np.ndarray]

    @classmethod
    def of(cls, table: pd.DataFrame, columns: tuple[Column, ...]) -> Embedding:
        reference = {}
        for column in columns:
            if column.kind == "number":
                known = numbers(table[column.name])
                reference[column.name] = np.sort(known[np.isfinite(known)])
            else:
                parts = [
                    part for cell in words(table[column.name]) if cell is not None for part in _parts(cell, column)
                ]
                reference[column.name] = pd.Series(parts, dtype=object).value_counts().index.to_numpy()[:MOST_VALUES]
        return cls(columns, reference)

    def __call__(self, table: pd.DataFrame) -> np.ndarray:
        """float32 (n, d); d is at least 1, so that a table without columns has all records in one place."""
        parts = [np.zeros((len(table), 1), np.float32)]
        for column in self.columns:
            place = self._ranks if column.kind == "number" else self._corners
            parts.append(place(table[column.name], column).astype(np.float32))
        return np.concatenate(parts, axis=1)

    def _ranks(self, series: pd.Series, column: Column) -> np.ndarray:
        values, known = numbers(series), self.reference[column.name]
        missing = ~np.isfinite(values)
        filled = np.where(missing, 0.0, values)
        low, high = np.searchsorted(known, filled, "left"), np.searchsorted(known, filled, "right")
        rank = (low + high) / 2 / max(1, len(known))
        return np.column_stack([np.where(missing, 0.5, rank), missing * 0.5])

    def _corners(self, series: pd.Series, column: Column) -> np.ndarray:
        cells = words(series)
        known = {value: place for place, value in enumerate(self.reference[column.name])}
        out = np.zeros((len(cells), len(known) + 2))
        for row, cell in enumerate(cells):
            if cell is None:
                out[row, -1] = 1
                continue
            for part in _parts(cell, column):
                out[row, known.get(part, len(known))] = 1
        return out / np.sqrt(2)


def _parts(cell: str, column: Column) -> list[str]:
    return cell.split(SEPARATOR) if column.kind == "multi" else [cell]


def design(table: pd.DataFrame, columns: tuple[Column, ...], reference: pd.DataFrame) -> np.ndarray:
    """float64 (n, columns) for trees: numbers as they are, words as their place among the reference's, NaN missing."""
    out = np.full((len(table), len(columns)), np.nan)
    for place, column in enumerate(columns):
        if column.kind == "number":
            out[:, place] = numbers(table[column.name])
        else:
            order = {
                word: i for i, word in enumerate(sorted({w for w in words(reference[column.name]) if w is not None}))
            }
            out[:, place] = [order.get(word, np.nan) for word in words(table[column.name])]
    return out
