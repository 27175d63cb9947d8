"""`python -m medsynth_engine.gan.train RUN_FOLDER`: needs nothing but the folder.

Exit codes: 0 finished, stopped or paused; 130 interrupted after a checkpoint; 8 no room on the disk or in memory; 7
somebody else is training this folder; 4 the folder cannot be trained; 1 failed. `state.json` says which and why.
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from types import FrameType

import psutil

# before torch loads its thread pool: threads that spin while they wait starve each other on a shared machine
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from medsynth_engine.gan.trainer import Trainer
from medsynth_engine.kernel.atomic import sweep
from medsynth_engine.kernel.errors import Busy, Interrupted, MedSynthError, NoRoom, NotFound
from medsynth_engine.kernel.folders import RunFolder

FULL = (errno.ENOSPC, errno.EDQUOT)


def train(folder: RunFolder) -> int:
    """Train `folder` in this process until it ends; returns the exit code. What went wrong stands in its state."""
    if not folder.path.is_dir():
        raise NotFound("no_run", "There is no such run folder.")
    started = psutil.Process().create_time() if _is_main() else time.time()
    with (folder.path / ".training").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Busy("already_training", "Another process is training this run.", "Wait, or stop it.") from error
        sweep(folder.path)
        previous = signal.signal(signal.SIGTERM, _too_early)
        try:
            folder.set_state("running", pid=os.getpid(), error=None)
            state = Trainer(folder, started).run()
        except Interrupted:
            folder.set_state("interrupted")
            return 130
        except MedSynthError as error:
            _failed(folder, error)
            return error.exit_code if error.exit_code in (4, 8) else 1
        except Exception as error:  # noqa: BLE001 - nobody watches this process: a sentence must reach the state
            folder.log(f"unexpected {type(error).__name__} at {where(error)}")
            if isinstance(error, OSError) and error.errno in FULL:
                _failed(
                    folder,
                    NoRoom("disk_full", "The disk is full; the last good checkpoint is kept.", "Free some space."),
                )
                return NoRoom.exit_code
            _failed(folder, MedSynthError("unexpected", "Training ended unexpectedly.", "The run's log.txt says more."))
            return 1
        finally:
            signal.signal(signal.SIGTERM, previous)
    return 130 if state == "interrupted" else 0


def _failed(folder: RunFolder, error: MedSynthError) -> None:
    """Say so, even where the disk is full: a small file may still find room."""
    folder.log(error.message)
    try:
        folder.set_state("failed", error=error.document())
    except NoRoom:
        (folder.path / "state.json").write_text('{"state": "failed", "error": {"code": "disk_full"}}')


def _too_early(number: int, frame: FrameType | None) -> None:
    """Asked to end before there is anything to save."""
    raise Interrupted("interrupted", "Training was interrupted before it began.")


def where(error: BaseException) -> str:
    """The lines of ours that an error went through, without what it says: that may quote data."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames[-6:]))


def _is_main() -> bool:
    return sys.argv[:1] == [__file__]


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m medsynth_engine.gan.train RUN_FOLDER", file=sys.stderr)
        return 2
    try:
        return train(RunFolder(Path(arguments[0])))
    except MedSynthError as error:
        print(error.message, error.hint, file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
