"""The next version of a dataset folder: some pictures masked, some moved into or out of quarantine, some left out.

The earlier folder stays as it is; unchanged pictures are hard links. The new one appears by one rename after everything
in it is on disk. Patients, groups and folds of records stay, so nothing that was held out is ever trained on.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.intake.deidentify import checked_png
from medsynth_engine.intake.duplicates import is_blank, perceptual_hash, thumbnail
from medsynth_engine.intake.held import NAME as HELD
from medsynth_engine.intake.held import held_of, read_held, write_held
from medsynth_engine.intake.pseudonym import keyed
from medsynth_engine.intake.reasons import Code, outcome
from medsynth_engine.intake.removed import NAME as REMOVED
from medsynth_engine.intake.removed import read_removed, removed_table
from medsynth_engine.intake.revise.revised_report import revised_report, revised_schema
from medsynth_engine.intake.revise.revised_tables import Change, Tables
from medsynth_engine.intake.text.mask import masked
from medsynth_engine.intake.text.verdicts import TEXT, count_unread, merged, read_verdicts
from medsynth_engine.intake.text.worker import picture
from medsynth_engine.intake.ties import NAME as TIES
from medsynth_engine.intake.worker import IMAGES, QUARANTINE
from medsynth_engine.kernel.atomic import sync_folder, write_bytes, write_json, write_with
from medsynth_engine.kernel.disk import TROUBLE, trouble
from medsynth_engine.kernel.errors import BadInput, Busy, Interrupted

Progress = Callable[[int, int | None, str], None]
Wanted = Callable[[], bool]
TICK = 256
OWN = {
    "records.parquet",
    "submissions.parquet",
    "quarantine.parquet",
    "schema.json",
    "report.json",
    HELD,
    TEXT,
    TIES,
    REMOVED,
}
"""What a revision writes. Every other file of the folder (the salt of the folds) is carried over as it is."""


def revise(
    folder: Path,
    target: Path,
    changes: Mapping[str, Change],
    key: bytes,
    progress: Progress,
    wanted: Wanted,
    verdicts: pd.DataFrame | None = None,
) -> dict[str, Any]:
    """Make the dataset folder `target`, which must not exist, from `folder` and `changes` by record.

    verdicts  what the text check says (record, pixels, verdict, boxes as JSON text) of pictures that text.parquet does
              not know yet; the row of a masked picture says `masked`

    Returns the document of the new version (report.json). The same call gives the same bytes. Raises BadInput where a
    record is not there, Busy, NoRoom, Interrupted; then there is no `target`.
    """
    if target.exists():
        raise BadInput("dataset_exists", "There is such a version already.", "Ask again.")
    staging = target.with_name(f".staging-{target.name}")
    try:
        with _emptied(staging):
            document = _made(folder, staging, changes, key, progress, wanted, verdicts)
            (staging / "lock").unlink()
            os.sync()  # the pictures must be on disk before the version appears
            staging.rename(target)
            sync_folder(target.parent)
    except OSError as error:
        short = trouble(error)
        if short is not None:
            raise short from error
        raise
    return document


@contextmanager
def _emptied(staging: Path) -> Iterator[None]:
    """An empty staging folder of ours. Links are quick: what a killed process left is made anew, not continued."""
    staging.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (staging / "lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy("revision_running", "This version is being made already.", "Wait for that to end.") from None
        for entry in staging.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            elif entry.name != "lock":
                entry.unlink()
        try:
            yield
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)  # masked pictures are a patient's too
            raise


def _made(
    folder: Path,
    staging: Path,
    changes: Mapping[str, Change],
    key: bytes,
    progress: Progress,
    wanted: Wanted,
    verdicts: pd.DataFrame | None,
) -> dict[str, Any]:
    """Everything of the new version, in the staging folder."""
    dataset = Dataset(folder)
    tables = Tables.of(folder, dataset.records())
    before = (tables.records, tables.held)
    tables.demand(changes, {one["record"] for one in read_held(folder)})
    for place in (IMAGES, QUARANTINE):
        (staging / place).mkdir(mode=0o700)
    new_pixels = {}
    for record, change in sorted(changes.items()):
        if change.decision == "mask":
            new_pixels[record] = _written(folder / tables.file(record), staging, record, change, key)
    tables.apply(changes, new_pixels)
    for record in tables.joined & set(new_pixels):
        (staging / IMAGES / f"{record}.png").unlink()
    _link(folder, staging, tables, set(new_pixels), progress, wanted)

    def parquet(table: pd.DataFrame, name: str) -> None:
        # Uncompressed, so that what is in the file can be searched for identifiers byte by byte.
        write_with(staging / name, lambda stream: table.to_parquet(stream, index=False, compression=None))

    text = _text(folder, tables, verdicts)
    submissions = _submissions(dataset.submissions(), changes, tables)
    schema = revised_schema(dataset.schema(), tables.records)
    unread = count_unread(tables.records, text)
    document = revised_report(dataset.summary(), submissions, before, (tables.records, tables.held), schema, unread)
    parquet(tables.records, "records.parquet")
    parquet(submissions, "submissions.parquet")
    if len(tables.held):
        parquet(tables.held, "quarantine.parquet")
    else:
        (staging / QUARANTINE).rmdir()
    held = _held(folder, tables.held, changes)
    if held:
        write_held(staging, held)
    if len(text):
        parquet(text, TEXT)
    removed = read_removed(folder, dataset.submissions()) | _taken_out(changes)
    if removed:
        parquet(removed_table(removed), REMOVED)
    if len(tables.ties):
        parquet(tables.ties, TIES)
    write_json(staging / "schema.json", schema)
    write_json(staging / "report.json", document)
    for path in folder.iterdir():
        if path.is_file() and path.name not in OWN:
            write_bytes(staging / path.name, path.read_bytes())
    return document


def _written(source: Path, staging: Path, record: str, change: Change, key: bytes) -> dict[str, Any]:
    """Write the masked picture; what its row says of the pixels, as the intake's worker says it."""
    pixels = masked(picture(source), change.boxes)
    (staging / IMAGES / f"{record}.png").write_bytes(checked_png(pixels, ()))
    small = thumbnail(pixels, 0)
    return {
        "pixels": keyed(key, "pixels", repr((pixels.shape, pixels.dtype.str)).encode() + pixels.tobytes()),
        "phash": np.uint64(perceptual_hash(small)),
        "blank": is_blank(small),
    }


