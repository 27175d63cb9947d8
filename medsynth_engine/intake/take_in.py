"""The two verbs of the room: `scan` looks and stores nothing, `take_in` makes a dataset folder or continues one.

A dataset appears by one rename of its staging folder, after everything in it is on disk. Until then the staging folder
holds de-identified pictures and a journal only, and the same call continues it.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from medsynth_engine.intake.answers import LEFT, Progress, Wanted, answers_of
from medsynth_engine.intake.append import Earlier
from medsynth_engine.intake.build import Built, build
from medsynth_engine.intake.held import held_of, write_held
from medsynth_engine.intake.journal import Journal, item_key
from medsynth_engine.intake.known import Known
from medsynth_engine.intake.options import Options
from medsynth_engine.intake.plan import Plan, make_plan
from medsynth_engine.intake.pseudonym import keyed
from medsynth_engine.intake.reasons import Code, sentence
from medsynth_engine.intake.removed import NAME as REMOVED
from medsynth_engine.intake.report.report import to_keep
from medsynth_engine.intake.ties import NAME as TIES
from medsynth_engine.intake.worker import IMAGES, QUARANTINE
from medsynth_engine.kernel.atomic import sweep, sync_folder, write_json, write_with
from medsynth_engine.kernel.disk import trouble
from medsynth_engine.kernel.errors import BadInput, Busy, Interrupted
from medsynth_engine.kernel.store_key import KEY_BYTES

FORMAT = 2


def scan(
    source: Path, options: Options, progress: Progress, wanted: Wanted, key: bytes | None = None
) -> dict[str, Any]:
    """Decode everything, store nothing, and say what would be taken, scrubbed and refused.

    Returns the document of `datasets scan`. Without the store's `key` the folds are drawn with a passing one, so their
    sizes are typical, not final. Raises BadInput, Interrupted.
    """
    progress(0, None, "looking at the files")
    key = key or secrets.token_bytes(KEY_BYTES)
    plan = make_plan(source, options, key)
    return _built(plan, options, Journal(None), None, key, progress, wanted, Known())[0].document


def take_in(
    source: Path,
    options: Options,
    target: Path,
    key: bytes,
    progress: Progress,
    wanted: Wanted,
    earlier: Path | None = None,
) -> dict[str, Any]:
    """Make the dataset folder `target`, which must not exist yet; see docs/rooms.md for what it holds.

    key       the store's secret, from `store_key.load_key`
    progress  called with (done, total or None, what is being done), never with a name of a file
    wanted    turns False to stop; what is done stays in the staging folder and the same call continues
    earlier   the folder of the dataset that this one is a new version of; it is left as it is

    Returns the document of `datasets add`. Raises BadInput (nothing is stored), Busy (another process is at it),
    NoRoom, Interrupted.
    """
    if target.exists():
        raise BadInput("dataset_exists", "There is a dataset of that name already.", "Choose another name.")
    progress(0, None, "looking at the files")
    plan = make_plan(source, options, key)
    before = Earlier.of(earlier) if earlier is not None else None
    known = Known.of(earlier, key, options)
    staging = staging_of(target)
    try:
        with _staged(staging, _fingerprint(source, options, key)):
            journal = Journal(staging)
            try:
                journal.resume(key)
                built, answers = _built(plan, options, journal, staging, key, progress, wanted, known, before)
            finally:
                journal.close()
            if not built.document["accepted"] and not built.document["quarantined"]:
                raise _nothing(built.document["reasons"])
            progress(len(plan.items), len(plan.items), "writing the dataset")
            if before is not None:
                before.carry_over(staging)
            if not plan.table_alone:
                known.add(_codes(plan, answers, built, key))
            known.write(staging)
            _finish(staging, target, built)
    except OSError as error:
        short = trouble(error, LEFT)
        if short is not None:
            raise short from error
        raise
    return built.document


def staging_of(target: Path) -> Path:
    """Where unfinished work on `target` lies."""
    return target.with_name(f".staging-{target.name}")


def discard(target: Path) -> bool:
    """Remove unfinished work on `target`; whether there was any. Raises Busy while another process is at it."""
    staging = staging_of(target)
    if not staging.exists():
        return False
    with _lock(staging):
        shutil.rmtree(staging)
    return True


def _nothing(reasons: dict[str, int]) -> BadInput:
    why = " ".join(f"{count} x {sentence(code)}" for code, count in list(reasons.items())[:3]) or "Check the source."
    if Code.ALREADY_THERE in reasons:
        return BadInput("nothing_new", "There is nothing new in it; the dataset stays as it is.", why)
    return BadInput("nothing_taken", "None of the files could be taken.", why)


def _fingerprint(source: Path, options: Options, key: bytes) -> str:
    """What must be the same for unfinished pictures to be used: how they are decoded, not how the table is read."""
    asked = (options.characteristics, options.slices, options.axis, options.faces, options.limits.image_pixels)
    said = [FORMAT, str(source.resolve()), *asked]
    return keyed(key, "intake", json.dumps(said, default=str))


@contextmanager
def _lock(staging: Path) -> Iterator[None]:
    """Held by the process that works in the folder, and gone with it, also after kill -9."""
    with (staging / "lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy("intake_running", "This dataset is being taken in already.", "Wait for that to end.") from None
        yield


@contextmanager
def _staged(staging: Path, fingerprint: str) -> Iterator[None]:
    """A staging folder of ours, emptied where it belongs to other work; removed again where the input was bad."""
    staging.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _lock(staging):
        mark = staging / "intake.json"
        known = json.loads(mark.read_text()) if mark.exists() else None
        if known != {"fingerprint": fingerprint}:
            for entry in staging.iterdir():
                if entry.is_dir():
                    shutil.rmtree(entry)
                elif entry.name != "lock":
                    entry.unlink()
        sweep(staging)
        for folder in (IMAGES, QUARANTINE):
            (staging / folder).mkdir(exist_ok=True, mode=0o700)
        write_json(mark, {"fingerprint": fingerprint})
        try:
            yield
        except BadInput:
            shutil.rmtree(staging, ignore_errors=True)
            raise


def _built(
    plan: Plan,
    options: Options,
    journal: Journal,
    store: Path | None,
    key: bytes,
    progress: Progress,
    wanted: Wanted,
    known: Known,
    earlier: Earlier | None = None,
) -> tuple[Built, list[dict[str, Any]]]:
    answers = answers_of(plan, options, journal, store, key, progress, wanted, known)

    def attentive(done: int, total: int | None, say: str) -> None:
        if not wanted():
            raise Interrupted("interrupted", "Stopped. Nothing half done is left.", "The same command continues.")
        progress(done, total, say)

    return build(plan, answers, journal.thumbnails, key, options.name, attentive, earlier), answers


def _codes(plan: Plan, answers: list[dict[str, Any]], built: Built, key: bytes) -> dict[str, list[str]]:
    """What became of each item's pictures in the end, by the item's key; refused ones are not opened anyway."""
    keys = {item.ordinal: item_key(key, item) for item in plan.items if item.refused is None}
    codes: dict[str, list[str]] = {}
    for answer, code in zip(answers, built.submissions["reason"], strict=True):
        if answer["ordinal"] in keys:
            codes.setdefault(keys[answer["ordinal"]], []).append(code)
    return codes


def _finish(staging: Path, target: Path, built: Built) -> None:
    """Write the tables, remove what does not belong, make everything durable, and let the dataset appear."""
    belongs = {str(file) for table in (built.records, built.quarantined) for file in table["file"].dropna()}
    for folder in (IMAGES, QUARANTINE):
        for path in (staging / folder).iterdir():
            if f"{folder}/{path.name}" not in belongs:
                path.unlink()
    quarantine = staging / QUARANTINE
    if not any(quarantine.iterdir()):
        quarantine.rmdir()
    else:
        write_with(staging / "quarantine.parquet", lambda stream: _parquet(built.quarantined, stream))
        write_held(staging, held_of(built.quarantined))
    write_with(staging / "records.parquet", lambda stream: _parquet(built.records, stream))
    write_with(staging / "submissions.parquet", lambda stream: _parquet(built.submissions, stream))
    if len(built.ties):
        write_with(staging / TIES, lambda stream: _parquet(built.ties, stream))
    if len(built.removed):
        write_with(staging / REMOVED, lambda stream: _parquet(built.removed, stream))
    write_json(staging / "schema.json", built.schema)
    write_json(staging / "folds.json", {"salt": built.salt})
    write_json(staging / "report.json", to_keep(built.document))
    for name in ("journal.jsonl", "thumbnails.u8", "intake.json", "lock"):
        (staging / name).unlink(missing_ok=True)
    if belongs:
        os.sync()  # one call instead of ten thousand: the pictures must be on disk before the dataset appears
    sync_folder(staging)
    staging.rename(target)
    sync_folder(target.parent)


def _parquet(table: Any, stream: Any) -> None:
    """Uncompressed, so that what is in the file can be searched for identifiers byte by byte."""
    table.to_parquet(stream, index=False, compression=None)
