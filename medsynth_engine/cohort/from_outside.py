"""A cohort that another tool made: a folder of pictures and a table, read as if it were hostile.

The folder is an `imagefolder`: `metadata.csv` with one row a record and, where there are images, their `file_name`
first; the images are PNG or JPEG. What is taken over is written anew: pixels without whatever else a file carries, and
of the table only the columns that the dataset it is compared with knows.
"""

from __future__ import annotations

import csv
import io
import math
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.escape import plain, table_cell

TABLE = "metadata.csv"
MOST_RECORDS = 300_000
MOST_BYTES = 512 * 2**20
MOST_COLUMNS = 512
MOST_CELL = 500
"""Characters of a cell: a value of a table, not a letter."""
SIDES = (16, 1024)
PICTURES = (".png", ".jpg", ".jpeg")
OWN = ("file_name", "patient")
ANSWERS = {
    **dict.fromkeys(("true", "t", "yes", "y", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0"), False),
}
EXACT = 2**53
"""Whole numbers below it are what they say as float64."""
SEVERAL = "|"
"""Between several findings of one record."""
Progress = Callable[[int, int | None, str], None]


@dataclass(frozen=True)
class Outside:
    """What was found in the folder, checked but for the pixels.

    files     where the image of each record lies; empty for a table alone
    table     the columns that the dataset knows, typed as it has them, and `patient`
    left_out  columns of the table that it does not know
    """

    files: tuple[Path, ...]
    table: pd.DataFrame
    left_out: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.table)


def look(
    folder: Path, columns: Sequence[Mapping[str, Any]], levels: Mapping[str, Iterable[str]] | None = None
) -> Outside:
    """Read the table and find the images.

    columns  those of the dataset's schema (name, kind)
    levels   the words that a column of categories has in the dataset: one that differs in its letters' case alone is
             that word, or a real row that is spelled anew would equal no real row

    Raises BadInput for links and other special files, files that are too large, tables that cannot be read, numbers
    that are none, formulas, images that are missing or lie elsewhere, and folders that hold neither table nor images.
    """
    pictures = _walked(folder)
    source = folder / TABLE
    if not source.is_file() and not pictures:
        raise BadInput(
            "no_cohort_there", "That folder holds no images and no metadata.csv.", "One row a record, and its images."
        )
    header, rows = _table(source) if source.is_file() else (["file_name"], [[name] for name in sorted(pictures)])
    if not rows:
        raise BadInput("empty_cohort", "The table has no rows.", "A cohort has at least one record.")
    frame = pd.DataFrame(rows, columns=header, dtype=object)
    known = {str(column["name"]): str(column["kind"]) for column in columns}
    there = {name: _folded(words) for name, words in (levels or {}).items()}
    typed = {name: _typed(frame[name], kind, there.get(name, {})) for name, kind in known.items() if name in frame}
    left_out = tuple(plain(name, 60) for name in header if name not in typed and name not in OWN)
    if "file_name" not in frame and not typed:
        raise BadInput("nothing_shared", "The table shares no column with the dataset.", "Name its columns alike.")
    table = pd.DataFrame(typed, index=frame.index)
    table.insert(0, "patient", _patients(frame))
    files = _files(frame["file_name"], pictures) if "file_name" in frame else ()
    return Outside(files, table, left_out)


def pictures(files: Sequence[Path], progress: Progress, wanted: Callable[[], bool]) -> Iterator[np.ndarray]:
    """The images one by one, uint8 (s, s) or (s, s, 3), all of one size. Stops early where `wanted` turns False.

    Raises BadInput for files that are no plain 8-bit PNG or JPEG, or not square, or of another size than the first.
    """
    shape: tuple[int, ...] | None = None
    for number, file in enumerate(files):
        if not wanted():
            return
        pixels = _pixels(file, number + 1)
        shape = shape or pixels.shape
        if pixels.shape != shape:
            raise BadInput("sizes_differ", f"Image {number + 1} differs in size or colour from the first.", "One size.")
        yield pixels
        progress(number + 1, len(files), "reading images")


def _walked(folder: Path) -> dict[str, Path]:
    """The images of the folder by their name within it. Nothing in it may be a link or a special file."""
    found: dict[str, Path] = {}
    for place, folders, files in os.walk(folder, followlinks=False):
        for name in (*folders, *files):
            path = Path(place) / name
            mode = path.lstat()
            if stat.S_ISLNK(mode.st_mode) or not (stat.S_ISREG(mode.st_mode) or stat.S_ISDIR(mode.st_mode)):
                raise BadInput("link_inside", "The folder holds a link or a special file.", "Copy what it points to.")
            if stat.S_ISREG(mode.st_mode) and mode.st_size > MOST_BYTES:
                raise BadInput("file_too_large", "A file in the folder is larger than 512 MB.", "Leave it out.")
        for name in files:
            if name.lower().endswith(PICTURES):
                path = Path(place) / name
                found[path.relative_to(folder).as_posix()] = path
                if len(found) > MOST_RECORDS:
                    raise BadInput(
                        "too_many_records", f"There are more than {MOST_RECORDS:,} images.", "Import a part."
                    )
    return found


def _table(path: Path) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the CSV file, all as text."""
    csv.field_size_limit(2**20)
    try:
        with io.TextIOWrapper(_opened(path), encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            header = [name.strip() for name in next(reader, [])]
            rows = []
            for row in reader:
                if len(row) != len(header):
                    raise BadInput("ragged_table", f"Line {reader.line_num} has another number of cells.", "Mend it.")
                rows.append(row)
                if len(rows) > MOST_RECORDS:
                    raise BadInput("too_many_records", f"There are more than {MOST_RECORDS:,} rows.", "Import a part.")
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput("unreadable_table", "metadata.csv is no CSV file in UTF-8.", "Write it anew.") from error
    if len(header) > MOST_COLUMNS or len(set(header)) < len(header) or "" in header:
        raise BadInput("bad_columns", "Columns need a name each, all different, at most 512.", "Rename them.")
    return header, rows


def _folded(words: Iterable[str]) -> dict[str, str]:
    """Each word by what it is without case. Words that differ in case alone are left out: they are different things."""
    found: dict[str, set[str]] = {}
    for word in words:
        found.setdefault(_plain(word), set()).add(word)
    return {folded: next(iter(same)) for folded, same in found.items() if len(same) == 1}


def _plain(word: str) -> str:
    return word.strip().casefold().removesuffix(".0")


def _typed(cells: pd.Series, kind: str, words: Mapping[str, str]) -> pd.Series:
    """Text as the dataset has it; an empty cell is missing. `words`: the dataset's, by what they are without case."""
    name = plain(cells.name, 60)
    if kind not in ("number", "integer"):
        for cell in cells:
            if len(cell) > MOST_CELL:
                raise BadInput("long_cell", f"A cell of {name!r} is longer than {MOST_CELL} characters.", "Drop it.")
            if table_cell(cell) != plain(cell, 10_000) or plain(cell, 10_000) != cell.strip():
                raise BadInput(
                    "formula", f"A cell of {name!r} begins like a formula or holds control characters.", "Clean it."
                )
        if kind == "boolean":
            return _yes_or_no(cells)
        apart = SEVERAL if kind == "multi" else None
        return cells.map(lambda cell: _spelled(cell.strip(), words, apart) or None).astype(object)
    numbers = []
    for cell in cells:
        try:
            number = float(cell) if cell.strip() else None
        except ValueError:
            raise BadInput("not_a_number", f"A cell of {name!r} is no number.", "Leave it empty.") from None
        if number is not None and not math.isfinite(number):
            raise BadInput("not_finite", f"A cell of {name!r} is NaN or infinite.", "Missing is an empty cell.")
        numbers.append(np.nan if number is None else number)
    found = pd.Series(numbers, index=cells.index, dtype=float)
    known = found.dropna()
    whole = kind == "integer" and bool((known % 1 == 0).all() and (known.abs() < EXACT).all())
    return found.astype("Int64") if whole else found


def _spelled(cell: str, words: Mapping[str, str], apart: str | None) -> str:
    parts = cell.split(apart) if apart else [cell]
    return (apart or "").join(words.get(_plain(part), part) for part in parts)


def _yes_or_no(cells: pd.Series) -> pd.Series:
    """boolean, missing where the cell is empty, however yes and no are spelled."""
    found = [ANSWERS.get(_plain(cell)) for cell in cells]
    if any(answer is None and cell.strip() for answer, cell in zip(found, cells, strict=True)):
        raise BadInput("not_yes_or_no", f"A cell of {plain(cells.name, 60)!r} is neither true nor false.", "Mend it.")
    return pd.Series(pd.array(found, dtype="boolean"), index=cells.index)


def _patients(frame: pd.DataFrame) -> list[str]:
    """S000001, ...: whose record each row is, under new names; where nothing is said each is its own."""
    if "patient" not in frame:
        return [f"S{number + 1:06d}" for number in range(len(frame))]
    said = [cell.strip() or number for number, cell in enumerate(frame["patient"])]
    codes, _ = pd.factorize(pd.Series(said, dtype=object))
    return [f"S{code + 1:06d}" for code in codes]


def _files(names: pd.Series, there: Mapping[str, Path]) -> tuple[Path, ...]:
    found = []
    for name in names:
        inside = PurePosixPath(name)
        if inside.is_absolute() or ".." in inside.parts or inside.as_posix() not in there:
            raise BadInput(
                "image_missing", "The table names an image that is not in the folder.", "PNG or JPEG, inside it."
            )
        found.append(there[inside.as_posix()])
    if len(set(found)) < len(found):
        raise BadInput("image_twice", "Two rows of the table name the same image.", "One image a row.")
    return tuple(found)


def _opened(path: Path) -> io.BufferedReader:
    """The file itself, also where somebody put a link in its place since the folder was looked through."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb")


def _pixels(file: Path, number: int) -> np.ndarray:
    try:
        with _opened(file) as stream, Image.open(stream, formats=("PNG", "JPEG")) as image:
            width, height = image.size
            if width != height or not SIDES[0] <= width <= SIDES[1]:
                raise BadInput(
                    "bad_image_size",
                    f"Image {number} is {width} x {height} pixels.",
                    f"Square images of {SIDES[0]} to {SIDES[1]} pixels, all of one size.",
                )
            if image.mode not in ("L", "RGB", "RGBA", "P", "1") or getattr(image, "n_frames", 1) != 1:
                raise BadInput("bad_image_kind", f"Image {number} is no plain 8-bit picture.", "Grey or RGB, 8 bit.")
            kept = image if image.mode in ("L", "RGB") else image.convert("L" if image.mode == "1" else "RGB")
            return np.asarray(kept, dtype=np.uint8)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadInput("not_an_image", f"Image {number} cannot be read as PNG or JPEG.", "Leave it out.") from error
