"""`python -m medsynth_engine.jobs.slurm_shard FOLDER`: what one job of an array does for a cohort, in turns (`stint`).

Which shard it draws is the job's place in the array.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from medsynth_engine.jobs.stint import Stint
from medsynth_engine.kernel.atomic import read_json, write_json
from medsynth_engine.kernel.errors import MedSynthError

DESK = ".shards"
"""As `cohort.shards` has it, which this room does not know."""


class Shard(Stint):
    """One turn of a shard, to its end or to the last image that is safe on the disk."""

    def __init__(self, folder: Path, number: int) -> None:
        super().__init__(["medsynth_engine.cohort.shard", str(folder), str(number)])
        self.desk, self.number = folder / DESK, number
        self.before = self._kept()

    def goes_on_later(self) -> int | None:
        if self._kept() > self.before:
            return None
        error = MedSynthError(
            "time_too_short",
            "The time limit of a Slurm job ended before it had drawn anything.",
            "Give it a longer `time` in data/cluster.toml, or use more processes.",
        )
        write_json(self.desk / f"{self.number}.error.json", {**error.document(), "exit_code": error.exit_code})
        return error.exit_code

    def _kept(self) -> int:
        return int((read_json(self.desk / f"{self.number}.kept.json") or {}).get("kept", 0))


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m medsynth_engine.jobs.slurm_shard FOLDER", file=sys.stderr)
        return 2
    os.umask(0o077)
    return Shard(Path(arguments[0]), int(os.environ.get("SLURM_ARRAY_TASK_ID", "0"))).work()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
