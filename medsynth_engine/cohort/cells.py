"""How many images and patients the training fold has in a cell: the ground on which a request stands or falls."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.escape import plain
from medsynth_engine.rows.bands import BANDS, age_band

AGE_BAND = "age_band"
LEAST_IMAGES = 20
LEAST_PATIENTS = 10
SUPPRESSED = 11
"""Counts of real records or patients from 1 to 10 are never shown; zero is (CMS cell size policy)."""


def shown(count: int) -> str:
    """A count of real records as a person may see it."""
    return f"<{SUPPRESSED}" if 0 < count < SUPPRESSED else f"{count:,}"


@dataclass(frozen=True)
class Count:
    """Of one cell in the training fold. For a table without images a record counts as an image."""

    images: int
    patients: int

    @property
    def small(self) -> bool:
        """Fewer than 20 images or 10 patients (DESIGN section 2)."""
        return self.images < LEAST_IMAGES or self.patients < LEAST_PATIENTS


@dataclass(frozen=True)
class Training:
    """The training fold, seen through the attributes that were asked for.

    `values[a]` are the known values of attribute a (bands in their order, others as sorted text); `codes` int (n, A)
    says which one each record has, -1 for unknown; `patients` int (n,) numbers whose record it is.
    """

    attributes: tuple[str, ...]
    values: dict[str, tuple[Any, ...]]
    codes: np.ndarray
    patients: np.ndarray

    @classmethod
    def of(cls, records: pd.DataFrame, attributes: Sequence[str]) -> Training:
        """From a dataset's records: its training fold, and of that the records with an image where there are images.

        Raises BadInput for an attribute that is no column, or a number other than age.
        """
        if "fold" in records:
            records = records[records["fold"] == "training"]
        if "file" in records and records["file"].notna().any():
            records = records[records["file"].notna()]
        values, codes = {}, []
        for attribute in attributes:
            column = _column(records, attribute)
            places, distinct = pd.factorize(column)
            known = distinct.tolist()
            values[attribute] = tuple(
                sorted(known, key=lambda value: (BANDS.index(value) if value in BANDS else 99, str(value)))
            )
            rank = {value: code for code, value in enumerate(values[attribute])}
            codes.append(np.array([*(rank[value] for value in known), -1], dtype=np.int64)[places])
        patients = pd.factorize(records["patient"])[0] if "patient" in records else np.arange(len(records))
        stacked = np.stack(codes, axis=1) if codes else np.zeros((len(records), 0), dtype=np.int64)
        return cls(tuple(attributes), values, stacked, np.asarray(patients))

    def count(self, allowed: Mapping[str, Collection[Any]]) -> Count:
        """Records and distinct patients whose value of every named attribute is among the allowed ones."""
        inside = np.ones(len(self.codes), dtype=bool)
        for attribute, kept in allowed.items():
            inside &= self._held(attribute, kept)
        return Count(int(inside.sum()), len(np.unique(self.patients[inside])))

    def images(self, attribute: str, value: Any) -> int:
        """Records with one value of one attribute."""
        return int(self._held(attribute, (value,)).sum())

    def find(self, attribute: str, word: Any) -> Any:
        """The training value that `word` names, by its text. Raises BadInput where there is none."""
        for value in self.values[attribute]:
            if str(value) == str(word):
                return value
        common = [
            plain(value, 40)
            for value in self.values[attribute]
            if self.count({attribute: (value,)}).patients >= SUPPRESSED
        ]
        raise BadInput(
            "unknown_value",
            f"No training record has {plain(attribute, 40)}={plain(word, 40)}.",
            "Values with enough patients: " + (", ".join(common[:20]) or "none") + ".",
        )

    def _held(self, attribute: str, kept: Collection[Any]) -> np.ndarray:
        key = (attribute, frozenset(kept))
        if key not in self._masks:
            codes = [code for code, value in enumerate(self.values[attribute]) if value in kept]
            self._masks[key] = np.isin(self.codes[:, self.attributes.index(attribute)], codes)
        return self._masks[key]

    @cached_property
    def _masks(self) -> dict[tuple[str, frozenset[Any]], np.ndarray]:
        return {}


def _band_then_text(value: Any) -> tuple[int, str]:
    return BANDS.index(value) if value in BANDS else len(BANDS), str(value)


def asked_name(attribute: str, records: pd.DataFrame) -> str:
    """Age in years is asked for by its band."""
    has_bands = AGE_BAND in records or ("age" in records and pd.api.types.is_numeric_dtype(records["age"]))
    return AGE_BAND if attribute == "age" and has_bands else attribute


def _column(records: pd.DataFrame, attribute: str) -> pd.Series:
    if attribute == AGE_BAND and AGE_BAND not in records and "age" in records:
        return age_band(records["age"])
    if attribute not in records:
        raise BadInput(
            "no_such_attribute",
            f"The table has no column {plain(attribute, 40)}.",
            "See its columns: medsynth datasets show NAME",
        )
    column = records[attribute]
    if pd.api.types.is_float_dtype(column) and column.nunique() > 20:
        raise BadInput(
            "not_countable",
            f"{plain(attribute, 40)} is a measured number: it has no cells to balance.",
            "Ask for attributes with a few values, for instance sex or age_band.",
        )
    return column
