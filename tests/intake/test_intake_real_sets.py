"""The real sets, taken in whole or in part: what comes out is what the sets' own notes say is in them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from intake_pieces import KEY
from PIL import Image

from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.intake.options import Limits, Options
from medsynth_engine.intake.pseudonym import patient_of
from medsynth_engine.intake.tables.describe import describe
from medsynth_engine.intake.tables.roles import find_roles
from medsynth_engine.intake.tables.table import parse_table


def counts_add_up(document: dict) -> bool:
    return document["accepted"] + document["quarantined"] + document["rejected"] == document["submitted"]


def test_dermoscopy_is_taken_with_its_lesions_kept_together(skin: Path, take: Callable) -> None:
    document, folder = take(skin / "images", metadata=skin / "metadata.csv")
    assert document["submitted"] == document["accepted"] == 120
    assert document["columns"]["group"] == "lesion_id"
    assert document["patients"] == 60
    assert not document["patients_known"]
    records = Dataset(folder).records()
    assert (records.groupby("patient")["fold"].nunique() == 1).all()
    assert set(records["sex"].dropna()) <= {"F", "M"}
    assert "HAM_" not in records.to_csv()
    original = np.asarray(Image.open(next(iter(sorted((skin / "images").iterdir())))))
    stored = [np.asarray(Image.open(path)) for path in (folder / "images").iterdir()]
    assert any(np.array_equal(original, picture) for picture in stored)


def test_brain_slices_keep_patients_apart_though_slices_look_alike(brains: Path, take: Callable) -> None:
    document, folder = take(brains)
    records = Dataset(folder).records()
    assert document["patients"] == 55
    assert document["patients_known"]
    assert records["group"].nunique() >= 52
    assert (records.groupby("group")["fold"].nunique() == 1).all()
    assert document["dropped_columns"].keys() == {"institution", "scan_date"}
    schema = {column["name"]: column for column in Dataset(folder).schema()["columns"]}
    assert schema["ethnicity"]["per"] == schema["age"]["per"] == "patient"
    assert schema["slice"]["per"] == "record"
    assert any("holdout has" in warning for warning in document["warnings"])


def test_chest_x_rays_lose_free_text_dates_and_places_and_are_counted(data_folder: Path, take: Callable) -> None:
    source = data_folder / "cxr_covid"
    document, folder = take(source / "images", metadata=source / "metadata.csv")
    assert counts_add_up(document)
    assert document["accepted"] == 612
    kinds = document["identifiers_removed"]
    assert {"free_text", "dates", "geography", "urls", "record_numbers", "file_names"} <= kinds.keys()
    records = Dataset(folder).records()
    finding = next(column for column in Dataset(folder).schema()["columns"] if column["name"] == "finding")
    assert finding["kind"] == "multi"
    assert {"COVID-19", "ARDS"} <= set(finding["values"])
    assert "todo" not in finding["values"]
    assert records["finding"].str.contains("|", regex=False).any()
    assert records["age"].max() <= 90
    # The same person is in the table under two ids, with five pictures listed under both.
    assert any("5 files are named by several rows" in warning for warning in document["warnings"])
    assert (records.groupby("patient")["group"].nunique() == 1).all()
    assert (records.groupby("group")["fold"].nunique() == 1).all()


def test_rows_are_chosen_before_anything_is_decoded(skin: Path, look: Callable) -> None:
    table = pd.read_csv(skin / "metadata.csv", dtype=str, keep_default_na=False)
    chosen = int(((table["localization"] == "back") & table["sex"].isin(["male", "female"])).sum())
    document = look(skin, where={"localization": "Back", "sex": ("male", "female")})
    assert document["submitted"] == document["accepted"] == chosen
    assert document["unmatched_rows"] == 0
    assert any("--where" in warning for warning in document["warnings"])


def test_an_npz_keeps_its_official_split_and_its_pixels(data_folder: Path, tmp_path: Path, take: Callable) -> None:
    whole = np.load(data_folder / "medmnist_pneumonia" / "pneumoniamnist.npz")
    arrays = {key: whole[key][::8] for key in whole.files}
    path = tmp_path / "pneumoniamnist.npz"
    np.savez_compressed(path, **arrays)
    document, folder = take(path)
    assert (document["train"], document["validation"], document["holdout"]) == (589, 66, 78)
    dataset = Dataset(folder)
    records = dataset.records()
    holdout = records[records["fold"] == "holdout"]
    assert (holdout["finding"] == "pneumonia").sum() == int((arrays["test_labels"] == 1).sum())
    images = dataset.images(holdout, 28)
    assert images.shape == (78, 28, 28, 1)
    expected = sorted(image.tobytes() for image in arrays["test_images"])
    assert sorted(image.tobytes() for image in images[..., 0]) == expected


def test_hospital_stays_are_rows_grouped_by_patient(data_folder: Path, take: Callable) -> None:
    document, folder = take(data_folder / "tab_diabetes130" / "diabetes130_14k_patients.csv")
    assert document["submitted"] == document["accepted"] == 19_910
    assert document["patients"] == 14_000
    assert document["columns"] == {"patient": "patient_nbr", "age": "age", "sex": "gender", "ethnicity": "race"}
    assert "encounter_id" in document["dropped_columns"]
    dataset = Dataset(folder)
    records, schema = dataset.records(), dataset.schema()
    assert schema["image"] is None
    columns = {column["name"]: column for column in schema["columns"]}
    assert columns["age_band"]["role"] == "age"
    assert columns["diag_1"]["kind"] == "category"
    people = records.groupby("diag_1")["patient"].nunique()
    assert (people.drop("other") >= 11).all()
    assert records["ethnicity"].isna().sum() > 0
    assert (records.groupby("patient")["fold"].nunique() == 1).all()


@pytest.mark.parametrize(
    ("name", "rows", "finds"),
    [
        ("tab_heart/heart_failure_clinical_records_dataset.csv", 299, {"age", "sex"}),
        ("tab_heart/processed.cleveland.data", 303, {"age", "sex"}),
        ("tab_seer_breast/Breast_Cancer.csv", 4024, {"age", "ethnicity"}),
    ],
)
def test_small_tables_are_read(data_folder: Path, take: Callable, name: str, rows: int, finds: set[str]) -> None:
    document, folder = take(data_folder / name)
    assert document["accepted"] == rows
    assert set(document["columns"]) == finds
    records = pd.read_parquet(folder / "records.parquet")
    shares = records["fold"].value_counts(normalize=True)
    assert abs(shares["holdout"] - 0.3) < 0.02
    assert abs(shares["validation"] - 0.1) < 0.02


def test_the_tables_that_come_with_real_sets_say_what_was_read_and_show_nobody(data_folder: Path) -> None:
    """Every table of the data folder: each raw value of a dropped column is in nothing that is shown."""
    for path in sorted([*data_folder.glob("*/*.csv"), *data_folder.glob("*/*.data")]):
        frame = parse_table(path.read_bytes(), Limits()).frame
        described = describe(frame, find_roles(frame, Options(), None))
        shown = json.dumps([described.value_maps, described.unreadable, described.roles, described.warnings])
        for name, kind in described.identifying.items():
            if kind in ("other_identifiers", "record_numbers", "names", "dates", "file_names"):
                words = {word for word in frame[name].unique() if len(word) >= 6}
                assert not any(f'"{word}"' in shown for word in words), (path.name, kind)
        assert all(len(read) <= 200 for read in described.value_maps.values())
        assert all(column.series.notna().any() for column in described.typed), path.name


def test_two_ids_of_one_person_stay_in_one_fold_and_a_changing_sex_is_said(data_folder: Path, take: Callable) -> None:
    source = data_folder / "cxr_covid"
    document, folder = take(source / "images", metadata=source / "metadata.csv")
    records = Dataset(folder).records()
    for pair in (("285", "339"), ("287", "340")):
        found = records[records["patient"].isin([patient_of(KEY, identifier) for identifier in pair])]
        assert len(found) > 0
        assert found["group"].nunique() == found["fold"].nunique() == 1
    assert any("more than one sex" in warning for warning in document["warnings"])
    assert document["value_maps"]["survival"] == {"Y": "true", "N": "false"}
    assert not document["unmatched_rows"]
