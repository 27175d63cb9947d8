"""The phantom's patients, and the bias that MedSynth has to find and mend.

Known exactly (the shares are quotas, not chances):

* 70 % of the patients are men.
* The cohort is old: 9 % under 18, 13 % 18 to 39, 30 % 40 to 64, 32 % 65 to 79, 16 % 80 or older.
* Ethnicity: 62 % White, 23 % Asian, 15 % Black, independent of age and sex. It leaves no trace in the images.
* Effusion: 32 % of the men and 14 % of the women, a little more with age. Nodule: 10 % under 40, 24 % from 40 on.
* Systolic blood pressure rises by half a millimetre a year, and by 6 in smokers; 30 % of the men and 18 % of the women
  from 18 on smoke.
* Not recorded: blood pressure in 4 %, smoking in 3 %, ethnicity in 2 %, sex and age in 0.5 % each.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

SEXES = {"F": 0.30, "M": 0.70}
AGES = {(1, 17): 0.09, (18, 39): 0.13, (40, 64): 0.30, (65, 79): 0.32, (80, 94): 0.16}
ETHNICITIES = {"White": 0.62, "Asian": 0.23, "Black": 0.15}
EFFUSION = {"F": 0.14, "M": 0.32}
NODULE_YOUNG, NODULE_OLD = 0.10, 0.24
MISSING = {"systolic_bp": 0.04, "smoker": 0.03, "ethnicity": 0.02, "sex": 0.005, "age": 0.005}
STUDY_YEAR = date(2023, 1, 1)

FEMALE_NAMES = ["Ada", "Amina", "Beatriz", "Chiara", "Dorothea", "Elif", "Fatima", "Grace", "Hanna", "Ines", "Johanna"]
FEMALE_NAMES += ["Keiko", "Leila", "Mei", "Nora", "Priya"]
MALE_NAMES = ["Adam", "Bilal", "Carlos", "Daniel", "Emeka", "Farid", "Georg", "Henrik", "Ivan", "Jonas", "Kofi"]
MALE_NAMES += ["Liang", "Marco", "Nikhil", "Oskar", "Paulo"]
FAMILY_NAMES = ["Abara", "Brandt", "Castellano", "Dvorak", "Eriksen", "Fontaine", "Ghorbani", "Hoffmann", "Ibrahim"]
FAMILY_NAMES += ["Jansen", "Kowalski", "Lindqvist", "Mbeki", "Nakamura", "Okafor", "Petrov", "Quiroga", "Rahman"]
FAMILY_NAMES += ["Silva", "Takahashi", "Ueda", "Vasquez", "Weber", "Xu", "Yilmaz", "Zhang"]


def invent(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """`n` patients, one row each, complete (nothing missing yet): who they are, what they have, and their names."""
    sex, (low, high), ethnicity = _quotas(n, rng)
    age = low + np.floor((high - low + 1) * rng.random(n)).astype(int)
    male = sex == "M"
    effusion = rng.random(n) < np.where(male, EFFUSION["M"], EFFUSION["F"]) * (0.8 + 0.2 * age / 55)
    nodule = ~effusion & (rng.random(n) < np.where(age < 40, NODULE_YOUNG, NODULE_OLD))
    smoker = (age >= 18) & (rng.random(n) < np.where(male, 0.30, 0.18))
    pressure = np.round(98 + 0.5 * age + 6 * smoker + rng.normal(0, 10, n)).astype(int)
    given = np.where(male, rng.choice(MALE_NAMES, n), rng.choice(FEMALE_NAMES, n))
    family = rng.choice(FAMILY_NAMES, n)
    seen = [STUDY_YEAR + timedelta(days=int(day)) for day in rng.integers(0, 365, n)]
    born = [
        day - timedelta(days=int(years * 365.25 + extra))
        for day, years, extra in zip(seen, age, rng.integers(1, 364, n), strict=True)
    ]
    return pd.DataFrame(
        {
            "patient_name": [f"{last}, {first}" for last, first in zip(family, given, strict=True)],
            "mrn": rng.choice(np.arange(10_000_000, 99_999_999), n, replace=False),
            "birth_date": [day.isoformat() for day in born],
            "age": age,
            "sex": sex,
            "ethnicity": ethnicity,
            "finding": np.select([effusion, nodule], ["effusion", "nodule"], "healthy"),
            "systolic_bp": pressure,
            "smoker": np.where(smoker, "yes", "no"),
            "note": _notes(given, family, seen, rng),
        }
    )


def forget(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The table with the values that a clinic forgets to record left empty."""
    table = table.astype(object)
    for column, share in MISSING.items():
        table.loc[rng.random(len(table)) < share, column] = None
    return table


def _quotas(n: int, rng: np.random.Generator) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Sex, limits of the age band, and ethnicity of each patient, in the exact shares of every combination."""
    cells = [(sex, band, group) for sex in SEXES for band in AGES for group in ETHNICITIES]
    exact = np.array([SEXES[sex] * AGES[band] * ETHNICITIES[group] for sex, band, group in cells]) * n
    counts = np.floor(exact).astype(int)
    counts[np.argsort(counts - exact, kind="stable")[: n - counts.sum()]] += 1
    who = rng.permutation(np.repeat(np.arange(len(cells)), counts))
    limits = np.array([cells[cell][1] for cell in who]).reshape(-1, 2)
    sexes, groups = (np.array([cells[cell][part] for cell in who], dtype=object) for part in (0, 2))
    return sexes, (limits[:, 0], limits[:, 1]), groups


def _notes(given: np.ndarray, family: np.ndarray, seen: list[date], rng: np.random.Generator) -> list[str]:
    """Free text as clinics write it: with names, dates and telephone numbers in it."""
    doctors = rng.choice(FAMILY_NAMES, len(given))
    lines = rng.integers(1000, 9999, len(given))
    return [
        f"{first} {last} seen on {day.isoformat()} by Dr. {doctor}, call back 555-010-{line}"
        for first, last, day, doctor, line in zip(given, family, seen, doctors, lines, strict=True)
    ]
