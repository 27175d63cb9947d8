"""Training, validation and holdout: by patient and duplicate group, a keyed hash, so that nothing ever moves.

Stratified all the same: of 512 keyed splits the one that spreads the findings best is taken when a dataset is made. Its
number (the salt) is kept with the dataset, and every later record is placed by the same salt.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

HOLDOUT = 0.30
VALIDATION = 0.10
FOLDS = ("training", "validation", "holdout")
SHARES = np.array([1 - HOLDOUT - VALIDATION, VALIDATION, HOLDOUT])
SALTS = 512
MANY_GROUPS = 20_000
ENOUGH_PATIENTS = 100
"""Fewer holdout patients carry few conclusions: the report says so."""


def draw(uniforms: np.ndarray, salt: int) -> np.ndarray:
    """Fold numbers (0 training, 1 validation, 2 holdout) of groups, from 64 keyed bits each and the salt.

    The bits are mixed with the salt by splitmix64 (Steele, Lea and Flood 2014).
    """
    with np.errstate(over="ignore"):
        state = uniforms.astype(np.uint64) + np.uint64(salt + 1) * np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    share = (state >> np.uint64(11)).astype(np.float64) / 2.0**53
    return np.where(share < HOLDOUT, 2, np.where(share < HOLDOUT + VALIDATION, 1, 0)).astype(np.int8)


def choose_salt(uniforms: np.ndarray, group: np.ndarray, strata: pd.Series) -> int:
    """The salt whose folds are nearest to 60, 10 and 30 % of the groups, of the records, and of every stratum.

    uniforms  uint64 (g,), one a group; group int (n,), the group of each record; strata (n,) text, the finding.
    Fewer salts are tried where there are many groups: chance alone then spreads them well.
    """
    codes = pd.factorize(strata.fillna("").to_numpy(dtype=object), sort=True)[0]  # no order of records decides
    levels = int(codes.max()) + 1 if len(codes) else 1
    table = np.zeros((len(uniforms), levels + 2))
    np.add.at(table, (group, codes), 1.0)
    present = table[:, :levels] > 0  # groups, not records, carry a stratum: one patient may have hundreds of slices
    table[:, :levels] = present
    table[:, levels] = 1.0
    table[:, levels + 1] = np.bincount(group, minlength=len(uniforms))
    totals = table.sum(axis=0)
    counted = totals > 0
    wanted = SHARES[:, None] * totals[counted]
    tries = SALTS if len(uniforms) < MANY_GROUPS else 16
    best, best_miss = 0, np.inf
    for salt in range(tries):
        fold = draw(uniforms, salt)
        got = np.stack([table[fold == number][:, counted].sum(axis=0) for number in range(3)])
        miss = float((((got - wanted) ** 2) / (wanted + 1)).sum())  # chi-square, softened for tiny strata
        if miss < best_miss:
            best, best_miss = salt, miss
    return best
