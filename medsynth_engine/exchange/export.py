"""A cohort leaves: as a folder that three libraries load with one line, as a zip, as DICOM, or for a hub.

Everything is staged beside the target, which then appears in one rename. The gate was asked before.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from medsynth_engine.cohort.read import Cohort
from medsynth_engine.exchange import dicom, sums
from medsynth_engine.exchange.card import card, hub_card
from medsynth_engine.exchange.croissant import croissant
from medsynth_engine.exchange.records import each_image, leaving_table, save_png, write_tables
from medsynth_engine.exchange.release import FORMATS, Release
from medsynth_engine.governance.rounded import rounded
from medsynth_engine.kernel.atomic import file_digest, sync_folder, write_json, write_text
from medsynth_engine.kernel.disk import demand_free, size_of, trouble
from medsynth_engine.kernel.errors import Busy, WrongUsage

Progress = Callable[[int, int | None, str], None]


def export(
    cohort_folder: Path,
    destination: Path,
    format: str,
    release: Release,
    evaluation: Mapping[str, Any],
    progress: Progress = lambda *_: None,
    wanted: Callable[[], bool] = lambda: True,
) -> dict[str, Any]:
    """Write the cohort to `destination` (for `zip`: with .zip added), which must not exist; its parent must.

    evaluation  the document of the cohort's evaluation; only its rounded, suppressed form leaves

    Returns `path` (text), `files`, `digest` (of the zip, else of SHA256SUMS), `format`.
    Raises WrongUsage for an unknown format or DICOM of rows alone, Busy where the target exists, NoRoom, Interrupted,
    BadInput for a cohort that is not whole. Nothing is left of an export that did not end well.
    """
    if format not in FORMATS:
        raise WrongUsage("bad_format", "There is no such export format.", f"One of: {', '.join(FORMATS)}.")
    target = destination.with_name(destination.name + ".zip") if format == "zip" else destination
    if target.exists():
        raise Busy("export_exists", "There is something of that name already.", "Choose another name or folder.")
    staging = target.with_name(f".staging-{target.name}")
    shutil.rmtree(staging, ignore_errors=True)
    staging.unlink(missing_ok=True)
    demand_free(target.parent, 2 * size_of(cohort_folder), "nothing was exported")
    try:
        staging.mkdir(mode=0o700)
        _fill(cohort_folder, staging, format, release, evaluation, progress, wanted)
        digest = sums.write(staging)
        count = len(sums.names(staging)) + 1
        if format == "zip":
            digest = _zip(staging, target, progress)
        else:
            staging.rename(target)
            sync_folder(target.parent)
    except OSError as error:
        short = trouble(error, "nothing was exported")
        if short is not None:
            raise short from error
        raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return {"path": str(target), "files": 1 if format == "zip" else count, "digest": digest, "format": format}


def _fill(
    cohort_folder: Path,
    staging: Path,
    format: str,
    release: Release,
    evaluation: Mapping[str, Any],
    progress: Progress,
    wanted: Callable[[], bool],
) -> None:
    table = Cohort(cohort_folder).table()
    pictured = "file_name" in table
    if format == "dicom" and not pictured:
        raise WrongUsage("rows_alone", "Rows alone cannot be DICOM.", "Choose folder, zip or hf.")
    extension = ("dcm" if format == "dicom" else "png") if pictured else None
    out = leaving_table(table, extension)
    if pictured:
        (staging / "images").mkdir(mode=0o700)
        names = [str(name) for name in table["file_name"]]
        rows = out.to_dict("records")
        for number, pixels in enumerate(each_image(cohort_folder, names, progress, wanted), start=1):
            file = staging / out["file_name"].iloc[number - 1]
            if format == "dicom":
                dicom.write(file, pixels, {str(key): value for key, value in rows[number - 1].items()}, number, release)
            else:
                save_png(pixels, file)
    write_tables(staging, out)
    _describe(staging, out, extension, format, release, rounded(evaluation))


def _describe(
    staging: Path,
    table: pd.DataFrame,
    extension: str | None,
    format: str,
    release: Release,
    evaluation: Mapping[str, Any],
) -> None:
    body = card(table, extension, release, evaluation)
    write_text(staging / "CARD.md", body)
    if format == "hf":
        write_text(staging / "README.md", hub_card(body, table, extension, release))
    write_json(staging / "evidence.json", {**evaluation, "merged": list(release.merged), "release": release.binding()})
    write_json(staging / "croissant.json", croissant(staging, table, extension, release, evaluation))


def _zip(staging: Path, target: Path, progress: Progress) -> str:
    """All files of `staging` in one archive; equal content gives equal bytes: sorted names, one date, one mode."""
    part = target.with_name(f".partial-{target.name}")
    try:
        names = sorted([*sums.names(staging), sums.NAME])
        with zipfile.ZipFile(part, "w") as archive:
            for done, name in enumerate(names):
                if done % 50 == 0:
                    progress(done, len(names), "packing")
                entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
                entry.external_attr = 0o600 << 16
                stored = name.startswith("images/")
                entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
                archive.writestr(entry, (staging / name).read_bytes())
        part.chmod(0o600)
        part.rename(target)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(target.parent)
    return file_digest(target)
