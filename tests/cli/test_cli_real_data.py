"""The commands of the main job on real public data, on a fresh store, each with the exit code of DESIGN.

Short budgets: this shows that the commands hold together on real input, not how good a generator becomes.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cli_people import Hospital
from PIL import Image

pytestmark = pytest.mark.slow
WAY = pytest.mark.whole("test_cli_main_job.py goes the same way with drawn pictures, which are read in seconds")


def there(data_folder: Path, *parts: str) -> Path:
    path = data_folder.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{parts[0]} is not here")
    return path


def add(hospital: Hospital, name: str, source: Path, *words: str | Path) -> Any:
    document = hospital.alice.gets("datasets", "add", name, source, *words)
    assert document["accepted"] + document["quarantined"] + document["rejected"] == document["submitted"]
    return document


def leave_unread(hospital: Hospital, name: str) -> None:
    """End the text check that follows an intake: thousands of pictures take hours."""
    for job in hospital.alice.gets("jobs", "list"):
        if job["kind"] == "check_text" and job["subject"] == f"dataset:{name}":
            hospital.alice.gets("jobs", "cancel", job["job"])


def test_chest_radiographs_with_their_table(hospital: Hospital, data_folder: Path) -> None:
    folder = there(data_folder, "cxr_covid")
    document = add(hospital, "cxr", folder / "images", "--metadata", folder / "metadata.csv")
    assert document["submitted"] == sum(1 for path in (folder / "images").iterdir() if path.is_file())
    leave_unread(hospital, "cxr")
    assert document["accepted"] > 0.8 * document["submitted"]
    assert document["identifiers_removed"]


@pytest.mark.whole("minutes of decoding; other real sets are taken in whole")
def test_ten_thousand_skin_lesions(hospital: Hospital, data_folder: Path) -> None:
    folder = there(data_folder, "skin_ham10000")
    document = add(hospital, "skin", folder / "images", "--metadata", folder / "metadata.csv")
    leave_unread(hospital, "skin")
    assert document["submitted"] == 10_015


def test_an_npz_of_medmnist_keeps_its_splits(hospital: Hospital, data_folder: Path) -> None:
    file = there(data_folder, "medmnist_pneumonia", "pneumoniamnist.npz")
    document = add(hospital, "pneumonia", file)
    with np.load(file) as arrays:
        assert document["submitted"] == sum(len(arrays[f"{fold}_images"]) for fold in ("train", "val", "test"))
        assert document["holdout"] <= len(arrays["test_images"])


def test_a_table_alone_becomes_a_dataset_and_a_cohort_of_rows(hospital: Hospital, data_folder: Path) -> None:
    add(hospital, "diabetes", there(data_folder, "tab_diabetes130", "diabetes130_14k_patients.csv"))
    drawn = hospital.alice.gets("generate", "rows", "--dataset", "diabetes", "-n", "200")
    table = pd.read_csv(Path(drawn["path"]) / "metadata.csv")
    assert len(table) == 200
    refused = hospital.alice.asks("train", "diabetes")
    assert (refused.code, refused.document["error"]["code"]) == (4, "no_images")


@pytest.fixture(scope="module")
def lgg(hospital: Hospital, data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Every sixteenth slice."""
    folder, table = there(data_folder, "mri_lgg_a"), tmp_path_factory.mktemp("lgg") / "eighth.csv"
    pd.read_csv(folder / "metadata.csv", dtype=str, keep_default_na=False).iloc[::16].to_csv(table, index=False)
    images = tmp_path_factory.mktemp("lgg-images")
    for name in pd.read_csv(table)["filename"]:
        shutil.copy(folder / "images" / name, images / name)
    return add(hospital, "lgg", images, "--metadata", table, "--columns", "ethnicity=ethnicity")


@pytest.fixture(scope="module")
def run(hospital: Hospital, lgg: Any) -> Any:
    """Of slices that are read for burned-in text to the end."""
    deadline = time.monotonic() + 900
    while hospital.alice.gets("datasets", "show", "lgg")["text"]["state"] == "waiting":
        assert time.monotonic() < deadline
        time.sleep(2)
    return hospital.alice.gets("train", "lgg", "--name", "lgg-run", "--preset", "nano32", "--minutes", "0.2", "--wait")


def test_brain_slices_are_split_by_patient(hospital: Hospital, lgg: Any, share: float) -> None:
    if share < 1:  # nobody trains on them
        leave_unread(hospital, "lgg")
    assert lgg["patients"] == 55
    assert lgg["train"] + lgg["validation"] + lgg["holdout"] == lgg["accepted"]


@WAY
def test_a_real_cohort_is_drawn_balanced_and_small_cells_are_refused(hospital: Hospital, run: Any) -> None:
    assert run["state"] == "finished"
    drawn = hospital.alice.gets("generate", "c1", "--run", "lgg-run", "-n", "500", "--balance", "sex")
    table = pd.read_csv(Path(drawn["path"]) / "metadata.csv")
    assert table["sex"].value_counts().to_dict() == {"F": 250, "M": 250}
    wish = ("generate", "c2", "--run", "lgg-run", "-n", "100", "--balance", "ethnicity")
    refused = hospital.alice.asks(*wish)
    assert (refused.code, refused.document["error"]["code"]) == (4, "small_cells")
    assert "Black" in refused.document["error"]["hint"]  # five patients
    assert hospital.alice.gets(*wish, "--small-cells", "broaden")["mergers"]


@WAY
def test_a_real_cohort_goes_through_the_gate_only_when_signed(hospital: Hospital, run: Any) -> None:
    evaluation = hospital.alice.gets("evaluate", "c1")
    assert evaluation["evidence"] and evaluation["gauge"]
    assert hospital.alice.asks("export", "c1", "--audience", "internal").code == 5
    hospital.alice.gets("pia", "draft", "c1", "--audience", "internal")
    hospital.alice.gets("pia", "submit", "c1")
    hospital.auditor.gets("pia", "opinion", "c1", "--concur")
    hospital.admin.gets("pia", "approve", "c1")
    released = Path(hospital.alice.gets("export", "c1", "--audience", "internal")["path"])
    table = pd.read_csv(released / "metadata.csv")
    assert len(table) == 500
    with Image.open(released / table["file_name"][0]) as picture:
        assert picture.size == (32, 32)
    assert hospital.auditor.gets("audit", "verify")["ok"]
