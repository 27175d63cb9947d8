"""The age band beside the age: what is asked for when somebody balances by age."""

from __future__ import annotations

import numpy as np
import pandas as pd

from medsynth_engine.rows.ages import BANDS, EDGES, TOP_AGE, band_numbers, limits

__all__ = ["BANDS", "EDGES", "TOP_AGE", "age_band", "band_numbers", "limits"]


def age_band(ages: pd.Series) -> pd.Series:
    """The name of the band of each age in years, missing where the age is; text column named `age_band`."""
    names = np.array([*BANDS, None], dtype=object)
    numbers = band_numbers(pd.to_numeric(ages, errors="coerce").to_numpy(dtype=float, na_value=np.nan))
    return pd.Series(names[numbers], index=ages.index, name="age_band", dtype="str")
