"""The main of a job's step: runs the work, and says how it ended in files that outlive the process.

`result.json` or `error.json`, and `step.json` (which step, which exit code): so that also a supervisor that did not
start the process can tell how it ended.
"""

from __future__ import annotations

import os
import secrets
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from db.errors import LedgerBusy, LedgerConflict, LedgerError, LedgerFull, LedgerMissing
from medsynth_engine.jobs.cap import fenced, over
from medsynth_engine.kernel.atomic import write_json, write_text
from medsynth_engine.kernel.disk import trouble
from medsynth_engine.kernel.errors import (
    Busy,
    Interrupted,
    MedSynthError,
    NoRoom,
    NotFound,
    Refused,
)
from medsynth_engine.kernel.folders import JobFolder
from medsynth_engine.kernel.home import Home, default_home

LINES_PER_SECOND = 4
LOOK_EVERY = 0.25
NO_MEMORY = ("out of memory", "allocate memory", "bad_alloc")
"""How torch says it, which knows no MemoryError; this file knows no torch."""
_terminated = False


def main(work: Callable[[JobFolder], dict[str, Any] | None]) -> None:
    """Do `work` on the folder named by the first argument, and exit with the exit code of the contract."""
    os.umask(0o077)
    folder = JobFolder(Path(sys.argv[1]))
    signal.signal(signal.SIGTERM, _on_terminate)
    sys.excepthook = lambda kind, error, trace: _unexpected(folder, kind, trace)
    try:
        result = work(folder)
        if result is not None:
            folder.set_result(result)
        code = 0
    except MedSynthError as error:
        code = _say_why(folder, error)
    except LedgerError as error:
        code = _say_why(folder, translated(error))
    except OSError as error:
        short = trouble(error, "the work was not done")
        if short is None:
            raise
        code = _say_why(folder, short)
    except MemoryError:
        code = _say_why(folder, over(fenced()))
    except RuntimeError as error:
        if not any(words in str(error).lower() for words in NO_MEMORY):
            raise
        code = _say_why(folder, over(fenced()))
    except KeyboardInterrupt:
        code = _say_why(folder, Interrupted("interrupted", "The work was interrupted.", "Ask for it again."))
    _leave(folder, code)
    sys.exit(code)


def progress(folder: JobFolder, unit: str = "") -> Callable[[int, int | None, str], None]:
    """`progress(done, total, say)`: at most four lines a second; the first, the last and each new step are written."""
    last_at, last_say = 0.0, ""

    def say_progress(done: int, total: int | None, say: str = "") -> None:
        nonlocal last_at, last_say
        moment = time.monotonic()
        if moment - last_at >= 1 / LINES_PER_SECOND or done == total or (last_at == 0):
            folder.progress(done, total, unit, say or last_say)
            last_at = moment
        last_say = say or last_say

    return say_progress


def wanted(folder: JobFolder) -> Callable[[], bool]:
    """`wanted()` turns False, and stays so, when the job is to stop. Cheap enough to ask for every record."""
    looked_at, still = -LOOK_EVERY, True

    def ask() -> bool:
        nonlocal looked_at, still
        moment = time.monotonic()
        if still and moment - looked_at >= LOOK_EVERY:
            looked_at, still = moment, folder.wish() != "stop"
        still = still and not _terminated
        return still

    return ask


def translated(error: LedgerError) -> MedSynthError:
    """The ledger knows no engine; its errors become ours here."""
    families: dict[type[LedgerError], type[MedSynthError]] = {
        LedgerBusy: Busy,
        LedgerConflict: Busy,
        LedgerFull: NoRoom,
        LedgerMissing: NotFound,
    }
    return families.get(type(error), MedSynthError)(error.code, error.message, error.hint)


def error_document(error: MedSynthError) -> dict[str, Any]:
    """What `error.json` holds."""
    document: dict[str, Any] = {**error.document(), "exit_code": error.exit_code}
    if isinstance(error, Refused):
        document["reasons"] = error.reasons
    return document


def _say_why(folder: JobFolder, error: MedSynthError) -> int:
    with suppress(NoRoom):  # on a full disk the exit code alone has to do
        write_json(folder.path / "error.json", error_document(error))
    return error.exit_code


def _leave(folder: JobFolder, code: int) -> None:
    with suppress(NoRoom):
        write_json(folder.path / "step.json", {"step": int(os.environ.get("MEDSYNTH_STEP", "0")), "exit": code})


def _on_terminate(_number: int, _frame: object) -> None:
    global _terminated
    _terminated = True


def _unexpected(folder: JobFolder, kind: type[BaseException], trace: TracebackType | None) -> None:
    """A defect of ours: where it happened goes to a private file. Not the message: it may quote a person's data."""
    reference = secrets.token_hex(4)
    frames = "".join(traceback.format_list(traceback.extract_tb(trace)))
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    logs = Home(default_home()).logs
    text = f"{stamp} {folder.name}\n{frames}{kind.__module__}.{kind.__name__}\n"
    with suppress(NoRoom):
        write_text(logs / f"unexpected-{reference}.txt", text)
    error = MedSynthError(
        "unexpected",
        "Something went wrong that should not have.",
        f"Where it happened is in data/logs/unexpected-{reference}.txt of the store; quote {reference}.",
    )
    _leave(folder, _say_why(folder, error))
