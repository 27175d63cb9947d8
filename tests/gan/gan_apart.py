"""Training in a process of its own, under limits: `python gan_apart.py RUN_FOLDER [as|data BYTES]`.

Prints what it took, as one JSON object: exit code, largest virtual and resident size in bytes.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

LIMITS = {"as": resource.RLIMIT_AS, "data": resource.RLIMIT_DATA}


@dataclass(frozen=True)
class Took:
    code: int
    virtual: int
    resident: int
    said: str


def train_apart(folder: Path, limit: str = "as", most: int | None = None) -> Took:
    """Train `folder` in a process that may take `most` bytes."""
    more = [] if most is None else [limit, str(most)]
    environment = {**os.environ, "MEDSYNTH_THREADS": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, __file__, str(folder), *more]
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600)
    return Took(**json.loads(ended.stdout.splitlines()[-1]), said=ended.stderr)


def main() -> None:
    from medsynth_engine.gan.train import train
    from medsynth_engine.kernel.folders import RunFolder

    if len(sys.argv) > 2:
        resource.setrlimit(LIMITS[sys.argv[2]], (int(sys.argv[3]), resource.RLIM_INFINITY))
    code = train(RunFolder(Path(sys.argv[1])))
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    sizes = {name: 1024 * int(status[key].split()[0]) for name, key in (("virtual", "VmPeak"), ("resident", "VmHWM"))}
    print(json.dumps({"code": code, **sizes}))


if __name__ == "__main__":
    main()
