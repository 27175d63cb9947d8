"""Real patients in the place of synthetic ones: `python benchmarks/halves.py`. Writes results/halves.json.

Each set of real data is split by patient into training (half), held-out and "synthetic" (a quarter each). Nothing can
be better than that: fidelity must read near 1, utility near its ceiling, and hardly any group may be flagged. Then the
same "synthetic" quarter is drawn with a bias (few women, few of the old), which must be flagged.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from medsynth_engine.evidence.document import document  # noqa: E402
from medsynth_engine.evidence.inputs import Inputs  # noqa: E402

DATA = Path(os.environ.get("MEDSYNTH_TEST_DATA", ROOT / "../shared/data")).resolve()
RESULTS = ROOT / "benchmarks" / "results" / "halves.json"
SIDE, MOST = 64, 3_000
ROLES = ("age", "sex", "ethnicity", "finding")
COLUMNS: dict[str, tuple[str, ...]] = {
    "mri_lgg_a": ("tumour_pixels", "brain_fraction", "histology", "grade", "laterality_code"),
    "skin_ham10000": ("dx_type", "localization"),
    "cxr_covid": ("view", "survival", "intubated", "temperature"),
    "tab_diabetes130": ("time_in_hospital", "num_lab_procedures", "num_medications", "insulin", "readmitted"),
}
"""The columns beside age, sex, ethnicity and finding that rows are compared by."""
SHOWN = (
    *("fidelity.fd_ratio", "fidelity.encoder.fd_ratio", "fidelity.coverage", "fidelity.encoder.coverage"),
    *("fidelity.rows.pairwise", "fidelity.rows.detection_auc", "utility.tstr_auc", "utility.tsrtr_auc"),
    *("utility.rows.tstr_auc", "bias.tvd.sex", "bias.tvd.age_band", "bias.age_wasserstein"),
)
FEW = 0.25
"""What is left of the women, and of the people over 60, in the biased quarter: whole patients."""


def table_of(name: str) -> pd.DataFrame:
    """At most MOST records with `patient`, the columns of ROLES, and where there are images `filename`."""
    if name == "tab_diabetes130":
        table = pd.read_csv(DATA / name / "diabetes130_14k_patients.csv", na_values="?", low_memory=False)
        renamed = {"patient_nbr": "patient", "race": "ethnicity", "gender": "sex"}
        table = table.rename(columns=renamed).assign(age=table["age"].str.extract(r"\[(\d+)")[0].astype(float) + 5)
        table["finding"] = table["diag_1"].fillna("").astype(str).str.split(".").str[0].map(_chapter)
    else:
        table = pd.read_csv(DATA / name / "metadata.csv").drop_duplicates("filename")
        table = table.rename(columns={"patient_id": "patient", "lesion_id": "patient"})
        if "modality" in table:
            table = table[table["modality"] == "X-ray"]
        table = table[[(DATA / name / "images" / file).exists() for file in table["filename"]]]
    people = pd.Series(table["patient"].unique()).sample(frac=1, random_state=0)
    order = table["patient"].map({patient: place for place, patient in enumerate(people)})
    return table.iloc[np.argsort(order.to_numpy(), kind="stable")[:MOST]].reset_index(drop=True)


def _chapter(code: str) -> str:
    """Chapters of ICD-9 that the set's authors use (Strack et al. 2014, table 2)."""
    if not code.isdigit():
        return "other"
    number = int(code)
    chapters = {"circulatory": (390, 459), "respiratory": (460, 519), "digestive": (520, 579), "injury": (800, 999)}
    found = [name for name, (first, last) in chapters.items() if first <= number <= last]
    return found[0] if found else "diabetes" if number == 250 else "other"


def images_of(name: str, table: pd.DataFrame) -> np.ndarray | None:
    """uint8 (n, SIDE, SIDE) or (n, SIDE, SIDE, 3); None of a table alone."""
    if "filename" not in table:
        return None
    mode = "RGB" if name.startswith("skin") else "L"
    images = []
    for file in table["filename"]:
        with Image.open(DATA / name / "images" / file) as image:
            images.append(np.asarray(image.convert(mode).resize((SIDE, SIDE), Image.Resampling.BILINEAR)))
    return np.stack(images)


def judged(name: str, biased: bool, seed: int = 0) -> dict[str, Any]:
    """The document of the evaluation of a quarter of the patients as if they were synthetic."""
    table = table_of(name)
    images, rng = images_of(name, table), np.random.default_rng(seed)
    patients = pd.factorize(table["patient"])[0]
    place = rng.permutation(patients.max() + 1)[patients] / (patients.max() + 1)
    folds = [place < 0.5, (place >= 0.5) & (place < 0.75), place >= 0.75]
    if biased:
        women = table["sex"].astype(str).str.upper().str[0].eq("F").to_numpy()
        chance = np.where(women, FEW, 1.0) * np.where(table["age"] > 60, FEW, 1.0)
        folds[2] &= (rng.random(patients.max() + 1)[patients]) < chance
    kinds = {"age": "number", **dict.fromkeys(ROLES[1:], "category")}
    roles = [column for column in ROLES if column in table and table[column].notna().any()]
    entries = [{"name": column, "role": column, "kind": kinds[column]} for column in roles]
    for column in COLUMNS[name]:
        kind = "number" if pd.api.types.is_numeric_dtype(table[column]) else "category"
        entries.append({"name": column, "role": "column", "kind": kind})
    tables = [table[fold].reset_index(drop=True) for fold in folds]
    stacks = [None if images is None else images[fold] for fold in folds]
    return document(Inputs(*tables, {"columns": entries}, *stacks, seed=seed), lambda *_: None, lambda: True)


def short(found: dict[str, Any]) -> dict[str, Any]:
    """The figures that tell, and every group that is flagged."""
    values = {value["name"]: value for value in found["evidence"]}
    shown = {
        name: [None if values[name][key] is None else round(values[name][key], 3) for key in NUMBERS]
        for name in SHOWN
        if name in values
    }
    rows = [(table["attribute"], row) for table in found["bias"] for row in table["rows"]]
    return {
        "records": {fold: size["records"] for fold, size in found["sizes"].items()},
        "patients": {fold: size["patients"] for fold, size in found["sizes"].items()},
        "value_low_high_control": shown,
        "flagged": [f"{attribute}={row['value']} {row['flag']}" for attribute, row in rows if _off(row)],
        "not_flagged": sum(not _off(row) for _, row in rows),
        "cells_that_differ": sum(sum(line) for each in found["heatmap"] for line in each["flag"]),
    }


NUMBERS = ("value", "low", "high", "control")


def _off(row: dict[str, Any]) -> bool:
    return row["flag"] in ("amber", "red")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="*", default=list(COLUMNS))
    arguments = parser.parse_args()
    if not DATA.is_dir():
        sys.exit("The real data is missing: set MEDSYNTH_TEST_DATA.")
    torch.set_num_threads(1)
    results = {}
    for name in arguments.data:
        results[name] = {kind: short(judged(name, kind == "biased")) for kind in ("fair", "biased")}
        print(name, json.dumps(results[name]), flush=True)
    RESULTS.write_text(json.dumps({"at": time.strftime("%Y-%m-%d"), "results": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
