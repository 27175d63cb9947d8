"""Training in a process of its own, under limits: `python gan_apart.py RUN_FOLDER as|data BYTES` (0: no limit).

Prints what it took, as one JSON object: exit code, largest virtual and resident size in bytes. With `as` oneDNN is off:
after a failure glibc keeps the addresses of what was freed, and oneDNN then finds none for its next primitive.
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


def train_apart(folder: Path, limit: str = "as", most: int = 0) -> Took:
    """Train `folder` in a process that may take `most` bytes."""
    environment = {**os.environ, "MEDSYNTH_THREADS": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, __file__, str(folder), limit, str(most)]
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600)
    return Took(**json.loads(ended.stdout.splitlines()[-1]), said=ended.stderr)


def main() -> None:
    import torch

    from medsynth_engine.gan.train import train
    from medsynth_engine.kernel.folders import RunFolder

    torch.backends.mkldnn.enabled = sys.argv[2] != "as"
    if int(sys.argv[3]):
        resource.setrlimit(LIMITS[sys.argv[2]], (int(sys.argv[3]), resource.RLIM_INFINITY))
    code = train(RunFolder(Path(sys.argv[1])))
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    sizes = {name: 1024 * int(status[key].split()[0]) for name, key in (("virtual", "VmPeak"), ("resident", "VmHWM"))}
    print(json.dumps({"code": code, **sizes}))


if __name__ == "__main__":
    main()
