"""Who draws a cohort's images where several shall: processes of this machine, or an array of jobs on a cluster."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medsynth_engine.cohort.processes import Processes
from medsynth_engine.cohort.shards import Crew, lost, write_order
from medsynth_engine.jobs import slurm
from medsynth_engine.jobs.cluster_file import Cluster, cluster
from medsynth_engine.kernel.errors import NoRoom
from medsynth_engine.work.desk import Desk

if TYPE_CHECKING:
    from medsynth_engine.gan.sample import Drawer

PLACE = ".drawing-"
"""Where a cluster draws a cohort: beside the runs, on the disk that both machines see."""

LEAVING = 40.0
"""Seconds that jobs get to end after they were told to."""


def crew_of(desk: Desk, drawer: Drawer | None, generator: Path | None) -> Crew | None:
    """The crew that was asked for; None where one process is enough, or there are no images."""
    arguments = desk.arguments
    if drawer is None or generator is None:
        return None
    count = int(arguments.get("processes") or 1)
    if arguments.get("cluster"):
        where = cluster(desk.home, arguments["cluster"])
        sweep(desk.home.runs, arguments["cohort"])
        return Jobs(count, generator, where, desk.home.runs / f"{PLACE}{arguments['cohort']}-{secrets.token_hex(4)}")
    if count > 1:
        return Processes(count, generator, _names(_gpus(drawer)))
    return None


def sweep(runs: Path, cohort: str) -> None:
    """What a killed job left of an earlier attempt; whoever still draws there finds its folder gone, and ends."""
    for left in runs.glob(f"{PLACE}{cohort}-????????"):
        shutil.rmtree(left, ignore_errors=True)


def _gpus(drawer: Drawer) -> int:
    import torch  # which a drawer has loaded, and rows alone never need

    return torch.cuda.device_count() if drawer.device.type == "cuda" else 0


def _names(count: int) -> tuple[str, ...]:
    """The GPUs as CUDA_VISIBLE_DEVICES names them: those that this process may use."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    named = tuple(name for name in visible.split(",") if name)
    return named[:count] if len(named) >= count else tuple(str(number) for number in range(count))


class Jobs:
    """A crew (`cohort.shards.Crew`) of `count` Slurm jobs, an array. `place` is a folder to make on a shared disk."""

    def __init__(
        self, count: int, generator: Path, where: Cluster, place: Path, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.shards = count
        self._generator, self._where, self._place, self._clock = generator, where, place, clock
        self._number, self._asked_at, self._gone = "", 0.0, 0

    def begin(self, staging: Path, order: dict[str, Any]) -> Path:
        """Copies the table of conditions and the generator there: no real image, and no row of anybody."""
        self._place.mkdir(mode=0o700)
        shutil.copyfile(staging / "metadata.parquet", self._place / "metadata.parquet")
        shutil.copyfile(self._generator, self._place / "generator.pth")
        write_order(self._place, order, self._place / "generator.pth")
        command = ["medsynth_engine.jobs.slurm_shard", str(self._place)]
        self._number = slurm.submit(self._where, self._place, command, 1, order["shards"])
        self._asked_at = self._clock()
        return self._place

    def at_work(self) -> bool:
        """By the queue, every `ask` seconds: gone is what it says twice, since a shared disk lags behind."""
        if self._clock() - self._asked_at < self._where.ask:
            return True
        self._asked_at = self._clock()
        words = slurm.words(self._number)
        if words is None:
            return True
        if any(word.state == "OUT_OF_MEMORY" for word in words):
            raise NoRoom("no_memory", "The cluster ended a job: it needed more memory.", "Give it more `memory`.")
        if any(word.active for word in words):
            self._gone = 0
            return True
        if any(word.state not in ("COMPLETED", slurm.GONE) for word in words):
            raise lost()
        self._gone += 1
        return self._gone < 2

    def bring(self, staging: Path) -> None:
        """Renamed where both folders are on one disk, else copied."""
        try:
            (self._place / "images").rename(staging / "images")
        except OSError:
            shutil.rmtree(staging / "images", ignore_errors=True)
            shutil.copytree(self._place / "images", staging / "images", copy_function=shutil.copyfile)
            (staging / "images").chmod(0o700)

    def end(self) -> None:
        """Jobs that still draw are ended first: they would write into what is being removed."""
        if self._number:
            slurm.cancel(self._number)
        until = self._clock() + LEAVING
        while self._number and any(word.active for word in slurm.words(self._number) or []) and self._clock() < until:
            time.sleep(1)
        shutil.rmtree(self._place, ignore_errors=True)
