"""A cell of the comparison: one data set, peer, size, seed, clock. Each is run in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from medsynth_engine.kernel.atomic import write_json
from peers.clock import one_clock

BENCHMARKS = Path(__file__).resolve().parents[1]
TRACKS = ("quality", "throughput", "resume")


@dataclass(frozen=True)
class Cell:
    """seconds  of `clock`: for training (quality), at most for measuring (throughput), for ours (resume)
    size     `own` or `matched`
    batch    real images a cycle; None: the peer's own choice
    """

    track: str
    dataset: str
    side: int
    peer: str
    size: str
    seed: int
    clock: str
    seconds: float
    threads: int
    device: str
    batch: int | None = None

    @property
    def name(self) -> str:
        batch = f"-b{self.batch}" if self.batch else ""
        return (
            f"{self.track}-{self.dataset}-{self.side}px-{self.peer}-{self.size}{batch}-{self.seconds:g}s-{self.clock}"
            f"-{self.device}x{self.threads}-seed{self.seed}"
        )


def done(cell: Cell, results: Path) -> bool:
    return (results / f"{cell.name}.json").exists()


def run(cell: Cell, results: Path, work: Path, peer_path: Path | None) -> int:
    """Run `cell` in a child process; its exit code. The result is in `results` only where it is whole."""
    order = {
        "cell": asdict(cell),
        "results": str(results.resolve()),
        "work": str(work.resolve()),
        "peer_path": str(peer_path.resolve()) if peer_path else None,
    }
    results.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "order.json"
        write_json(file, order)
        places = (str(BENCHMARKS.parent), str(BENCHMARKS))
        environment = {**one_clock(cell.threads), "PYTHONPATH": os.pathsep.join(places)}
        return subprocess.run([sys.executable, "-m", "peers", str(file)], env=environment, check=False).returncode
