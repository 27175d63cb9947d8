"""A table with known dependencies, for all learners."""

from __future__ import annotations

import numpy as np
import pandas as pd

ROLES = {"age": "age", "sex": "sex", "ethnicity": "ethnicity", "finding": "finding"}
DECLARED = {"ethnicity": "White|Asian|Black", "finding": "effusion|healthy", "pressure": "60..260/2"}


def clinic(n: int = 2000, seed: int = 0) -> pd.DataFrame:
    """Pressure rises with age and is missing in the young, effusion is commoner in men, smokers are young."""
    rng = np.random.default_rng(seed)
    age = np.clip(rng.normal(58, 17, n), 3, 97).round()
    sex = rng.choice(["F", "M"], n, p=[0.3, 0.7])
    ethnicity = rng.choice(["White", "Asian", "Black"], n, p=[0.7, 0.2, 0.1])
    finding = np.where(rng.random(n) < np.where(sex == "M", 0.4, 0.1), "effusion", "healthy")
    pressure = np.round((100 + 0.6 * age + rng.normal(0, 8, n)) / 2) * 2
    pressure[rng.random(n) < np.where(age < 40, 0.3, 0.02)] = np.nan
    table = pd.DataFrame({"age": age.astype(int), "sex": sex, "ethnicity": ethnicity, "finding": finding})
    table["pressure"] = pressure
    table["smoker"] = rng.random(n) < np.where(age < 50, 0.5, 0.1)
    return table
