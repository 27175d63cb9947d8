"""How fast a cohort is drawn, in how much memory: `python benchmarks/generation.py`. Writes results/generation.json.

The limit is what nobody can beat on this machine: the bare forward pass (as many single-threaded loops as there are
cores, on an accelerator one), or the bare encoder (the same pixels as PNG in memory, on all cores), whichever is lower.
`share` is what `cohort.draw` reaches of it from its first image to its last: conditions encoded from the table, drawn,
encoded, written to disk. On a CPU all of these want the same cores. Rounds alternate, the medians count; the share is
told per second of wall clock and per second of processor time, which other people's work on the machine disturbs less.
Files go where TMPDIR says: on some disks making one takes longer than drawing what is in it.
`--million` adds a million records: minutes, and 4 GB of small files for as long as it runs.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from medsynth_engine.cohort.draw import draw
from medsynth_engine.cohort.pictures import cores
from medsynth_engine.cohort.population import Plan
from medsynth_engine.gan import weights
from medsynth_engine.gan.conditions import Categorical, Continuous, Vocabulary
from medsynth_engine.gan.networks import Architecture, Generator
from medsynth_engine.gan.presets import PRESETS
from medsynth_engine.gan.roofline import synchronise
from medsynth_engine.gan.sample import Drawer, part_size
from medsynth_engine.kernel.png import pngs

RESULTS = Path(__file__).parent / "results" / "generation.json"
VOCABULARY = Vocabulary(
    (Categorical("finding", ("healthy", "effusion"), (500, 500)), Categorical("sex", ("F", "M"), (500, 500))),
    (Continuous("age", 50, 15, 1, 95),),
)


class Rows:
    """Rows that cost next to nothing, so that images are measured."""

    digest, usual_records = "0" * 64, 1

    def sample(self, n: int, given: pd.DataFrame | None, rng: np.random.Generator) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "patient": np.arange(n) + 1,
                "age": rng.integers(1, 95, n),
                "sex": rng.choice(["F", "M"], n),
                "finding": rng.choice(["healthy", "effusion"], n),
            }
        )


def generator(folder: Path, preset: str) -> Path:
    """Weights of a preset's size, grey. What they draw is noise: nothing a PNG encoder likes."""
    torch.manual_seed(0)
    network = Generator(Architecture(PRESETS[preset].widths, PRESETS[preset].blocks, 1), VOCABULARY)
    path = folder / f"{preset}.pth"
    weights.save(path, weights.document(network, {"preset": preset}, rows=None))
    return path


@dataclass(frozen=True)
class Rate:
    """Images a second of wall clock, and of processor time."""

    wall: float
    processor: float


def rate_of(work: Callable[[], int]) -> Rate:
    wall, processor = time.perf_counter(), time.process_time()
    count = work()
    return Rate(count / (time.perf_counter() - wall), count / (time.process_time() - processor))


def forward_rate(drawer: Drawer, seconds: float) -> Rate:
    """The network alone, all cores busy."""
    device, size = drawer.device, part_size(drawer.resolution)
    conditions = VOCABULARY.unknown(size).to(device)
    latent = torch.randn(size, drawer._generator.architecture.drawn, device=device)
    end = time.perf_counter() + seconds

    @torch.inference_mode()
    def loop() -> int:
        count = 0
        while time.perf_counter() < end:
            drawer._generator(latent, conditions)
            synchronise(device)
            count += size
        return count

    return rate_of(lambda: in_threads(loop, drawer.workers if device.type == "cpu" else 1))


def encoder_rate(images: np.ndarray, seconds: float) -> Rate:
    """PNG in memory, all cores busy."""
    end = time.perf_counter() + seconds

    def loop() -> int:
        count = 0
        while time.perf_counter() < end:
            count += sum(1 for _ in pngs(images[:64]))
        return count

    return rate_of(lambda: in_threads(loop, cores()))


def in_threads(work: Callable[[], int], count: int) -> int:
    with ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        return sum(each.result() for each in [pool.submit(work) for _ in range(count)])


