"""Tables of known truth for the tests of evidence: the same population, sampled again and again."""

import numpy as np
import pandas as pd

SCHEMA = {
    "columns": [
        {"name": "age", "role": "age", "kind": "integer"},
        {"name": "sex", "role": "sex", "kind": "category"},
        {"name": "ethnicity", "role": "ethnicity", "kind": "category"},
        {"name": "finding", "role": "finding", "kind": "category"},
        {"name": "pressure", "role": "column", "kind": "number"},
        {"name": "glucose", "role": "column", "kind": "number"},
        {"name": "ward", "role": "column", "kind": "category"},
    ],
    "patients_known": True,
}


def people(n: int, rng: np.random.Generator, prefix: str = "P") -> pd.DataFrame:
    """`n` patients, one record each: older people have the finding and a higher pressure more often."""
    age = rng.integers(0, 95, n)
    sick = rng.random(n) < 0.15 + 0.5 * (age > 60)
    return pd.DataFrame(
        {
            "patient": [f"{prefix}{i}" for i in range(n)],
            "age": age,
            "sex": rng.choice(["F", "M"], n, p=[0.6, 0.4]),
            "ethnicity": rng.choice(["Asian", "Black", "White"], n, p=[0.2, 0.2, 0.6]),
            "finding": np.where(sick, "effusion", "normal"),
            "pressure": np.round(100 + 0.5 * age + 15 * sick + rng.normal(0, 10, n), 1),
            "glucose": np.where(rng.random(n) < 0.1, np.nan, np.round(rng.normal(5, 1, n), 2)),
            "ward": rng.choice([f"ward {i}" for i in range(12)], n),
        }
    )


def folds(
    training: int, holdout: int, synthetic: int, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Three independent samples of one population: nothing has leaked."""
    rng = np.random.default_rng(seed)
    return people(training, rng), people(holdout, rng, "H"), people(synthetic, rng, "S")


def leak(
    training: pd.DataFrame, synthetic: pd.DataFrame, share: float, seed: int = 0, noise: float = 0
) -> pd.DataFrame:
    """`synthetic` with a share of its rows replaced by training rows, with noise on the numbers where asked."""
    rng = np.random.default_rng(seed)
    count = int(share * len(synthetic))
    copied = training.iloc[rng.choice(len(training), count, replace=count > len(training))].copy()
    for name in ("pressure", "glucose"):
        copied[name] = copied[name] + rng.normal(0, noise, count) * training[name].std()
    copied["patient"] = [f"S9{i}" for i in range(count)]
    return pd.concat([synthetic.iloc[count:], copied], ignore_index=True)
