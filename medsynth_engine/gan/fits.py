"""Which preset fits this machine: `python -m medsynth_engine.gan.fits [--seconds 5] [--json]`, measured.

Real steps of a training (both networks, penalties, augmentation) on made-up pictures, the smallest preset first, until
the seconds are over. Each preset that was measured is one line as soon as it is: images a second, and what an hour of
training gives. Evaluations and checkpoints take a few per cent of it more.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import numpy as np
import psutil
import torch

from medsynth_engine.gan import beginning, device, pace, presets, roofline
from medsynth_engine.gan.conditions import Conditions, Vocabulary
from medsynth_engine.gan.data import Data, Fold
from medsynth_engine.gan.presets import Preset
from medsynth_engine.gan.team import Alone
from medsynth_engine.kernel.home import low_resource

SECONDS = 5.0
NIGHT_HOURS = 8.0
PICTURES = 128
BUSY = 0.8
"""Under this share of the processor time that was asked for, somebody else had the rest."""
SLOWER = 1.5
"""How much slower than by its size the next preset may be, when it is asked whether it can be measured in time."""


@dataclass(frozen=True)
class Fit:
    """What one preset does here.

    images_per_second  real images a second of training
    hour_kimg          thousands of images in an hour, and `hour_images` the same in images
    usual_hours        how long its usual training takes (the preset's `kimg`)
    memory_fits        whether a training without a GPU has the memory that it takes
    share              of the processor time that the steps asked for, what they got; 1 on a GPU
    """

    preset: str
    device: str
    images_per_second: float
    hour_images: int
    hour_kimg: float
    usual_hours: float
    memory_fits: bool
    share: float


def measured(seconds: float = SECONDS, wish: str = "auto") -> Iterator[Fit]:
    """Presets in the order of their size, as many as `seconds` allow, the first one always."""
    chosen, _ = device.choose(wish)
    small = low_resource()
    device.prepare(chosen, small)
    ladder = [each.halved() if small else each for each in presets.PRESETS.values()]
    end, threads, rate = time.perf_counter() + seconds, 0, 0.0
    for place, preset in enumerate(ladder):
        left = end - time.perf_counter()
        if place and SLOWER * 2 * _size(preset) / rate > left:
            return  # not even one step to warm up and one to be timed
        step = _stepping(preset, chosen)
        if chosen.type == "cpu" and not threads:
            threads = device.wished_threads() or pace.best_threads(step, device.threads(), seconds / 10)
            torch.set_num_threads(threads)
        share = max(0.1, (end - time.perf_counter()) / (len(ladder) - place))
        per_step, got = _timed(step, share)
        rate = _size(preset) / per_step
        yield _fit(preset, chosen, preset.batch / per_step, small, got if chosen.type == "cpu" else 1.0)


def best(found: list[Fit]) -> Fit:
    """The largest that has its memory and whose usual training ends in a night; else the smallest."""
    fitting = [each for each in found if each.memory_fits and each.usual_hours <= NIGHT_HOURS]
    return fitting[-1] if fitting else found[0]


def reads_as(found: list[Fit]) -> str:
    """What a person is told, also that others worked meanwhile."""
    fit = best(found)
    others = (
        ""
        if fit.share >= BUSY
        else f" Other programs took {1 - fit.share:.0%} of the time: on an idle machine it is more."
    )
    gives = f"an hour gives {fit.hour_images:,} images ({fit.hour_kimg:,.0f} kimg)"
    usual = f"{fit.usual_hours:.1f} hours" if fit.usual_hours >= 1 else f"{60 * fit.usual_hours:.0f} minutes"
    says = f"{fit.preset} on {fit.device} fits this machine: {gives}, a usual training takes {usual}.{others}"
    return says if fit.usual_hours <= NIGHT_HOURS else f"Nothing is done in a night here. The least: {says}"


def _size(preset: Preset) -> float:
    """About the work of one step, in an own unit: features times channels, for each image."""
    stages = enumerate(preset.widths)
    return preset.batch * preset.blocks * sum(width**2 * (4 * 2**stage) ** 2 for stage, width in stages)


def _stepping(preset: Preset, chosen: torch.device) -> Callable[[], None]:
    """A step of a training that is thrown away; ends when the device has done it."""
    side, random = preset.resolution, torch.Generator().manual_seed(0)
    folds = []
    for count in (PICTURES, PICTURES // 2):
        images = torch.randint(0, 256, (count, 1, side, side), generator=random, dtype=torch.uint8).to(chosen)
        nothing = Conditions(torch.zeros(count, 0, dtype=torch.long), torch.zeros(count, 0), torch.zeros(count, 0))
        folds.append(Fold(images, nothing.to(chosen), np.empty((count, 0), np.int16), np.arange(count)))
    setting = beginning.Setting({}, 0, chosen, Vocabulary(), Data(*folds), preset, pace.Budget(), Alone())
    learner, plan = beginning.trial(setting)

    def step() -> None:
        learner.step(plan.rates(0), plan)
        roofline.synchronise(chosen)

    return step


def _timed(step: Callable[[], None], seconds: float) -> tuple[float, float]:
    """Seconds of a step, and which share of its threads' time it got; the first one, in which a device prepares
    itself, does not count."""
    begin = time.perf_counter()
    step()
    left = seconds - (time.perf_counter() - begin)
    begin, worked, steps = time.perf_counter(), time.process_time(), 0
    while not steps or time.perf_counter() - begin < left:
        step()
        steps += 1
    took = time.perf_counter() - begin
    return took / steps, min(1.0, (time.process_time() - worked) / took / torch.get_num_threads())


def _fit(preset: Preset, chosen: torch.device, speed: float, small: bool, share: float) -> Fit:
    room = presets.LITTLE_BYTES if small else float(psutil.virtual_memory().available)
    hour = 3600 * speed
    return Fit(
        preset.name,
        chosen.type,
        round(speed, 2),
        round(hour),
        round(hour / 1000, 2),
        round(preset.kimg * 1000 / hour, 2),
        chosen.type == "cuda" or preset.bytes <= room,
        round(share, 2),
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m medsynth_engine.gan.fits", description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--json", action="store_true", help="a document a line: each preset, then the verdict")
    chosen = parser.parse_args()
    found = []
    for fit in measured(chosen.seconds):
        found.append(fit)
        line = f"{fit.preset:10} {fit.images_per_second:10,.1f} images/s {fit.hour_kimg:10,.0f} kimg an hour"
        print(json.dumps(asdict(fit)) if chosen.json else line, flush=True)
    verdict = {"fits": best(found).preset, "says": reads_as(found), "measured": [asdict(each) for each in found]}
    print(json.dumps(verdict) if chosen.json else verdict["says"], flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
