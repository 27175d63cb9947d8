"""`python -m medsynth_engine.jobs.slurm_node RUN_FOLDER PROCESSES`: what a Slurm job does for a run.

On the other machine it trains the folder as anywhere else, in turns (`stint`). It knows no ledger.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from medsynth_engine.jobs.stint import Stint
from medsynth_engine.kernel.errors import Interrupted, MedSynthError
from medsynth_engine.kernel.folders import RunFolder


class Training(Stint):
    """One turn of a training, to its end or to the next checkpoint."""

    def __init__(self, folder: RunFolder, processes: int) -> None:
        several = ["medsynth_engine.gan.launch", str(folder.path), str(processes)]
        super().__init__(several if processes > 1 else ["medsynth_engine.gan.train", str(folder.path)], processes)
        self.folder, self.before = folder, kept_kimg(folder)
        folder.log(f"Slurm job {self.job} {'goes on' if self.again else 'begins'}.")

    def goes_on_later(self) -> int | None:
        """Where something was learned since the last time: else it would go round for ever."""
        if self.folder.wish() != "run":
            return Interrupted.exit_code
        if kept_kimg(self.folder) <= self.before:
            return too_short(self.folder)
        self.folder.set_state("queued")
        self.folder.log("The time limit is near: a checkpoint is written, and the rest waits for the next turn.")
        return None


def kept_kimg(folder: RunFolder) -> float:
    """Thousand images that the last checkpoint has seen; 0 where there is none that learned anything."""
    kept = [line.get("kimg") for line in folder.metrics() if line.get("what") == "checkpoint"]
    return float(kept[-1] or 0) if kept else 0.0


def too_short(folder: RunFolder) -> int:
    """Say that no limit this short will do; the exit code."""
    error = MedSynthError(
        "time_too_short",
        "The time limit of a Slurm job ended before anything was learned that could be kept.",
        "Give it a longer `time` in data/cluster.toml, then resume the run.",
    )
    folder.log(error.message)
    folder.set_state("failed", error={**error.document(), "exit_code": error.exit_code})
    return error.exit_code


def main(arguments: list[str]) -> int:
    if len(arguments) != 2 or not arguments[1].isdigit() or int(arguments[1]) < 1:
        print("usage: python -m medsynth_engine.jobs.slurm_node RUN_FOLDER PROCESSES", file=sys.stderr)
        return 2
    os.umask(0o077)
    folder = RunFolder(Path(arguments[0]))
    if not folder.path.is_dir():
        print("There is no such run folder here: is it on a disk that both machines see?", file=sys.stderr)
        return 6
    return Training(folder, int(arguments[1])).work()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
