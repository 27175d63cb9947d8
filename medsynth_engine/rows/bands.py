"""The age bands of DESIGN section 2: what is asked for when somebody balances by age."""

from __future__ import annotations

import numpy as np
import pandas as pd

EDGES = (0, 18, 40, 65, 80)
BANDS = ("0-17", "18-39", "40-64", "65-79", "80+")
TOP_AGE = 89
"""The highest age ever drawn where nothing was learned: above it Safe Harbor allows "90 or older" only."""


def band_numbers(ages: np.ndarray) -> np.ndarray:
    """The number of the band (0 to 4) of each age in years; -1 where the age is missing or negative."""
    ages = np.asarray(ages, dtype=float)
    known = np.isfinite(ages) & (ages >= 0)
    return np.where(known, np.searchsorted(EDGES, np.where(known, ages, 0.0), side="right") - 1, -1).astype(np.int64)


def age_band(ages: pd.Series) -> pd.Series:
    """The name of the band of each age in years, missing where the age is; text column named `age_band`."""
    names = np.array([*BANDS, None], dtype=object)
    numbers = band_numbers(pd.to_numeric(ages, errors="coerce").to_numpy(dtype=float, na_value=np.nan))
    return pd.Series(names[numbers], index=ages.index, name="age_band", dtype="str")


def limits(band: str) -> tuple[int, int]:
    """First and last whole year of a band; the open band ends at `TOP_AGE`. Raises ValueError for another name."""
    number = BANDS.index(band)
    return EDGES[number], (EDGES[number + 1] - 1 if number + 1 < len(EDGES) else TOP_AGE)
