"""Input that is bad as a whole: a sentence and a hint, exit code 4, and nothing stored."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from intake_pieces import photograph
from PIL import Image

from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.intake.options import Limits
from medsynth_engine.kernel.errors import BadInput


def refused(take: Callable, tmp_path: Path, source: Path, **options: object) -> BadInput:
    with pytest.raises(BadInput) as caught:
        take(source, **options)
    error = caught.value
    assert error.exit_code == 4
    assert error.message.endswith(".")
    assert error.hint
    assert str(tmp_path) not in error.message + error.hint
    folder = tmp_path / "datasets"
    assert not folder.exists() or list(folder.iterdir()) == []
    return error


def png(seed: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(photograph(seed)).save(stream, "PNG")
    return stream.getvalue()


def test_a_missing_path(take: Callable, tmp_path: Path) -> None:
    assert refused(take, tmp_path, tmp_path / "nowhere").code == "no_such_path"


def test_an_empty_folder(take: Callable, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / ".DS_Store").write_bytes(b"x")
    assert refused(take, tmp_path, tmp_path / "empty").code == "empty_folder"


def test_a_folder_of_anything_but_images(take: Callable, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "readme.md").write_text("# hello")
    assert refused(take, tmp_path, tmp_path / "in").code == "nothing_taken"


def test_a_table_whose_names_match_no_file(photographs: Path, take: Callable, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("filename,age\n" + "\n".join(f"other_{n}.png,{n}" for n in range(12)))
    assert refused(take, tmp_path, photographs, metadata=table).code == "no_file_matches"


@pytest.mark.parametrize(
    "content",
    [
        bytes(range(256)) * 40,
        b"\x89PNG\r\n\x1a\n" + bytes(200),
        b"<!DOCTYPE html><html><body><table><tr><td>1</td></tr></table></body></html>",
        b"PK\x03\x04" + bytes(100),
        b"a,b\n" + b"1\n2,3,4,5\n,,,,,,,,,\nx\n" * 20,
        b"The patient came on Monday, fell asleep, and\nwas, after a long, long while, woken\nby\nthe nurse, who, as\n",
        b"   \n \n",
        b"name,age\n",
        b'"a,b\n1,2\n3,4\n' + b"5,6\n" * 2000,
        b"12,45,F\n13,50,M\n14,55,F\n",
    ],
    ids=["binary", "png", "html", "zip", "ragged", "prose", "blank", "header-only", "open-quote", "no-header"],
)
def test_a_csv_that_is_no_csv(content: bytes, photographs: Path, take: Callable, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_bytes(content)
    refused(take, tmp_path, photographs, metadata=table)
    refused(take, tmp_path, table)


def test_a_line_without_end_and_a_table_too_wide(take: Callable, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_bytes(b"a,b\n" + b"x" * (6 * 2**20) + b",1\n")
    assert refused(take, tmp_path, table).code == "line_too_long"
    table.write_bytes(b"a,b\n" + b"x" * (2 * 2**20) + b",1\n")
    assert refused(take, tmp_path, table).code == "cell_too_large"
    table.write_text(",".join(f"c{n}" for n in range(600)) + "\n" + ",".join("1" * 600))
    assert refused(take, tmp_path, table).code == "too_many_columns"
    table.write_text("age,sex\n" + "40,F\n" * 100)
    assert refused(take, tmp_path, table, limits=Limits(table_rows=50)).code == "too_many_rows"


def test_an_npz_with_object_arrays_runs_nothing(take: Callable, tmp_path: Path) -> None:
    mark = tmp_path / "ran"

    class Evil:
        def __reduce__(self) -> tuple:
            return os.mkdir, (str(mark),)

    path = tmp_path / "evil.npz"
    np.savez(path, images=np.zeros((3, 16, 16), np.uint8), labels=np.array([Evil()] * 3, dtype=object))
    assert refused(take, tmp_path, path).code == "object_array"
    np.savez(path, train_images=np.array([Evil()] * 3, dtype=object))
    assert refused(take, tmp_path, path).code == "object_array"
    assert not mark.exists()


def test_npz_that_lie_or_hold_no_images(take: Callable, tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, volumes=np.zeros((3, 16, 16), np.uint8))
    assert refused(take, tmp_path, path).code == "no_image_array"
    np.savez(path, images=np.zeros((3, 16), np.uint8))
    assert refused(take, tmp_path, path).code == "not_images"
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000000, 16, 16), }"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("images.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    assert refused(take, tmp_path, path).code == "too_many_members"
    path.write_bytes(b"PK\x03\x04nonsense")
    assert refused(take, tmp_path, path).code == "damaged_npz"


def test_an_unknown_column_role_or_filter_is_named(photographs: Path, take: Callable, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("filename,age\n" + "\n".join(f"{path.name},50" for path in photographs.iterdir()))
    assert "age" in refused(take, tmp_path, photographs, metadata=table, columns={"sex": "Gender"}).hint
    assert refused(take, tmp_path, photographs, metadata=table, columns={"colour": "age"}).code == "unknown_role"
    assert refused(take, tmp_path, photographs, metadata=table, where={"scanner": "CT"}).code == "unknown_column"
    assert refused(take, tmp_path, photographs, metadata=table, where={"age": "51"}).code == "nothing_left"
    assert refused(take, tmp_path, photographs, columns={"sex": "Gender"}).code == "no_table"


def test_zips_that_are_bombs_or_broken(take: Callable, tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"{number}.png", bytes(120 * 2**20))
    assert refused(take, tmp_path, path).code == "archive_bomb"
    path.write_bytes(path.read_bytes()[:-30])
    assert refused(take, tmp_path, path).code == "damaged_archive"
    with zipfile.ZipFile(path, "w") as archive:
        archive.mkdir("empty")
    assert refused(take, tmp_path, path).code == "empty_archive"


def test_a_hostile_zip_costs_its_hostile_members_only(take: Callable, tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.png", png(9))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(4):
            archive.writestr(f"good/DOE_{number}.png", png(number))
        for name in ("../up.png", "/abs.png", "a\\b.png", "C:/x.png", "good/../../x.png", "esc\x1b[2J.png"):
            archive.writestr(name, png(7))
        link = zipfile.ZipInfo("link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("nested.zip", inner.getvalue())
        archive.writestr("bomb.png", bytes(40 * 2**20))
        archive.writestr("empty.png", b"")
        archive.writestr("text.png", b"no image at all")
        archive.writestr("GOOD/doe_1.PNG", png(1))
    document, folder = take(path)
    assert document["accepted"] == 4
    assert document["submitted"] == 16
    assert document["reasons"] == {
        "unsafe_name": 7,
        "link": 1,
        "nested_archive": 1,
        "bomb": 1,
        "empty": 1,
        "unknown_format": 1,
    }
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["datasets", "x.zip"]
    submissions = Dataset(folder).submissions()
    assert submissions["outcome"].value_counts().to_dict() == {"rejected": 12, "accepted": 4}
    assert (folder / "report.json").read_text() and "DOE" not in json.dumps(document)


def test_a_truncated_png_among_good_ones_is_rejected_alone(photographs: Path, take: Callable) -> None:
    victim = next(path for path in photographs.iterdir() if path.suffix == ".png")
    victim.write_bytes(victim.read_bytes()[:-400])
    document, folder = take(photographs)
    assert (document["submitted"], document["accepted"], document["rejected"]) == (12, 11, 1)
    assert document["reasons"] == {"truncated": 1}
    assert len(Dataset(folder).records()) == 11


def test_links_and_pipes_are_never_opened(photographs: Path, take: Callable) -> None:
    (photographs / "link.png").symlink_to("/etc/passwd")
    (photographs / "loop").symlink_to(photographs)
    os.mkfifo(photographs / "pipe.png")
    os.mkfifo(photographs / "pipe.csv")
    document, _ = take(photographs)
    assert document["accepted"] == 12
    assert document["reasons"] == {"link": 2, "not_a_file": 2}


def test_bombs_in_pictures_are_refused_before_they_unpack(photographs: Path, take: Callable) -> None:
    Image.new("L", (12_000, 9_000)).save(photographs / "bomb.png")
    document, _ = take(photographs)
    assert document["reasons"] == {"too_many_pixels": 1}


def test_an_existing_dataset_is_not_overwritten(photographs: Path, take: Callable) -> None:
    _, folder = take(photographs)
    before = Dataset(folder).digest()
    with pytest.raises(BadInput) as caught:
        take(photographs)
    assert caught.value.code == "dataset_exists"
    assert Dataset(folder).digest() == before
