"""The real tables that rows are measured on, and how an outcome is predicted from one."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("MEDSYNTH_TEST_DATA") or ROOT / "../shared/data").resolve()


@dataclass(frozen=True)
class Task:
    """A real table, who its patients are, what is predicted, and the answer counted as positive.

    declared  what a data dictionary says of each column, for learning under differential privacy
    """

    name: str
    table: pd.DataFrame
    roles: dict[str, str]
    outcome: str
    positive: frozenset[str]
    patients: pd.Series
    held_out: int
    declared: dict[str, str]


def diabetes() -> Task:
    """First stay of each patient, the columns that vary; readmission at any time (Strack et al. 2014)."""
    path = DATA / "tab_diabetes130" / "diabetes130_14k_patients.csv"
    table = pd.read_csv(path, na_values="?", keep_default_na=False, low_memory=False).drop_duplicates("patient_nbr")
    table = table.reset_index(drop=True)
    patients = table["patient_nbr"]
    kept = [
        "race", "gender", "age", "admission_type_id", "discharge_disposition_id", "admission_source_id",
        "time_in_hospital", "medical_specialty", "num_lab_procedures", "num_procedures", "num_medications",
        "number_outpatient", "number_emergency", "number_inpatient", "diag_1", "number_diagnoses", "A1Cresult",
        "insulin", "diabetesMed", "readmitted",
    ]  # fmt: skip
    bounds = {
        "admission_type_id": "1..8", "discharge_disposition_id": "1..30", "admission_source_id": "1..26",
        "time_in_hospital": "1..14", "num_lab_procedures": "1..130", "num_procedures": "0..6",
        "num_medications": "1..80", "number_outpatient": "0..40", "number_emergency": "0..40",
        "number_inpatient": "0..20", "number_diagnoses": "1..16",
    }  # fmt: skip
    roles = {"race": "ethnicity", "gender": "sex", "age": "age", "readmitted": "finding"}
    words = _listed(table[kept], bounds)
    return Task("diabetes130", table[kept], roles, "readmitted", frozenset({"<30", ">30"}), patients, 5000, words)


def breast() -> Task:
    """SEER breast cancer, whether the patient died."""
    table = pd.read_csv(DATA / "tab_seer_breast" / "Breast_Cancer.csv").rename(columns=str.strip)
    table = table.drop_duplicates(ignore_index=True)
    roles = {"Age": "age", "Race": "ethnicity", "Status": "finding"}
    bounds = {
        "Tumor Size": "1..140", "Regional Node Examined": "1..61", "Reginol Node Positive": "1..46",
        "Survival Months": "1..107",
    }  # fmt: skip
    patients = pd.Series(range(len(table)))
    return Task("seer_breast", table, roles, "Status", frozenset({"Dead"}), patients, 1000, _listed(table, bounds))


def heart() -> Task:
    """Cleveland heart disease (Detrano et al. 1989), 303 patients; disease or none."""
    table = pd.read_csv(DATA / "tab_heart" / "processed.cleveland.data", na_values="?")
    table.columns = [
        "age", "sex", "cp", "trestbps", "chol", "fbs", "restecg", "thalach", "exang", "oldpeak", "slope", "ca",
        "thal", "disease",
    ]  # fmt: skip
    table["disease"] = np.where(table["disease"] > 0, "yes", "no")
    for name in ("sex", "cp", "fbs", "restecg", "exang", "slope", "ca", "thal"):
        codes = table[name].map(lambda value: str(int(value)), na_action="ignore")
        table[name] = codes.astype(object)
    roles = {"age": "age", "sex": "sex", "disease": "finding"}
    return Task("heart", table, roles, "disease", frozenset({"yes"}), pd.Series(range(len(table))), 75, {})


def clinic(n: int, seed: int) -> pd.DataFrame:
    """Made up: six columns that few values make, so that equal rows also come by chance."""
    rng = np.random.default_rng(seed)
    age = np.clip(rng.normal(58, 17, n), 3, 89).round()
    sex = rng.choice(["F", "M"], n, p=[0.3, 0.7])
    finding = np.where(rng.random(n) < np.where(sex == "M", 0.4, 0.1), "effusion", "healthy")
    pressure = np.round((100 + 0.6 * age + rng.normal(0, 8, n)) / 2) * 2
    smoker = np.where(rng.random(n) < np.where(age < 45, 0.5, 0.15), "yes", "no")
    ward = rng.choice(["north", "south", "west"], n)
    return pd.DataFrame(
        {"age": age, "sex": sex, "finding": finding, "pressure": pressure, "smoker": smoker, "ward": ward}
    )


def auc(train: pd.DataFrame, test: pd.DataFrame, task: Task, seed: int = 0) -> float:
    """AUC on `test` of gradient boosting trained on `train`. A column without a value in `train` teaches nothing."""
    features = [name for name in test if name != task.outcome]
    words = [name for name in features if not pd.api.types.is_numeric_dtype(test[name])]
    common = {name: test[name].value_counts().index[:60] for name in words}
    frames = [
        frame[features].assign(**{name: frame[name].where(frame[name].isin(common[name])) for name in words})
        for frame in (train, test)
    ]
    told = [name for name in features if frames[0][name].notna().any()]
    words = [name for name in words if name in told]
    numbers = {name: "float64" for name in told if name not in words}  # private rows may leave integers out
    frames = [frame[told].astype(numbers) for frame in frames]
    encode = ColumnTransformer(
        [("words", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), words)],
        remainder="passthrough",
    )
    boosting = HistGradientBoostingClassifier(
        max_iter=80, learning_rate=0.06, max_leaf_nodes=8, early_stopping=False, random_state=seed
    )
    reader = make_pipeline(encode, boosting)
    reader.fit(frames[0], train[task.outcome].isin(task.positive))
    return float(roc_auc_score(test[task.outcome].isin(task.positive), reader.predict_proba(frames[1])[:, 1]))


def _listed(table: pd.DataFrame, bounds: dict[str, str]) -> dict[str, str]:
    """Bounds as the tables' documentation gives them; the words of the other columns stand in for its code lists."""
    words = {
        name: "|".join(sorted({str(value) for value in table[name].dropna()}))
        for name in table
        if name not in bounds and not pd.api.types.is_numeric_dtype(table[name])
    }
    return {**bounds, **words}
