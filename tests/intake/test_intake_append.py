"""A new version keeps every earlier record as it was, in its fold, and takes the new ones in beside them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from intake_pieces import KEY, always, photograph, quiet
from PIL import Image

from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.intake.identified import reviewed
from medsynth_engine.intake.options import Options
from medsynth_engine.intake.take_in import take_in
from medsynth_engine.kernel.errors import BadInput

FIXED = ["record", "patient", "group", "fold", "file", "pixels"]


def add(source: Path, earlier: Path, target: Path) -> dict:
    return take_in(source, Options.of("set", append=True), target, KEY, quiet, always, earlier)


def part(brains: Path, folder: Path, keep: Callable[[int], bool]) -> Path:
    """A folder with some of the rows and their pictures."""
    table = pd.read_csv(brains / "metadata.csv", dtype=str, keep_default_na=False)
    table = table[[keep(number) for number in range(len(table))]]
    (folder / "images").mkdir(parents=True)
    for name in table["filename"]:
        shutil.copy(brains / "images" / name, folder / "images" / name)
    table.to_csv(folder / "metadata.csv", index=False)
    return folder


def test_earlier_records_stay_and_known_patients_keep_their_fold(brains: Path, tmp_path: Path, take: Callable) -> None:
    first = part(brains, tmp_path / "first", lambda number: number % 2 == 0)
    second = part(brains, tmp_path / "second", lambda number: number % 2 == 1)
    one, folder = take(first)
    before = Dataset(folder).digest()
    document = add(second, folder, tmp_path / "v2")
    assert Dataset(folder).digest() == before
    old, new = Dataset(folder).records(), Dataset(tmp_path / "v2").records()
    kept = new[new["record"].isin(old["record"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept[FIXED], old[FIXED])
    assert len(new) == one["accepted"] + document["accepted"]
    assert document["patients"] == new["patient"].nunique() == 55
    assert (new.groupby("patient")["fold"].nunique() == 1).all()
    assert (new.groupby("group")["fold"].nunique() == 1).all()
    assert {f"images/{path.name}" for path in (tmp_path / "v2" / "images").iterdir()} == set(new["file"])
    assert Dataset(tmp_path / "v2").images(new, 16).shape == (len(new), 16, 16, 1)
    assert Dataset(tmp_path / "v2").schema()["columns"]


def test_what_is_there_already_is_not_taken_twice(brains: Path, tmp_path: Path, take: Callable) -> None:
    first = part(brains, tmp_path / "first", lambda number: number < 60)
    more = part(brains, tmp_path / "more", lambda number: number < 80)
    _, folder = take(first)
    document = add(more, folder, tmp_path / "v2")
    assert (document["submitted"], document["accepted"]) == (80, 20)
    assert document["reasons"] == {"already_there": 60}
    with pytest.raises(BadInput):
        add(first, folder, tmp_path / "v3")
    assert not (tmp_path / "v3").exists()


def test_a_record_that_would_tie_two_folds_is_left_out(tmp_path: Path, take: Callable) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    rows = []
    for number in range(60):
        Image.fromarray(photograph(number, (64, 64))).save(first / f"{number}.png")
        rows.append(f"{number}.png,P{number:04d}")
    (first / "metadata.csv").write_text("filename,patient_id\n" + "\n".join(rows))
    _, folder = take(first)
    old = Dataset(folder).records()
    place = {fold: next(iter(old.loc[old["fold"] == fold, "patient"])) for fold in ("training", "holdout")}
    names = {f"P{number:04d}": number for number in range(60)}
    from medsynth_engine.intake.pseudonym import patient_of

    person = {patient_of(KEY, name): name for name in names}
    trained, held = person[place["training"]], person[place["holdout"]]
    # A copy of the training patient's picture under the holdout patient's id, and a picture of a new patient.
    shutil.copy(first / f"{names[trained]}.png", second / "tie.png")
    Image.fromarray(photograph(99, (64, 64))).save(second / "new.png")
    (second / "metadata.csv").write_text(f"filename,patient_id\ntie.png,{held}\nnew.png,P0999\n")
    document = add(second, folder, tmp_path / "v2")
    assert document["reasons"] == {"joins_folds": 1}
    assert document["accepted"] == 1
    assert len(Dataset(tmp_path / "v2").records()) == 61


def test_columns_of_both_are_kept_and_kinds_that_differ_are_joined(tmp_path: Path, take: Callable) -> None:
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    one.write_text("patient_id,age,dose,stage\n" + "".join(f"P{n},{30 + n},{n % 30},I\n" for n in range(60)))
    other.write_text(
        "patient_id,age,dose,smoker\n"
        + "".join(f"P{n},{30 + n % 50},{n % 30}.5,{'yes' if n % 3 else 'no'}\n" for n in range(50, 90))
    )
    _, folder = take(one)
    document = add(other, folder, tmp_path / "v2")
    dataset = Dataset(tmp_path / "v2")
    kinds = {column["name"]: column["kind"] for column in dataset.schema()["columns"]}
    assert kinds == {"age": "number", "dose": "number", "stage": "category", "smoker": "boolean"}
    records = dataset.records()
    assert document["patients"] == 90
    assert len(records) == 100
    assert (records.groupby("patient")["fold"].nunique() == 1).all()
    assert np.isclose(records["dose"].dropna().max(), 29.5)
    assert records["smoker"].isna().sum() == 60


def stacks(folder: Path, ids: list[str], pages: tuple[int, ...]) -> Path:
    """Pictures of patients whom a table names, and files of several pages of patients whom nobody names."""
    folder.mkdir()
    seed = sum(map(ord, folder.name + "".join(ids)))
    names = [f"{one}.png" for one in ids]
    for number, name in enumerate(names):
        Image.fromarray(photograph(seed + number)).save(folder / name)
    for number, count in enumerate(pages):
        first, *more = (Image.fromarray(photograph(seed + 100 * (number + 1) + page)) for page in range(count))
        first.save(folder / f"scan{number}.tif", save_all=True, append_images=more)
    (folder / "t.csv").write_text("filename,patient_id\n" + "".join(f"{one}.png,{one}\n" for one in ids))
    return folder


def test_patients_with_an_id_are_counted_apart_from_files_without_one(tmp_path: Path, take: Callable) -> None:
    def count(document: dict) -> tuple[int, int, int]:
        without = next((one["count"] for one in document["look_at"] if one["code"] == "patients_unknown"), 0)
        return document["patients"], document["patients_with_id"], without

    document, folder = take(stacks(tmp_path / "one", ["A11", "B22", "C33", "D44", "E55", "F66"], (10, 10)))
    assert count(document) == (8, 6, 20)
    assert any(line.startswith("77% of the records have no patient id: each") for line in document["warnings"])
    assert not any("There is no patient id" in line for line in document["warnings"])
    document = add(stacks(tmp_path / "two", ["F66", "G77"], (3,)), folder, tmp_path / "v2")
    assert count(document) == (10, 7, 23)  # F is there already
    assert any(line.startswith("74% of the records") for line in document["warnings"])


def test_after_a_review_patients_with_an_id_are_told_only_where_that_is_known() -> None:
    before = pd.DataFrame({"record": ["r1", "r2", "r3"], "patient": ["p1", "p2", "p2"]})
    some, none, every = ({"patients": 2, "patients_with_id": known} for known in (1, 0, 2))
    assert reviewed(some, before, before) == 1
    assert [reviewed(told, before, before.iloc[1:]) for told in (some, none, every)] == [None, 0, 1]
    assert [reviewed(told, before.iloc[1:], before) for told in (some, none, every)] == [None] * 3
    assert reviewed({"patients": 2}, before, before) is None  # of an earlier version
