"""Where things leave: the hidden folder that a job fills beside its target, and what kills left of such work."""

from __future__ import annotations

import re
import shutil
import stat
import time
from contextlib import suppress
from pathlib import Path

from sqlmodel import col, select

from db.tables import Job
from medsynth_engine.kernel.atomic import TEMPORARY
from medsynth_engine.operations.declare import Call

LETS_OUT = ("export", "export_weights", "bundle")
"""Kinds of jobs that write into a folder which a person named (`target`)."""
MAY_LEAVE_HALF = ("failed", "interrupted", "stopped")
HALF_A_FILE = re.compile(re.escape(TEMPORARY) + r"[0-9a-f]{12}-.+")
"""As `kernel.atomic` calls a file where the system cannot keep it nameless until it is whole."""
DEAD_SECONDS = 3600.0
"""What is being written changes all the time; half a file that did not for so long is of a process that was killed."""


def hidden_folder(target: Path, job_folder: str) -> Path:
    """Where a job makes what leaves: on the target's disk, and out of sight until its release is recorded."""
    return target / f".leaving-{job_folder}"


def sweep_half_out(call: Call) -> None:
    """Remove what killed jobs and processes left where things leave, and half-written files where things are kept.
    Cheap where there is nothing."""
    with call.read() as session:
        broken = session.exec(
            select(Job.arguments, Job.folder).where(col(Job.kind).in_(LETS_OUT), col(Job.state).in_(MAY_LEAVE_HALF))
        ).all()
    for arguments, folder in broken:
        left = hidden_folder(Path(arguments.get("target") or call.home.outbox), folder)
        with suppress(OSError):  # a disk that is out, another account's, a server that does not answer: another look
            if stat.S_ISDIR(left.lstat().st_mode):
                shutil.rmtree(left, ignore_errors=True)
    home = call.home
    for place in {home.generated, home.outbox, home.weights, home.datasets, home.runs, home.cohorts, home.jobs}:
        for half in _halves(place):
            with suppress(OSError):  # gone meanwhile, by another look than ours, or on a disk that is read alone
                if _dead(half):
                    half.unlink()


def _halves(place: Path) -> list[Path]:
    try:
        return [half for half in place.glob(f"{TEMPORARY}*") if HALF_A_FILE.fullmatch(half.name)]
    except OSError:
        return []


def _dead(half: Path) -> bool:
    """A plain file that has long not changed. What is newer than our clock is being written where clocks differ."""
    status = half.lstat()
    return stat.S_ISREG(status.st_mode) and time.time() - status.st_mtime > DEAD_SECONDS
