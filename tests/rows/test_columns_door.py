"""The kinds of columns a hospital's table has, from the file through intake to the rows that are drawn."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from medsynth_engine.engine import Engine

pytestmark = pytest.mark.slow
LABELS = ("effusion", "nodule", "edema", "mass", "fibrosis", "pneumonia", "hernia")


def visits(patients: int = 400, seed: int = 0) -> pd.DataFrame:
    """One to four visits a patient within two months, each of up to six days; grade follows age, findings grade."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(patients), rng.integers(1, 5, patients))
    n = len(who)
    age, sex, blood = (
        rng.integers(20, 88, patients),
        rng.choice(["F", "M"], patients),
        rng.choice(list("AB0"), patients),
    )
    came = pd.Timestamp("2015-01-01") + pd.to_timedelta(
        rng.integers(0, 1500, patients)[who] + rng.integers(0, 60, n), "D"
    )
    grade = np.clip((age[who] - 20) // 17 + rng.integers(-1, 2, n), 0, 3) + 1
    shown = rng.random((n, len(LABELS))) < 0.2 + 0.25 * (grade == 4)[:, None]
    return pd.DataFrame(
        {
            "patient_id": [f"MRN{100_000 + number}" for number in who],
            "age": age[who],
            "sex": sex[who],
            "blood_group": blood[who],
            "admission_date": came.strftime("%Y-%m-%d"),
            "discharge_date": (came + pd.to_timedelta(rng.integers(1, 7, n), "D")).strftime("%Y-%m-%d"),
            "accession": [f"ACC{number}" for number in rng.choice(10**9, n, replace=False)],
            "grade": grade,
            "finding": ["|".join(np.array(LABELS)[row]) or "none" for row in shown],
            "smoker": rng.choice([True, False], n),
            "report": [
                f"The patient of visit {i} complains of pain since {i % 30} days, was seen and told {i}."
                for i in range(n)
            ],
        }
    )


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> tuple[dict[str, Any], pd.DataFrame]:
    """The schema that was learned, and 3,000 synthetic records."""
    folder = tmp_path_factory.mktemp("columns")
    visits().to_csv(folder / "table.csv", index=False)

    async def way() -> Path:
        engine = Engine(folder / "home")
        await engine.init(development=True)
        (folder / "home" / "data" / "pseudonym.key").write_bytes(bytes(range(32)))  # the same patients are held out
        await engine.login("alice", "password123")
        await engine.finish((await engine.datasets_add("visits", str(folder / "table.csv"), dates="shift"))["job"])
        return Path((await engine.finish((await engine.generate("c", 3000, dataset="visits"))["job"]))["path"])

    cohort = asyncio.run(way())
    schema = json.loads(next((folder / "home" / "data" / "datasets").glob("*/schema.json")).read_text())
    return schema, pd.read_parquet(cohort / "metadata.parquet")


def test_a_patients_columns_are_drawn_once_and_a_records_anew(drawn):
    _, rows = drawn
    of_patients = rows.groupby("patient", sort=False)
    assert (of_patients[["age", "sex", "blood_group"]].nunique() <= 1).all().all()
    several = of_patients.filter(lambda records: len(records) > 1).groupby("patient")
    assert (several[["grade", "finding"]].nunique() > 1).mean().min() > 0.3
    assert of_patients.size().max() <= 4
    assert of_patients.size().mean() == pytest.approx(visits().groupby("patient_id").size().mean(), abs=0.25)


def test_patient_ids_are_new_and_identifiers_and_free_text_are_never_learned(drawn):
    schema, rows = drawn
    names = {column["name"] for column in schema["columns"]}
    assert not names & {"patient_id", "accession", "report"}
    assert not {"patient_id", "accession", "report"} & set(rows)
    text = rows.to_csv()
    assert not any(word in text for word in ("MRN", "ACC", "complains"))
    assert rows["patient"].nunique() > 800


def test_dates_of_a_patient_lie_as_far_apart_as_real_ones(drawn):
    """What a shifted date says is how long after another one it is."""
    _, rows = drawn
    apart = rows.groupby("patient")["admission_date_day"].agg(lambda days: days.max() - days.min())
    real = (
        pd.to_datetime(visits()["admission_date"])
        .groupby(visits()["patient_id"])
        .agg(lambda days: (days.max() - days.min()).days)
    )
    assert apart.max() <= 66
    assert apart.mean() == pytest.approx(real.mean(), abs=6)
    stays = rows["discharge_date_day"] - rows["admission_date_day"]
    assert stays.between(-30, 40).mean() > 0.9, "learned, and in order where a rule says so"
    days = rows.groupby("patient")["admission_date_day"].min()
    assert days.max() - days.min() > 1_000, "the first day itself is spread by the secret shift"


def test_ordinals_keep_their_values_and_their_order_against_age(drawn):
    _, rows = drawn
    grade = rows["grade"].astype(int)
    assert set(grade) == {1, 2, 3, 4}
    by_age = grade.groupby(pd.cut(rows["age"], [0, 40, 60, 90]), observed=True).mean()
    assert by_age.is_monotonic_increasing and by_age.iloc[-1] - by_age.iloc[0] > 1.5


def test_findings_of_many_combinations_keep_each_label_and_what_excludes_what(drawn):
    _, rows = drawn
    real = visits()["finding"].str.get_dummies("|")
    assert rows["finding"].isna().mean() < 0.05, "no real row is without; labels are learned one by one"
    ours = rows["finding"].dropna().str.get_dummies("|")
    assert visits()["finding"].nunique() > 50 and set(ours) == set(real)
    assert np.abs(ours.sum() / len(rows) - real.mean()).max() < 0.06
    assert (ours["none"].astype(bool) & (ours.sum(axis=1) > 1)).mean() < 0.005, "none stands alone"


def test_yes_and_no_stay_yes_and_no(drawn):
    _, rows = drawn
    assert set(rows["smoker"].dropna().unique()) == {True, False}
