"""`python -m medsynth_engine.gan.launch RUN_FOLDER N`: train with N processes of this machine, under `torchrun`.

The exit code is that of `medsynth_engine.gan.train`, read from what the run says of itself: torchrun only knows that
one of its processes failed.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

from medsynth_engine.gan.team import LAUNCHER, died
from medsynth_engine.kernel.errors import Busy, Interrupted, MedSynthError, NotFound
from medsynth_engine.kernel.folders import ENDED, RunFolder

GRACE = 300
"""Seconds that torchrun gives its processes to end after a signal: one of them may be in an evaluation."""
LEAVING = 120
"""Seconds that processes get to leave once torchrun itself was killed: they notice, and write a checkpoint."""


def launch(folder: RunFolder, processes: int) -> int:
    """Train until it ends; SIGTERM is passed on. A run that was left without a word says that a process died.

    Raises NotFound where there is no folder; Busy where somebody else trains it: to that run nothing is written.
    """
    if not folder.path.is_dir():
        raise NotFound("no_run", "There is no such run folder.")
    _demand_free(folder)
    before = folder.state().get("at")
    code, asked = _torchrun(folder, processes)
    if code != 0:
        _demand_free(folder, LEAVING if code < 0 else 0)
    state = folder.state()
    if code != 0 and (state["state"] not in (*ENDED, "paused", "interrupted") or state.get("at") == before):
        if asked:
            folder.set_state("interrupted")
            return Interrupted.exit_code
        error = died(processes)
        folder.log(error.message)
        folder.set_state("failed", error={**error.document(), "exit_code": error.exit_code})
        return error.exit_code
    if state["state"] == "failed":
        return int((state.get("error") or {}).get("exit_code") or MedSynthError.exit_code)
    return Interrupted.exit_code if state["state"] == "interrupted" else 0


def _torchrun(folder: RunFolder, processes: int) -> tuple[int, bool]:
    """Its exit code, and whether we were asked to end. No signal is lost, also while it is being started."""
    heard: list[int] = []
    torchrun: subprocess.Popen[bytes] | None = None

    def pass_on(number: int, frame: FrameType | None) -> None:
        heard.append(number)
        if torchrun is not None:
            torchrun.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, pass_on)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    command += [f"--shutdown-timeout={GRACE}", "-m", "medsynth_engine.gan.train", str(folder.path)]
    torchrun = subprocess.Popen(command, env=_environment())
    if heard:
        torchrun.send_signal(heard[-1])
    return torchrun.wait(), bool(heard)


def _demand_free(folder: RunFolder, seconds: float = 0) -> None:
    """Raise Busy where a process still trains the folder after so many seconds."""
    end = time.monotonic() + seconds
    with (folder.path / ".training").open("w") as lock:
        while True:
            try:
                return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if time.monotonic() >= end:
                    busy = Busy("already_training", "Another process is training this run.", "Wait, or stop it.")
                    raise busy from error
            time.sleep(0.2)


def _environment() -> dict[str, str]:
    """torchrun's processes find this package where we found it, say nothing of each other's logging, and know us."""
    return {**os.environ, "TORCH_CPP_LOG_LEVEL": "ERROR", LAUNCHER: str(os.getpid())}


def main(arguments: list[str]) -> int:
    if len(arguments) != 2 or not arguments[1].isdigit() or int(arguments[1]) < 1:
        print("usage: python -m medsynth_engine.gan.launch RUN_FOLDER PROCESSES", file=sys.stderr)
        return 2
    try:
        return launch(RunFolder(Path(arguments[0])), int(arguments[1]))
    except MedSynthError as error:
        print(error.message, error.hint, file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
