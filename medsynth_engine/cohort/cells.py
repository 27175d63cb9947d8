"""How many images and patients the training fold has in a cell: the ground on which a request stands or falls.

Knows Arrow tables and no pandas, for a population is planned live in a face's process.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from medsynth_engine.cohort import arrow
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.escape import plain
from medsynth_engine.kernel.small_cells import LEAST_IMAGES, LEAST_PATIENTS, SMALLEST, is_open
from medsynth_engine.rows.ages import BANDS, band_numbers

AGE_BAND = "age_band"
HIDDEN = "hidden"
"""Instead of a count that would give a suppressed one away by subtraction."""
BESIDE = ("fold", "file", "patient", "age")
"""Columns that are looked at whatever is asked for."""
MOST_LEVELS = 20
"""Distinct values with which a measured number still counts as a few levels."""


def shown(count: int) -> str:
    """A count of real records as a person may see it."""
    return f"<{SMALLEST}" if 0 < count < SMALLEST else f"{count:,}"


def suppressed(counts: Mapping[Any, tuple[int, int]]) -> dict[Any, Any]:
    """Records by name, from (records, patients), as a person may see them: of 1 to 10 records, or records of 1 to 10
    patients, "<11"; beside them the next smallest read "hidden" (of equal ones the first by its name), as many as it
    takes that the sum of all that is hidden leaves the small ones open. Where that takes more than there are, all that
    are hidden read "hidden"."""
    small = [value for value, both in counts.items() if 0 < min(both) < SMALLEST]
    others = [value for value, both in counts.items() if min(both) >= SMALLEST]
    others.sort(key=lambda value: (counts[value][0], str(value)))
    beside, closed = 0, bool(small)
    while closed and beside <= len(others):
        gone, left = others[:beside], others[beside:]
        people = sum(counts[value][1] for value in (*small, *gone))
        closed = not is_open(
            [counts[value][0] for value in small],
            [counts[value][0] for value in gone],
            people,
            counts[left[0]][0] if left else None,
        )
        beside += closed
    cells: dict[Any, Any] = {value: records for value, (records, _) in counts.items()}
    cells |= dict.fromkeys(small, HIDDEN if closed else shown(1))
    return cells | dict.fromkeys(others[:beside], HIDDEN)


def ordered(value: str, count: int) -> tuple[int, int, str]:
    """The key to show values by: age bands in their order, others by size."""
    return (0, BANDS.index(value), value) if value in BANDS else (1, -count, value)


@dataclass(frozen=True)
class Count:
    """Of one cell in the training fold. For a table without images a record counts as an image."""

    images: int
    patients: int

    @property
    def small(self) -> bool:
        """Fewer than 20 images or 10 patients (DESIGN section 2)."""
        return self.images < LEAST_IMAGES or self.patients < LEAST_PATIENTS


def ground(count: Count) -> dict[str, str | None]:
    """What a person is told of a cell's `images` and `patients` while they try one request after another: too few, and
    roughly how few; None where there are enough. Exact counts of overlapping cells would tell small ones apart."""
    images = shown(count.images) if count.images < SMALLEST else f"{SMALLEST}-{LEAST_IMAGES - 1}"
    return {
        "images": images if count.images < LEAST_IMAGES else None,
        "patients": shown(count.patients) if count.patients < LEAST_PATIENTS else None,
    }


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
    def of(cls, records: pa.Table, attributes: Sequence[str]) -> Training:
        """From a dataset's records: its training fold, and of that the records with an image where there are images.

        Raises BadInput for an attribute that is no column, or a number other than age.
        """
        seen = _seen(records)
        values, codes = {}, []
        for attribute in attributes:
            places, known = _levels(records, attribute)
            places = places[seen]
            present = np.unique(places[places >= 0]).tolist()
            if attribute in records.column_names and pa.types.is_floating(records[attribute].type):
                _demand_few(attribute, len(present))
            kept = [code for _, code in sorted((_band_then_text(known[code]), code) for code in present)]
            rank = np.full(len(known) + 1, -1, dtype=np.int32)
            rank[kept] = np.arange(len(kept))
            codes.append(rank[places])
            values[attribute] = tuple(known[code] for code in kept)
        people = arrow.levels(records["patient"])[0] if "patient" in records.column_names else np.arange(len(records))
        stacked = np.stack(codes, axis=1) if codes else np.zeros((int(seen.sum()), 0), dtype=np.int32)
        return cls(tuple(attributes), values, stacked, people[seen])

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
            if self.count({attribute: (value,)}).patients >= SMALLEST
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


def asked_name(attribute: str, columns: pa.Schema) -> str:
    """Age in years is asked for by its band."""
    names = columns.names
    has_bands = AGE_BAND in names or ("age" in names and _numeric(columns.field("age").type))
    return AGE_BAND if attribute == "age" and has_bands else attribute


def _band_then_text(value: Any) -> tuple[int, str]:
    return BANDS.index(value) if value in BANDS else len(BANDS), str(value)


def _numeric(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind)


def _seen(records: pa.Table) -> np.ndarray:
    """bool (n,): the training fold, and of that what has an image where anything has."""
    seen = np.ones(len(records), dtype=bool)
    if "fold" in records.column_names:
        places, folds = arrow.levels(records["fold"])
        seen = places == (folds.index("training") if "training" in folds else len(folds))
    if "file" in records.column_names:
        there = arrow.levels(records["file"])[0] >= 0
        seen = seen & there if (seen & there).any() else seen
    return seen


def _levels(records: pa.Table, attribute: str) -> tuple[np.ndarray, list[Any]]:
    names = records.column_names
    if attribute == AGE_BAND and AGE_BAND not in names and "age" in names and _numeric(records["age"].type):
        return band_numbers(arrow.numbers(records["age"])), list(BANDS)
    if attribute not in names:
        raise BadInput(
            "no_such_attribute",
            f"The table has no column {plain(attribute, 40)}.",
            "See its columns: medsynth datasets show NAME",
        )
    return arrow.levels(records[attribute])


def _demand_few(attribute: str, values: int) -> None:
    if values > MOST_LEVELS:
        raise BadInput(
            "not_countable",
            f"{plain(attribute, 40)} is a measured number: it has no cells to balance.",
            "Ask for attributes with a few values, for instance sex or age_band.",
        )
