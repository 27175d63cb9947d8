"""A cell of a table as a vocabulary names it. Knows tables and no torch, for who draws rows alone asks it too."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd


def as_value(cell: object) -> str | None:
    """A cell as the text a vocabulary holds: 1.0 and 1 are the same, True is `true`, an empty cell is None."""
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return None
    if isinstance(cell, (bool, np.bool_)):
        return "true" if cell else "false"
    if isinstance(cell, (float, np.floating)):
        if math.isnan(cell):
            return None
        return str(int(cell)) if float(cell).is_integer() else str(float(cell))
    text = str(cell).strip()
    if text.lower() in ("true", "false"):
        return text.lower()
    if text.endswith(".0") and text[:-2].lstrip("-").isdigit():
        return text[:-2]
    return text or None
