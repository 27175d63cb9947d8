"""A cohort from another tool is read as if it were hostile: every trick ends in a sentence, nothing is half taken."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from medsynth_engine.cohort import from_outside
from medsynth_engine.kernel.errors import BadInput

COLUMNS = [
    {"name": "age", "kind": "integer", "role": "age"},
    {"name": "sex", "kind": "category", "role": "sex"},
    {"name": "finding", "kind": "category", "role": "finding"},
]


def folder_with(where: Path, table: str | None, count: int = 3, side: int = 32) -> Path:
    rng = np.random.default_rng(0)
    (where / "images").mkdir(parents=True)
    for number in range(count):
        pixels = rng.integers(0, 255, (side, side), dtype=np.uint8)
        Image.fromarray(pixels).save(where / "images" / f"{number}.png")
    if table is not None:
        (where / "metadata.csv").write_text(table)
    return where


def rows(*lines: str, header: str = "file_name,age,sex,note") -> str:
    return "\n".join([header, *lines]) + "\n"


GOOD = rows("images/0.png,61,F,x", "images/1.png,,M,y", "images/2.png,7,,z")


def read(folder: Path) -> tuple[from_outside.Outside, list[np.ndarray]]:
    found = from_outside.look(folder, COLUMNS)
    return found, list(from_outside.pictures(found.files, lambda *_: None, lambda: True))


def test_known_columns_are_typed_and_others_left_out(tmp_path: Path) -> None:
    found, pictures = read(folder_with(tmp_path / "c", GOOD))
    assert len(found) == 3 and len(pictures) == 3
    assert found.left_out == ("note",)
    assert found.table["patient"].tolist() == ["S000001", "S000002", "S000003"]
    assert found.table["age"].dtype == "Int64" and found.table["age"].fillna(-1).tolist() == [61, -1, 7]
    assert found.table["sex"].tolist()[:2] == ["F", "M"] and found.table["sex"].isna()[2]


def test_patients_keep_their_records_under_new_names(tmp_path: Path) -> None:
    table = rows("images/0.png,Okafor", "images/1.png,Weber", "images/2.png,Okafor", header="file_name,patient")
    found, _ = read(folder_with(tmp_path / "c", table))
    assert found.table["patient"].tolist() == ["S000001", "S000002", "S000001"]


def test_a_record_without_a_patient_is_its_own(tmp_path: Path) -> None:
    table = rows("images/0.png,", "images/1.png,", "images/2.png,Okafor", header="file_name,patient")
    found, _ = read(folder_with(tmp_path / "c", table))
    assert found.table["patient"].nunique() == 3


@pytest.mark.parametrize(("yes", "no"), [("True", "False"), ("TRUE", "FALSE"), ("1", "0"), ("1.0", "0.0"), ("y", "n")])
def test_however_a_real_row_is_spelled_it_is_read_as_the_dataset_has_it(tmp_path: Path, yes: str, no: str) -> None:
    columns = [*COLUMNS, {"name": "smoker", "kind": "boolean"}, {"name": "seen", "kind": "multi"}]
    (tmp_path / "metadata.csv").write_text(
        f"age,sex,smoker,seen,finding\n61.0,f,{yes},Mass|EDEMA,a\n62, F ,{no},other,A\n63,X,,,b\n"
    )
    levels = {"sex": {"F", "M"}, "seen": {"mass", "edema"}, "finding": {"a", "A"}}
    table = from_outside.look(tmp_path, columns, levels).table
    assert table["age"].astype(str).tolist() == ["61", "62", "63"]
    assert table["sex"].tolist() == ["F", "F", "X"]
    assert table["smoker"].dtype == "boolean" and table["smoker"].tolist() == [True, False, pd.NA]
    assert table["seen"].tolist()[:2] == ["mass|edema", "other"]
    assert table["finding"].tolist() == ["a", "A", "b"], "two words of the dataset that differ in case are two"


def test_a_folder_named_like_the_table_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").mkdir()
    with pytest.raises(BadInput) as refused:
        read(tmp_path)
    assert refused.value.code == "no_cohort_there"


def test_an_answer_that_is_neither_yes_nor_no_is_refused(tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_text("smoker\nperhaps\n")
    with pytest.raises(BadInput) as refused:
        from_outside.look(tmp_path, [{"name": "smoker", "kind": "boolean"}])
    assert refused.value.code == "not_yes_or_no"


def test_a_table_alone_and_images_alone_are_cohorts_too(tmp_path: Path) -> None:
    alone = tmp_path / "table"
    alone.mkdir()
    (alone / "metadata.csv").write_text("age,sex\n50,F\n60,M\n")
    assert read(alone)[0].files == ()
    assert len(read(folder_with(tmp_path / "images", None))[1]) == 3


@pytest.mark.parametrize(
    ("table", "code"),
    [
        (rows("images/0.png,NaN,F,x"), "not_finite"),
        (rows("images/0.png,-inf,F,x"), "not_finite"),
        (rows("images/0.png,old,F,x"), "not_a_number"),
        (rows("images/0.png,5,=1+1,x"), "formula"),
        (rows("images/0.png,5,@cmd,x"), "formula"),
        (rows("images/0.png,5,\x1b[2J,x"), "formula"),
        (rows("images/0.png,5," + "F" * 501 + ",x"), "long_cell"),
        (rows("images/9.png,5,F,x"), "image_missing"),
        (rows("../c/images/0.png,5,F,x"), "image_missing"),
        (rows("/etc/passwd,5,F,x"), "image_missing"),
        (rows("images/0.png,5,F,x", "images/0.png,6,F,x"), "image_twice"),
        (rows("images/0.png,5,F"), "ragged_table"),
        (rows("images/0.png,5,6,x", header="file_name,age,age,note"), "bad_columns"),
        (rows(), "empty_cohort"),
        ("note\nx\n", "nothing_shared"),
        ("age,sex\n5,\0F\n", "formula"),
    ],
)
def test_a_hostile_table_is_refused_with_a_reason(tmp_path: Path, table: str, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(folder_with(tmp_path / "c", table))
    assert refused.value.code == code
    assert "Okafor" not in str(refused.value)


def test_a_table_that_is_no_text_is_refused(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "c", None)
    (folder / "metadata.csv").write_bytes(b"\xff\xfe\x00age")
    with pytest.raises(BadInput, match="UTF-8"):
        read(folder)


@pytest.mark.parametrize("kind", ["link", "folder link", "pipe"])
def test_links_and_special_files_are_refused(tmp_path: Path, kind: str) -> None:
    folder = folder_with(tmp_path / "c", GOOD)
    if kind == "link":
        (folder / "images" / "3.png").symlink_to(folder / "images" / "0.png")
    elif kind == "folder link":
        (folder / "more").symlink_to(tmp_path)
    else:
        os.mkfifo(folder / "images" / "3.png")
    with pytest.raises(BadInput) as refused:
        read(folder)
    assert refused.value.code == "link_inside"


def test_huge_files_are_refused_unread(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "c", GOOD)
    with (folder / "images" / "0.png").open("wb") as stream:
        stream.truncate(600 * 2**20)  # sparse: it takes no room
    with pytest.raises(BadInput) as refused:
        read(folder)
    assert refused.value.code == "file_too_large"


@pytest.mark.parametrize("what", ["text", "cut", "not square", "too small", "other size", "16 bit", "gif"])
def test_what_is_no_plain_image_of_one_size_is_refused(tmp_path: Path, what: str) -> None:
    folder = folder_with(tmp_path / "c", GOOD)
    file = folder / "images" / "1.png"
    if what == "text":
        file.write_text("no picture")
    elif what == "cut":
        file.write_bytes(file.read_bytes()[:200])
    elif what == "gif":
        Image.new("L", (32, 32)).save(file, format="GIF")
    elif what == "16 bit":
        Image.fromarray(np.zeros((32, 32), np.uint16)).save(file)
    else:
        sides = {"not square": (32, 40), "too small": (8, 8), "other size": (48, 48)}
        Image.new("L", sides[what]).save(file)
    with pytest.raises(BadInput):
        read(folder)


def test_pictures_lose_whatever_else_their_files_carry(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "c", GOOD)
    Image.new("RGBA", (32, 32), (10, 20, 30, 0)).save(folder / "images" / "0.png")
    for number in (1, 2):
        Image.new("P", (32, 32)).save(folder / "images" / f"{number}.png")
    _, pictures = read(folder)
    assert {picture.shape for picture in pictures} == {(32, 32, 3)}
