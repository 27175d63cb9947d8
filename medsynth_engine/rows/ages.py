"""The age bands of DESIGN section 2 as numbers alone: what plans a cohort in a face's process knows no tables."""

from __future__ import annotations

import numpy as np

EDGES = (0, 18, 40, 65, 80)
BANDS = ("0-17", "18-39", "40-64", "65-79", "80+")
TOP_AGE = 89
"""The highest age ever drawn where nothing was learned: above it Safe Harbor allows "90 or older" only."""


def band_numbers(ages: np.ndarray) -> np.ndarray:
    """The number of the band (0 to 4) of each age in years; -1 where the age is missing or negative."""
    ages = np.asarray(ages, dtype=float)
    known = np.isfinite(ages) & (ages >= 0)
    return np.where(known, np.searchsorted(EDGES, np.where(known, ages, 0.0), side="right") - 1, -1).astype(np.int64)


def limits(band: str) -> tuple[int, int]:
    """First and last whole year of a band; the open band ends at `TOP_AGE`. Raises ValueError for another name."""
    number = BANDS.index(band)
    return EDGES[number], (EDGES[number + 1] - 1 if number + 1 < len(EDGES) else TOP_AGE)
