"""`python -m medsynth_engine.gan.launch RUN_FOLDER N`: train with N processes of this machine, under `torchrun`.

The exit code is that of `medsynth_engine.gan.train`, read from what the run says of itself: torchrun only knows that
one of its processes failed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from medsynth_engine.gan.team import died
from medsynth_engine.kernel.errors import Interrupted, MedSynthError
from medsynth_engine.kernel.folders import ENDED, RunFolder


def launch(folder: RunFolder, processes: int) -> int:
    """Train until it ends; SIGTERM is passed on. A run that was left without a word says that a process died."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    before = folder.state().get("at")
    torchrun = subprocess.Popen([*command, "-m", "medsynth_engine.gan.train", str(folder.path)], env=_environment())

    def pass_on(number: int, frame: FrameType | None) -> None:
        torchrun.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, pass_on)
    code = torchrun.wait()
    state = folder.state()
    if code != 0 and (state["state"] not in (*ENDED, "paused", "interrupted") or state.get("at") == before):
        error = died(processes)
        folder.log(error.message)
        folder.set_state("failed", error={**error.document(), "exit_code": error.exit_code})
        return error.exit_code
    if state["state"] == "failed":
        return int((state.get("error") or {}).get("exit_code") or MedSynthError.exit_code)
    return Interrupted.exit_code if state["state"] == "interrupted" else 0


def _environment() -> dict[str, str]:
    """torchrun's processes find this package where we found it, and say nothing of each other's logging."""
    return {**os.environ, "TORCH_CPP_LOG_LEVEL": "ERROR"}


def main(arguments: list[str]) -> int:
    if len(arguments) != 2 or not arguments[1].isdigit() or int(arguments[1]) < 1:
        print("usage: python -m medsynth_engine.gan.launch RUN_FOLDER PROCESSES", file=sys.stderr)
        return 2
    return launch(RunFolder(Path(arguments[0])), int(arguments[1]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
