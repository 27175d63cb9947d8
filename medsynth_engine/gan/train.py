"""`python -m medsynth_engine.gan.train RUN_FOLDER`: needs nothing but the folder.

`torchrun --nproc-per-node N -m medsynth_engine.gan.train RUN_FOLDER` trains the same run with several processes.

Exit codes: 0 finished, stopped or paused; 130 interrupted after a checkpoint; 8 no room on the disk or in memory; 7
somebody else is training this folder; 4 the folder cannot be trained; 1 failed. `state.json` says which and why.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import psutil

# before torch loads its thread pool: threads that spin while they wait starve each other on a shared machine
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from medsynth_engine.gan.heed import Wished
from medsynth_engine.gan.memory import no_memory, out_of_memory
from medsynth_engine.gan.private import limits
from medsynth_engine.gan.team import Alone, gather, leave
from medsynth_engine.gan.trainer import Trainer
from medsynth_engine.kernel.atomic import sweep
from medsynth_engine.kernel.disk import trouble
from medsynth_engine.kernel.errors import Busy, Interrupted, MedSynthError, NoRoom, NotFound
from medsynth_engine.kernel.folders import RunFolder

if TYPE_CHECKING:
    from medsynth_engine.gan.private.trainer import PrivateTrainer

RESERVE_BYTES = 64 * 1024
"""Set aside while training, and given back when the disk is full: so that it can be said."""


def train(folder: RunFolder) -> int:
    """Train `folder` in this process until it ends; returns the exit code. What went wrong stands in its state."""
    if not folder.path.is_dir():
        raise NotFound("no_run", "There is no such run folder.")
    started = psutil.Process().create_time() if _is_main() else time.time()
    first = os.environ.get("RANK", "0") == "0"
    previous = signal.signal(signal.SIGTERM, _too_early)
    try:
        with _kept_for_us(folder) if first else nullcontext():
            return _train(folder, started, first)
    finally:
        signal.signal(signal.SIGTERM, previous)


def _train(folder: RunFolder, started: float, first: bool) -> int:
    team = Alone()
    try:
        if first:
            _reserve(folder).write_bytes(os.urandom(RESERVE_BYTES))
            folder.set_state("running", pid=os.getpid(), error=None)
        team = gather()
        state = _trainer(folder, started, team).run()
    except Wished as asked:
        if first:
            folder.log(asked.message)
        return asked.exit_code
    except Interrupted:
        if first:
            folder.set_state("interrupted")
        return 130
    except Exception as error:  # noqa: BLE001 - nobody watches this process: a sentence must reach the state
        said = _sentence(folder, error)
        _failed(folder, said)
        return said.exit_code if said.exit_code in (4, 8) else 1
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # what became of the run is written, and we are leaving
        leave()
    return 130 if state == "interrupted" else 0


def _trainer(folder: RunFolder, started: float, team: Alone) -> Trainer | PrivateTrainer:
    if not limits.wanted(folder.config()):
        return Trainer(folder, started, team)
    from medsynth_engine.gan.private.trainer import PrivateTrainer  # scipy, which only a promise is counted with

    return PrivateTrainer(folder, started, team)


@contextmanager
def _kept_for_us(folder: RunFolder) -> Iterator[None]:
    """Alone in the folder, and what a killed process left in it put right. Raises Busy where another one trains it."""
    with (folder.path / ".training").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Busy("already_training", "Another process is training this run.", "Wait, or stop it.") from error
        sweep(folder.path)
        _end_last_line(folder.stream)
        try:
            yield
        finally:
            _reserve(folder).unlink(missing_ok=True)


def _end_last_line(stream: Path) -> None:
    """A line that was cut by a kill or a full disk is nobody's; the next one must not be appended to it."""
    with suppress(FileNotFoundError), stream.open("r+b") as lines:
        if lines.seek(0, os.SEEK_END) and (lines.seek(-1, os.SEEK_END), lines.read(1))[1] != b"\n":
            lines.write(b"\n")


def _sentence(folder: RunFolder, error: Exception) -> MedSynthError:
    """What went wrong as something a person can act on. What is nobody's fault but ours is told to the log."""
    if isinstance(error, MedSynthError):
        return error
    if out_of_memory(error):
        return no_memory()
    short = trouble(error, "the last good checkpoint is kept")  # torch says in its own words that a write failed
    if short is not None:
        return short
    with suppress(OSError):
        folder.log(f"unexpected {type(error).__name__} at {where(error)}")
    return MedSynthError("unexpected", "Training ended unexpectedly.", "The run's log.txt says more.")


def _failed(folder: RunFolder, error: MedSynthError) -> None:
    """Say so, also where the disk is full. Who only saw another process go leaves the word to that one."""
    _reserve(folder).unlink(missing_ok=True)
    if error.code == "process_died" and folder.state()["state"] in ("failed", "stopped", "paused"):
        return
    with suppress(OSError):
        folder.log(error.message)
    with suppress(OSError, NoRoom):
        folder.set_state("failed", error={**error.document(), "exit_code": error.exit_code})


def _reserve(folder: RunFolder) -> Path:
    return folder.path / ".reserve"


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
