"""The records of a cohort as they leave: new names, inert cells, pixels and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from medsynth_engine.kernel.atomic import write_bytes, write_with
from medsynth_engine.kernel.errors import BadInput, Interrupted
from medsynth_engine.kernel.escape import plain, table_cell

MODES = {"L": "L", "RGB": "RGB", "I;16": "I;16", "I": "I;16"}
TYPED = "records.parquet"
"""Beside metadata.csv; not metadata.parquet, because the imagefolder loader refuses two metadata files."""


def leaving_table(table: pd.DataFrame, extension: str | None) -> pd.DataFrame:
    """`table` with files named 0000001, 0000002, ... (`extension` None: no images) and patients S000001, S000002, ...

    Names of files and patients that came from outside could identify somebody. Text loses control characters.
    """
    out = table.drop(columns=[name for name in ("file_name", "patient") if name in table]).reset_index(drop=True)
    for name in out:
        if not pd.api.types.is_numeric_dtype(out[name]) and not pd.api.types.is_bool_dtype(out[name]):
            out[name] = out[name].map(lambda value: plain(value, 1_000), na_action="ignore")
    if "patient" in table:
        codes, _ = pd.factorize(table["patient"])
        out.insert(0, "patient", [f"S{code + 1:06d}" if code >= 0 else "" for code in codes])
    if extension is not None:
        out.insert(0, "file_name", [f"images/{number:07d}.{extension}" for number in range(1, len(out) + 1)])
    out.columns = pd.Index([plain(name, 100) for name in out])
    return out


def write_tables(folder: Path, table: pd.DataFrame) -> None:
    """`metadata.csv`, its cells inert for spreadsheets, and the same typed as parquet."""
    safe = table.copy()
    for name in safe:
        if not pd.api.types.is_numeric_dtype(safe[name]) and not pd.api.types.is_bool_dtype(safe[name]):
            safe[name] = safe[name].map(table_cell, na_action="ignore")
    safe.columns = pd.Index([table_cell(name) for name in safe])
    write_bytes(folder / "metadata.csv", safe.to_csv(index=False, lineterminator="\n").encode())
    write_with(folder / TYPED, lambda stream: table.to_parquet(stream, index=False))


def each_image(
    cohort: Path, names: list[str], progress: Callable[[int, int | None, str], None], wanted: Callable[[], bool]
) -> Iterator[np.ndarray]:
    """The pixels of each image, uint8 or uint16 (h, w) or uint8 (h, w, 3), in the order of `names`.

    Raises BadInput for a file that is missing, unreadable or outside the cohort, Interrupted if `wanted` turns False.
    """
    inside = cohort.resolve()
    for done, name in enumerate(names):
        if done % 50 == 0:
            progress(done, len(names), "writing images")
            if not wanted():
                raise Interrupted(
                    "cancelled", "The export was cancelled; nothing was kept.", "Start it again any time."
                )
        file = (cohort / name).resolve()
        if not file.is_relative_to(inside):
            raise BadInput("image_outside", "An image of the cohort lies outside its folder.", "Draw the cohort again.")
        try:
            with Image.open(file) as image:
                mode = MODES.get(image.mode, "RGB")
                pixels = np.asarray(image if mode == image.mode or mode == "I;16" else image.convert(mode))
        except (OSError, ValueError) as error:
            raise BadInput("image_unreadable", "An image of the cohort cannot be read.", "Draw it again.") from error
        yield pixels.astype(np.uint16) if mode == "I;16" else pixels
    progress(len(names), len(names), "writing images")


def save_png(pixels: np.ndarray, file: Path) -> None:
    """Pixels only: no text chunk, no profile, no date."""
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "PNG", compress_level=4)
