"""Draw a cohort: the rows of all records first, then an image for every row, into a folder that appears whole."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from medsynth_engine.cohort.cells import AGE_BAND
from medsynth_engine.cohort.pictures import Pictures, names
from medsynth_engine.cohort.population import Plan
from medsynth_engine.cohort.shards import Crew, draw_by
from medsynth_engine.cohort.tables import BLOCK, Tables, groups
from medsynth_engine.kernel.atomic import sync_folder, write_json
from medsynth_engine.kernel.disk import trouble
from medsynth_engine.kernel.errors import BadInput, Busy, Interrupted
from medsynth_engine.rows.bands import age_band
from medsynth_engine.rows.unusable import UnusableTable

FORMAT = 1
_ROWS, _ORDER = 1, 2  # separate streams of the one seed

Progress = Callable[[int, int | None, str], None]


class RowModel(Protocol):
    """What `rows.trees.SequentialTrees` offers here."""

    @property
    def digest(self) -> str: ...

    @property
    def usual_records(self) -> int: ...

    def sample(self, n: int, given: pd.DataFrame | None, rng: np.random.Generator) -> pd.DataFrame: ...


class ImageDrawer(Protocol):
    """What `gan.sample.Drawer` offers here: blocks of up to 256 images, uint8 (k, s, s) or (k, s, s, 3)."""

    @property
    def info(self) -> dict[str, Any]: ...

    def draw(self, table: pd.DataFrame, seed: int, start: int = 0) -> Generator[np.ndarray, None, None]: ...


def draw(
    folder: Path,
    rows_model: RowModel,
    drawer: ImageDrawer | None,
    plan: Plan,
    n: int,
    seed: int,
    progress: Progress,
    wanted: Callable[[], bool],
    about_rows: dict[str, Any] | None = None,
    missing: list[dict[str, Any]] | None = None,
    crew: Crew | None = None,
) -> dict[str, Any]:
    """Draw `n` records as `plan` says and write the cohort folder.

    `images/*.png` (where there is a drawer), `metadata.csv` and `metadata.parquet` (`file_name` first, then `patient`
    and the row) and `cohort.json` (plan, seed, mergers, digests of both models, and `about_rows` as `row_model`: which
    learner drew the rows, and what it promises; `missing` as `not_drawn`). The same arguments give the same
    bytes. Everything is staged beside `folder`, which then appears in one rename; cancelled work leaves nothing, killed
    work a staging folder that the next attempt clears away. Memory does not grow with `n`. A `crew` draws the images
    in the place of `drawer`, which then only tells what it is: the bytes are the same.

    Returns the document of `generate`: `cohort`, `n`, `path`, `seconds`, `images_per_second` (None for rows alone),
    `files`, `mergers`, `assumed`, `cells`, `not_drawn`, `generator`. Raises Busy where the folder exists, Interrupted
    where `wanted` turned False, BadInput where the row model cannot be asked for the plan's attributes, NoRoom.
    """
    if n != plan.n:
        raise BadInput("bad_count", "The plan was made for another number of records.", "Plan again.")
    if folder.exists():
        raise Busy("cohort_exists", "There is a cohort of this name already.", "Choose another name, or remove it.")
    began = time.perf_counter()
    staging = folder.with_name(f".staging-{folder.name}")
    shutil.rmtree(staging, ignore_errors=True)
    try:
        staging.mkdir(parents=True, mode=0o700)
        with Tables(staging) as tables:
            for first, block in draw_rows(rows_model, plan, seed, progress, wanted):
                if drawer is not None:
                    block.insert(0, "file_name", [f"images/{name}" for name in names(first + 1, len(block))])
                tables.add(block)
        if drawer is None:
            image_seconds = None
        elif crew is not None:
            image_seconds = draw_by(crew, staging, n, seed, progress, partial(_stop_unless, wanted))
        else:
            image_seconds = _draw_images(staging, drawer, n, seed, progress, wanted)
        facts = {
            **plan.document(),
            "n": n,
            "seed": seed,
            "rows_digest": rows_model.digest,
            "row_model": about_rows,
            "not_drawn": missing or [],
            "images": drawer is not None,
            "generator": _facts(drawer),
            "simulated": bool(drawer is not None and drawer.info.get("simulated")),
        }
        write_json(staging / "cohort.json", {"format": FORMAT, **facts})
        _stop_unless(wanted)
        os.sync()  # a million files are not synced one by one, but all of them before they count as there
        staging.rename(folder)
        sync_folder(folder.parent)
    except OSError as error:
        shutil.rmtree(staging, ignore_errors=True)
        short = trouble(error, "no cohort was made")
        if short is not None:
            raise short from error
        raise
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    seconds = time.perf_counter() - began
    return {
        "cohort": folder.name,
        "n": n,
        "path": str(folder),
        "seconds": round(seconds, 3),
        "images_per_second": round(n / image_seconds, 1) if image_seconds else None,
        "files": 3 + (n if drawer is not None else 0),
        "mergers": facts["mergers"],
        "assumed": facts["assumed"],
        "cells": facts["cells"],
        "not_drawn": facts["not_drawn"],
        "generator": facts["generator"],
    }


def draw_rows(
    model: RowModel, plan: Plan, seed: int, progress: Progress, wanted: Callable[[], bool] = lambda: True
) -> Iterator[tuple[int, pd.DataFrame]]:
    """The rows of all records, block by block, each with the place of its first record; `patient` is S000001, S000002,
    ... A patient never spans two blocks."""
    places = _shuffled(model, plan.n, seed) if plan.attributes else None
    patients = 0
    for start in range(0, plan.n, BLOCK):
        _stop_unless(wanted)
        count = min(BLOCK, plan.n - start)
        request = plan.given(places[start : start + count]) if places is not None else None
        try:
            block = model.sample(count, request, np.random.default_rng([seed, _ROWS, start // BLOCK]))
        except UnusableTable as error:
            raise BadInput(error.code, error.message, error.hint) from error
        numbers = block["patient"].to_numpy()
        block["patient"] = [f"S{patients + number:06d}" for number in numbers]
        patients += int(numbers.max())
        yield start, _with_age_band(block)
        progress(start + count, plan.n, "drawing rows")


def _with_age_band(table: pd.DataFrame) -> pd.DataFrame:
    """A dataset's records have their age band beside the age, so a cohort's rows have it too."""
    if AGE_BAND not in table and "age" in table and pd.api.types.is_numeric_dtype(table["age"]):
        table.insert(int(table.columns.get_loc("age")) + 1, AGE_BAND, age_band(table["age"]))
    return table


def _shuffled(model: RowModel, n: int, seed: int) -> np.ndarray:
    """Mix the cells, but leave together as many records as a patient usually has: they are of one cell."""
    together = model.usual_records
    order = np.random.default_rng([seed, _ORDER]).permutation(-(-n // together))
    places = (order[:, None] * together + np.arange(together)).ravel()
    return places[places < n]


def _draw_images(
    staging: Path, drawer: ImageDrawer, n: int, seed: int, progress: Progress, wanted: Callable[[], bool]
) -> float:
    """An image for every row of the staged table; returns the seconds it took."""
    began = time.perf_counter()
    start = 0
    with Pictures(staging / "images") as pictures:
        for table in groups(staging):
            with closing(drawer.draw(table.drop(columns=["file_name", "patient"]), seed, start)) as blocks:
                for block in blocks:
                    _stop_unless(wanted)
                    pictures.add(block)
                    progress(pictures.count, n, "drawing images")
            start += len(table)
    if pictures.count != n:
        raise BadInput("too_few_images", "The generator drew fewer images than there are rows.", "Train it again.")
    return time.perf_counter() - began


def _facts(drawer: ImageDrawer | None) -> dict[str, Any] | None:
    """What the cohort's judges need to know of the generator: which weights, and which training data."""
    if drawer is None:
        return None
    return {name: drawer.info.get(name) for name in ("digest", "training_digest", "preset", "kimg", "privacy")}


def _stop_unless(wanted: Callable[[], bool]) -> None:
    if not wanted():
        raise Interrupted("interrupted", "Stopped; no cohort was made.", "Start it again when you like.")
