"""Ours, trained by the public trainer in its own process: what is measured is what users get.

`python -m peers.ours FOLDER` (with `benchmarks/` on the path) is the rehearsal of a training by processor time.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
import torch
from torch import nn

from medsynth_engine.gan import schedule
from medsynth_engine.kernel.folders import RunFolder
from peers.clock import of_children, one_clock
from peers.data import Data, run_folder
from peers.peer import Feed, Setting, Steps

ROOT = Path(__file__).resolve().parents[2]
TRAIN = (sys.executable, "-m", "medsynth_engine.gan.train")
CAREFUL = 0.97
"""Share of the clock that is planned with: what is over it is cut off."""
REHEARSED = 10.0
"""Processor seconds of steps that the speed is taken from."""
LOOK = 0.3
"""Seconds between two looks at a training."""


class Ours(Steps):
    """The steps of the public trainer, one at a time: for the throughput track and the rehearsal only."""

    def __init__(self, setting: Setting, feed: Feed | None) -> None:
        from medsynth_engine.gan.team import Alone
        from medsynth_engine.gan.trainer import Trainer

        super().__init__(setting, feed)
        assert setting.folder is not None
        self.trainer = Trainer(RunFolder(setting.folder), time.time(), Alone())
        learner = self.trainer.learner
        if setting.batch:
            learner.batch = learner.micro = setting.batch
        self.batch = learner.batch

    def cycle(self) -> None:
        plan = self.trainer.plan
        self.trainer.learner.step(plan.rates(self.seen), plan)
        self.cycles += 1

    def generators(self) -> dict[str, nn.Module]:
        learner = self.trainer.learner
        return {"raw": learner.game.generator, "average": learner.average.network}

    def discriminator(self) -> nn.Module:
        return self.trainer.learner.game.discriminator


@dataclass(frozen=True)
class Speed:
    """Processor seconds, of all threads together: until the first step, for an image, for an evaluation."""

    start: float
    image: float
    evaluation: float

    def kimg(self, seconds: float) -> float:
        """Thousands of images whose whole training, start and evaluations included, takes `seconds`."""
        images = max(1000.0, (seconds - self.start) / self.image)
        for _ in range(4):  # the number of evaluations depends on the images, and they on it
            evaluations = schedule.sensible(images)
            images = max(500.0, (seconds - self.start - evaluations * self.evaluation) / self.image)
        return images / 1000


def rehearse(folder: Path) -> Speed:
    """In a process of its own, so that what it spent until the first step is what any training spends."""
    peer = Ours(Setting(0, 0, 0, 0, "own", None, True, 0, torch.device("cpu"), folder), None)
    start = time.process_time()
    while time.process_time() - start < REHEARSED:
        peer.cycle()
    image = (time.process_time() - start) / peer.seen
    begin = time.process_time()
    peer.trainer.evaluator.measure(peer.trainer.learner.average.network)
    return Speed(start, image, time.process_time() - begin)


def rehearsed(data: Data, scratch: Path, seed: int, threads: int) -> Speed:
    run_folder(data, scratch, {"kimg": 1000}, seed, "cpu")
    found = subprocess.run(
        [sys.executable, "-m", "peers.ours", str(scratch)],
        env=_environment(threads),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return Speed(**json.loads(found.stdout))


@dataclass(frozen=True)
class Trained:
    """folder     the run folder, with its generator
    exit_code, images   how it ended, and how many real images it saw
    wall, processor     seconds of the whole process, start and evaluations included (processor: by threads)
    """

    folder: Path
    exit_code: int
    images: int
    wall: float
    processor: float


def train(
    folder: Path, threads: int, until: Callable[[float], bool] = lambda spent: False, kill: Any = None
) -> Trained:
    """Run the public trainer on `folder`. It is asked to stop where `until(processor seconds spent)` says so, and
    killed on the spot where `kill(kimg)` does."""
    wall, processor = time.perf_counter(), of_children()
    with (folder / "out.txt").open("ab") as out:
        child = subprocess.Popen([*TRAIN, str(folder)], cwd=ROOT, env=_environment(threads), stdout=out, stderr=out)
    run, watched, asked = RunFolder(folder), psutil.Process(child.pid), False
    while child.poll() is None:
        time.sleep(LOOK)
        try:
            used = watched.cpu_times()
        except psutil.Error:
            continue  # it has just ended
        if not asked and until((used.user + used.system) / threads):
            run.set_wish("stop")
            asked = True
        if kill is not None and kill(run):
            child.kill()
    child.wait()
    images = round(1000 * float(run.state().get("kimg") or 0))
    spent = (of_children() - processor) / threads
    return Trained(folder, child.returncode, images, time.perf_counter() - wall, spent)


def _environment(threads: int) -> dict[str, str]:
    return {**one_clock(threads), "PYTHONPATH": f"{ROOT}:{ROOT / 'benchmarks'}"}


if __name__ == "__main__":
    print(json.dumps(asdict(rehearse(Path(sys.argv[1])))))
