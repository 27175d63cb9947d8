"""What is made to harm is refused for the right reason, soon, and in bounded memory; what lies beside it is taken."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import intake_bombs as bombs
import pytest
from intake_apart import GIGABYTE, Ended, check_balance, take_apart
from intake_mutations import MAKERS

MEGABYTE = 2**20
SOON = 20.0
"""Seconds on a busy machine; two on a quiet one."""
WORKER_BYTES = 3.2 * GIGABYTE
"""What Limits allow a worker, and a little."""

FILES: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "png of 100 megapixels": (lambda: bombs.blank_png(10_000, 10_000), {"too_many_pixels"}),
    "png of 225 megapixels": (lambda: bombs.blank_png(15_000, 15_000), {"too_many_pixels"}),
    "png just within the limit": (lambda: bombs.blank_png(8_900, 8_900), {""}),
    "png with a text that grows": (
        lambda: bombs.blank_png(64, 64, bombs.chunk(b"zTXt", b"a\0\0" + bombs.zeros_packed(500 * MEGABYTE))),
        {"", "bomb", "unreadable"},
    ),
    "png with a profile that grows": (
        lambda: bombs.blank_png(64, 64, bombs.chunk(b"iCCP", b"a\0\0" + bombs.zeros_packed(500 * MEGABYTE))),
        {"", "bomb", "unreadable"},
    ),
    "png of a million chunks": (
        lambda: bombs.blank_png(64, 64, bombs.chunk(b"prVt", b"") * 1_000_000),
        {"", "bomb", "unreadable"},
    ),
    "png that is also a zip": (bombs.png_and_zip, {""}),
    "apng of two thousand frames": (lambda: bombs.frames("PNG", 2000), {""}),
    "webp of two thousand frames": (lambda: bombs.frames("WEBP", 2000), {""}),
    "jpeg that claims 65,535 x 65,535": (bombs.jpeg_that_claims_all, {"too_many_pixels"}),
    "tiff of a hundred thousand pages": (lambda: bombs.tiff_of_pages(100_000), {"", "bomb", "too_many_pixels"}),
    "tiff whose pages go in a circle": (lambda: bombs.tiff_of_pages(3, loop=True), {"", "unreadable"}),
    "dicom of 14.5 million tiles": (bombs.dicom_of_many_tiles, {"unreadable", "truncated", "too_many_pixels", "bomb"}),
    "dicom that claims 65,535 x 65,535 x 1,000": (bombs.dicom_claiming_all, {"too_many_pixels", "truncated"}),
    "dicom of two thousand levels": (lambda: bombs.dicom_of_depth(2_000), {"unreadable", "bomb"}),
    "dicom of a hundred thousand empty items": (lambda: bombs.dicom_of_sequences(100_000), {""}),
    "deflated dicom that grows": (lambda: bombs.dicom_deflated(1024 * MEGABYTE), {"bomb"}),
    "nifti that grows": (lambda: bombs.nifti_bomb(1024 * MEGABYTE), {"bomb", "too_large", "too_many_pixels"}),
}
OF_EACH_FORMAT = (
    *("png that is also a zip", "png with a text that grows", "apng of two thousand frames"),
    *("jpeg that claims 65,535 x 65,535", "webp of two thousand frames", "tiff whose pages go in a circle"),
    *("dicom that claims 65,535 x 65,535 x 1,000", "dicom of 14.5 million tiles", "nifti that grows"),
)
"""Always run, of the family below."""


def check(ended: Ended) -> None:
    assert not ended.uncaught
    assert ended.seconds < SOON
    assert ended.peak < GIGABYTE
    assert ended.workers_peak < WORKER_BYTES
    if not ended.code:
        check_balance(ended.document)


@pytest.mark.slow
@pytest.mark.family(share=0.1, always=OF_EACH_FORMAT)
@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_costs_itself_alone(name: str, photographs: Path, tmp_path: Path) -> None:
    make, expected = FILES[name]
    (photographs / "bomb.bin").write_bytes(make())
    (ended,) = take_apart([photographs], tmp_path / "out", seconds=120, slices="middle")
    check(ended)
    assert not ended.code
    assert ended.document["submitted"] == 13
    reasons = set(ended.document["reasons"]) or {""}
    assert reasons <= expected, reasons
    assert ended.document["accepted"] + ended.document["quarantined"] >= 12
    stored = b"".join(path.read_bytes() for path in (tmp_path / "out" / "set0").rglob("*") if path.is_file())
    assert b"ZQSECRET" not in stored
    assert b"PK\3\4" not in stored


def test_a_tiff_of_many_pages_gives_each_of_them_in_time_that_grows_with_their_number(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "pages.tif").write_bytes(bombs.tiff_of_pages(2_000))
    (ended,) = take_apart([tmp_path / "in"], tmp_path / "out", seconds=120)
    check(ended)
    assert ended.document["accepted"] == 2_000


def alone(source: Path, tmp_path: Path, **options: Any) -> Ended:
    (ended,) = take_apart([source], tmp_path / "out", seconds=120, **options)
    check(ended)
    return ended


def test_a_zip_of_too_many_members(tmp_path: Path) -> None:
    bombs.zip_of_names(tmp_path / "many.zip", 300_001)
    assert alone(tmp_path / "many.zip", tmp_path).code == "too_many_members"


def test_a_zip_whose_members_overlap(tmp_path: Path) -> None:
    bombs.zip_of_overlaps(tmp_path / "overlap.zip", 1_000)
    ended = alone(tmp_path / "overlap.zip", tmp_path)
    assert ended.code in ("archive_bomb", "damaged_archive", "nothing_taken")


def test_a_tar_of_links_and_devices(tmp_path: Path) -> None:
    bombs.tar_of_traps(tmp_path / "traps.tar")
    ended = alone(tmp_path / "traps.tar", tmp_path)
    assert ended.document["accepted"] == 1
    assert ended.document["submitted"] == 9
    assert set(ended.document["reasons"]) <= {"link", "not_a_file", "unsafe_name"}


def test_a_sheet_that_grows(tmp_path: Path) -> None:
    bombs.sheet_bomb(tmp_path / "sheet.xlsx", MAKERS["xlsx"]()[0], 1024 * MEGABYTE)
    assert alone(tmp_path / "sheet.xlsx", tmp_path).code


def test_a_line_of_a_gigabyte(tmp_path: Path) -> None:
    if shutil.disk_usage(tmp_path).free < 3 * GIGABYTE:
        pytest.skip("no room for it")
    with (tmp_path / "line.csv").open("wb") as stream:
        stream.write(b"age,sex\n")
        for _ in range(1_000):
            stream.write(b"x" * 10**6)
    try:
        ended = alone(tmp_path / "line.csv", tmp_path)
    finally:
        (tmp_path / "line.csv").unlink()
    assert ended.code in ("line_too_long", "table_too_large", "too_large")


def test_a_table_of_a_million_columns(tmp_path: Path) -> None:
    (tmp_path / "wide.csv").write_text(",".join(f"c{number}" for number in range(10**6)) + "\n" + ",".join("1" * 10**6))
    assert alone(tmp_path / "wide.csv", tmp_path).code in ("too_many_columns", "line_too_long")


def test_names_and_entries_that_no_folder_should_have(photographs: Path, tmp_path: Path) -> None:
    picture = (photographs / "DOE_JANE_001.png").read_bytes()
    names = [
        b"esc\x1b[2J.png",
        "gnp.\u202eexe.png".encode(),
        b"latin-\xe9.png",
        b"new\nline.png",
        b"CASE.png",
        b"case.png",
    ]
    for number, name in enumerate(names):
        with open(os.path.join(os.fsencode(photographs), name), "wb") as stream:  # noqa: PTH118, PTH123 - a name of bytes
            stream.write(bombs.saved("PNG", 100 + number))
    (photographs / "round").symlink_to(photographs)
    os.mkfifo(photographs / "pipe.png")
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        try:
            os.chdir(photographs)  # a socket's path must be short
            listener.bind("socket.png")
        finally:
            os.chdir(here)
        deep = photographs
        for _ in range(500):
            deep /= "d"
        deep.mkdir(parents=True)
        (deep / "deep.png").write_bytes(picture[:-30])
        ended = alone(photographs, tmp_path)
    assert ended.document["submitted"] == 12 + len(names) + 4
    assert ended.document["accepted"] == 12 + len(names)
    assert ended.document["reasons"] == {"link": 1, "not_a_file": 2, "truncated": 1}


def test_a_file_that_grows_while_it_is_read(photographs: Path, tmp_path: Path) -> None:
    grown = photographs / "growing.png"
    grown.write_bytes((photographs / "DOE_JANE_001.png").read_bytes())
    stop = threading.Event()

    def grow() -> None:
        with grown.open("ab") as stream:
            while not stop.is_set():
                stream.write(bytes(50_000))
                stream.flush()
                time.sleep(0.005)

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        ended = alone(photographs, tmp_path)
    finally:
        stop.set()
        writer.join()
    assert ended.document["submitted"] == 13
    assert ended.document["accepted"] >= 12


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_file_and_a_folder_that_may_not_be_opened(photographs: Path, tmp_path: Path) -> None:
    (photographs / "DOE_JANE_001.png").chmod(0)
    (photographs / "closed").mkdir(mode=0)
    try:
        ended = alone(photographs, tmp_path)
    finally:
        (photographs / "closed").chmod(0o700)
    assert ended.document["reasons"] == {"not_a_file": 2}