def cohort(folder: Path, drawer: Drawer, n: int) -> Rate:
    """Draw a whole cohort; wall clock is that of the image phase."""
    plan = Plan(n, (), pd.DataFrame({"n": [n]}), ({},))
    began = time.process_time()
    document = draw(folder / f"c{time.time_ns()}", Rows(), drawer, plan, n, 1, lambda *told: None, lambda: True)
    return Rate(document["images_per_second"], n / (time.process_time() - began))


def speed(folder: Path, preset: str, seconds: float, rounds: int) -> dict[str, Any]:
    drawer = Drawer(generator(folder, preset))
    some = next(iter(drawer.draw(pd.DataFrame(index=range(256)), 1)))
    guess = min(forward_rate(drawer, seconds / 4).wall, encoder_rate(some, seconds / 4).wall)
    n = max(256, int(guess * seconds) // 256 * 256)
    found = [
        (forward_rate(drawer, seconds), encoder_rate(some, seconds), cohort(folder, drawer, n)) for _ in range(rounds)
    ]
    told: dict[str, Any] = {"device": drawer.device.type, "pixels": drawer.resolution, "n": n}
    for place, name in enumerate(("forward", "encoder", "cohort")):
        told[f"{name}_a_second"] = round(statistics.median(one[place].wall for one in found), 1)
        told[f"{name}_a_cpu_second"] = round(statistics.median(one[place].processor for one in found), 1)
    walls = sorted(made.wall / min(forward.wall, encoder.wall) for forward, encoder, made in found)
    processors = sorted(made.processor / min(bare.processor, coded.processor) for bare, coded, made in found)
    told["share"], told["share_cpu"] = (round(statistics.median(each), 2) for each in (walls, processors))
    return {**told, "shares": [round(one, 2) for one in walls], "shares_cpu": [round(one, 2) for one in processors]}


def memory(n: int) -> dict[str, Any]:
    """Draw `n` records with nano32 in a process of its own; its peak memory."""
    begin = time.perf_counter()
    words = [sys.executable, __file__, "--apart", str(n)]
    told = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    return {"n": n, "seconds": round(time.perf_counter() - begin, 1), **told}


def apart(n: int) -> None:
    """What `memory` starts."""
    with tempfile.TemporaryDirectory() as name:
        cohort(Path(name), Drawer(generator(Path(name), "nano32")), n)
    print(json.dumps({"peak_mb": round(peak_bytes() / 1e6, 1)}))


def peak_bytes() -> int:
    """The most memory this process held. Linux's `ru_maxrss` would start at what the parent held."""
    status = Path("/proc/self/status")
    if status.exists():
        return 1024 * int(status.read_text().split("VmHWM:")[1].split()[0])
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--presets", nargs="*", default=["nano32", "small64", "small128"], choices=PRESETS)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--apart", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.apart:
        apart(asked.apart)
        return
    load = os.getloadavg()[0]
    columns = "pixels", "n", "forward_a_second", "encoder_a_second", "cohort_a_second", "share", "share_cpu"
    print(f"{'preset':10}" + "".join(f"{column.replace('_a_second', '/s'):>12}" for column in columns))
    speeds = {}
    with tempfile.TemporaryDirectory() as name:
        for preset in asked.presets:
            speeds[preset] = speed(Path(name), preset, asked.seconds, asked.rounds)
            print(f"{preset:10}" + "".join(f"{speeds[preset][column]:>12}" for column in columns), flush=True)
    print(f"\n{'records':>10}{'peak MB':>12}{'seconds':>12}")
    peaks = []
    for n in (10_000, 100_000, *([1_000_000] if asked.million else [])):
        peaks.append(memory(n))
        print(f"{n:>10,}{peaks[-1]['peak_mb']:>12}{peaks[-1]['seconds']:>12}", flush=True)
    document = {
        "machine": f"{platform.system()} {platform.machine()}",
        "cores": cores(),
        "load": [round(load, 1), round(os.getloadavg()[0], 1)],
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
        "rounds": asked.rounds,
        "files_in": tempfile.gettempdir(),
        "speed": speeds,
        "memory": peaks,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