def _link(folder: Path, staging: Path, tables: Tables, written: set[str], progress: Progress, wanted: Wanted) -> None:
    """Every other picture, as a hard link where that is possible."""
    before = {path.stem: path for place in (IMAGES, QUARANTINE) for path in (folder / place).glob("*.png")}
    files = [file for table in (tables.records, tables.held) for file in table["file"].dropna()]
    for done, file in enumerate(files):
        if done % TICK == 0:
            progress(done, len(files), "making the next version")
            if not wanted():
                raise Interrupted("interrupted", "Stopped. Nothing was changed.", "Ask for it again.")
        link = staging / file
        if link.stem in written:
            continue
        try:
            os.link(before[link.stem], link)
        except OSError as error:
            if error.errno in TROUBLE:
                raise
            link.write_bytes(before[link.stem].read_bytes())  # another file system, or one without links
    progress(len(files), len(files), "making the next version")


def _submissions(table: pd.DataFrame, changes: Mapping[str, Change], tables: Tables) -> pd.DataFrame:
    """The intake ledger with what became of the changed records."""
    if "record" not in table:
        raise BadInput("dataset_too_old", "An earlier MedSynth took this dataset in.", "Bring it in again.")
    held = dict(zip(tables.held["record"], tables.held["reason"], strict=True))
    codes = {}
    for record, change in changes.items():
        if record in tables.joined:
            codes[record] = Code.JOINS_FOLDS.value
        elif change.decision == "reject":
            codes[record] = change.reason or Code.BY_REVIEWER.value
        else:
            codes[record] = held.get(record, "")
    new = table["record"].map(codes)
    reason = new.where(new.notna(), table["reason"]).astype(table["reason"].dtype)
    result = reason.map({code: outcome(code) for code in set(reason)}).astype(table["outcome"].dtype)
    return table.assign(outcome=result, reason=reason)


def _taken_out(changes: Mapping[str, Change]) -> dict[str, str]:
    """Record -> reason of what people rejected now, whichever intake brought it."""
    return {
        record: change.reason or Code.BY_REVIEWER.value
        for record, change in changes.items()
        if change.decision == "reject"
    }


def _held(folder: Path, held: pd.DataFrame, changes: Mapping[str, Change]) -> list[dict[str, Any]]:
    """quarantine.json: what was known of pictures that stay, and what was found in those that come."""
    before = {one["record"]: one for one in read_held(folder)}
    found: dict[str, Mapping[str, Any]] = dict(before)
    for record, change in changes.items():
        if change.decision == "quarantine":
            found[record] = {"boxes": [list(box) for box in change.boxes], "read": list(change.read)}
    with_rows = set(held["record"])
    without = [one for record, one in before.items() if record not in with_rows and record not in changes]
    return sorted([*held_of(held, found), *without], key=lambda one: str(one["record"]))


def _text(folder: Path, tables: Tables, verdicts: pd.DataFrame | None) -> pd.DataFrame:
    """text.parquet: one row a picture that is still here; a masked one is known by its new pixels."""
    whole = merged(read_verdicts(folder), verdicts)
    now = pd.concat([tables.records[["record", "pixels"]], tables.held[["record", "pixels"]]]).set_index("record")
    whole = whole[whole["record"].isin(now.index)].copy()
    new = whole["record"].map(now["pixels"])
    whole.loc[new != whole["pixels"], "verdict"] = "masked"
    return whole.assign(pixels=new.astype("str")).reset_index(drop=True)
