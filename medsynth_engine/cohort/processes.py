"""Shards of a cohort drawn by processes of this machine: a GPU each, or a share of the cores."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from medsynth_engine.cohort.pictures import cores
from medsynth_engine.cohort.shard import LIFELINE
from medsynth_engine.cohort.shards import lost, write_order

GRACE = 20.0
"""Seconds that a process gets to end after SIGTERM."""


class Processes:
    """A crew (`shards.Crew`) of `count` processes that draw with the weights file `generator`; they end with this one.

    gpus  names of the CUDA devices that they share out; empty where they draw on the cores
    """

    def __init__(self, count: int, generator: Path, gpus: Sequence[str] = ()) -> None:
        self.shards = count
        self._generator, self._gpus = generator, gpus
        self._workers: list[subprocess.Popen[bytes]] = []

    def begin(self, staging: Path, order: dict[str, Any]) -> Path:
        write_order(staging, order, self._generator)
        for number in range(order["shards"]):
            command = [sys.executable, "-P", "-m", "medsynth_engine.cohort.shard", str(staging), str(number)]
            environment = self._environment(number, order["shards"])
            self._workers.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, env=environment))
        return staging

    def _environment(self, number: int, count: int) -> dict[str, str]:
        threads = {"MEDSYNTH_THREADS": str(max(1, cores() // count)), LIFELINE: str(os.getpid())}
        gpu = {"CUDA_VISIBLE_DEVICES": self._gpus[number % len(self._gpus)]} if self._gpus else {}
        return {**os.environ, **threads, **gpu}

    def at_work(self) -> bool:
        codes = [worker.poll() for worker in self._workers]
        if any(code is not None and code < 0 for code in codes) or 1 in codes:
            raise lost()
        return any(code is None for code in codes)

    def bring(self, staging: Path) -> None:
        """They drew where the cohort is staged."""

    def end(self) -> None:
        for worker in self._workers:
            if worker.poll() is None:
                worker.terminate()
        for worker in self._workers:
            try:
                worker.wait(GRACE)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
