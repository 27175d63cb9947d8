"""How what things cost grows with their size: `python benchmarks/scale.py`. Writes results/scale.json.

Each of training, drawing, evaluating, taking in, and keeping and proving the audit log is done at sizes over three
decades, each time in a process of its own, with one thread. What counts is processor time (children included): other
people's work on the machine changes it little, and only ever makes it more: what is short is done up to three times,
and the least counts. `exponent` is the slope of log seconds over log size, by least squares; `last` that of the
largest two sizes, where what every start costs weighs least. 1 is in proportion; none may be above LIMIT.

size  training: images in the folder, at the same number of images looked at (which cost alike, one after the other);
      generation: records; evaluation: synthetic records of a table against as many real ones; intake: pictures; audit:
      records.

`--team` measures what two processes of one thread are worth against one, at the same batch (`pairs.py`): by wall
clock, so on a machine of at least two cores of which others use little. `--forecast` plans 1,000,000 records with
32 px images by drawing one per cent of them, and draws ten per cent to see how far off that was.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]
RESULTS = ROOT / "benchmarks" / "results" / "scale.json"
SIZES = (100, 1_000, 10_000, 100_000)
LIMIT = 1.1
MILLION = 1_000_000
GAIN = 1.6
OFF = 0.15
HEARD = 200
"""Images between two ticks of `--team`, about: what a plan has at this speed, which wants one every two seconds."""
TIMES, SHORT = 3, 20.0
"""A size is measured so often, as long as that took no more than SHORT processor seconds."""
ALONE = {"OMP_NUM_THREADS": "1", "MEDSYNTH_THREADS": "1"}


def processor_seconds() -> float:
    """Of this process and of those it has waited for."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def write_run(folder: Path, images: int, batches: int, tick: int = 0, batch: int = 16) -> Path:
    """A run folder of `images` noisy shapes whose plan is `batches` steps of `batch` images, with one checkpoint and
    one evaluation, and a tick every `tick` images (0: every four steps)."""
    from medsynth_engine.gan import schedule
    from medsynth_engine.gan.presets import PRESETS

    preset = replace(PRESETS["nano32"], batch=batch)
    whole = batches * preset.batch
    rng = np.random.default_rng(0)
    kind = np.arange(images) % 2
    pixels = rng.integers(0, 60, (images, 32, 32), dtype=np.uint8)
    pixels[kind == 0, 8:24, 8:24] += 150
    pixels[kind == 1, 4:28, 13:19] += 150
    folder.mkdir()
    fold = (np.arange(images) % 6 == 5).astype(np.uint8)
    codes = kind.astype(np.int16)[:, None]
    patients, none = np.arange(images, dtype=np.int32), np.zeros((images, 0), np.float32)
    np.savez(folder / "train.npz", images=pixels, fold=fold, patient=patients, categorical=codes, continuous=none)
    counts = [int((kind == value).sum()) for value in (0, 1)]
    config = {
        **{"format": 1, "run": folder.name, "preset": "nano32", "resolution": 32, "channels": 1, "seed": 3},
        "conditions": {
            "categorical": [{"name": "finding", "values": ["block", "bar"], "counts": counts}],
            "continuous": [],
        },
        **{"budget": {"kimg": whole / 1000}, "device": "cpu", "low_resource": False},
        **{"augmentation": "radiograph", "training_digest": "ab" * 32, "dataset": "shapes"},
    }
    (folder / "config.json").write_text(json.dumps(config))
    plan = schedule.plan(preset, images, whole, 1, 0.01).document()
    ends = {"tick": tick or 4 * preset.batch, "evaluate": whole, "checkpoint": whole}
    (folder / "plan.json").write_text(json.dumps({**plan, **ends}))
    return folder


def training(size: int, folder: Path) -> float:
    run = write_run(folder / "run", size, 8)
    before = processor_seconds()
    subprocess.run([sys.executable, "-m", "medsynth_engine.gan.train", str(run)], check=True)
    return processor_seconds() - before


def generation(size: int, folder: Path) -> float:
    from generation import cohort, generator

    from medsynth_engine.gan.sample import Drawer

    drawer = Drawer(generator(folder, "nano32"), "cpu")
    before = processor_seconds()
    cohort(folder, drawer, size)
    return processor_seconds() - before


def evaluation(size: int, folder: Path) -> float:
    from evidence import measure

    return float(measure(size, 32, pictures=False)["processor_seconds"])


def intake(size: int, folder: Path) -> float:
    from intake import take_in_apart, tiny

    return float(take_in_apart(tiny(folder, size), None, folder)["cpu_seconds"])


def audit(size: int, folder: Path) -> float:
    from ledger import grow

    from db.ledger import Ledger

    path = folder / "data" / "medsynth.sqlite3"
    Ledger.create(path, "development").close()
    before = processor_seconds()
    with Ledger.open(path) as ledger:
        grow(ledger, size)
        assert ledger.verify().ok
    return processor_seconds() - before


PARTS: dict[str, Callable[[int, Path], float]] = {
    "training": training,
    "generation": generation,
    "evaluation": evaluation,
    "intake": intake,
    "audit": audit,
}


def apart(part: str, size: int) -> float:
    """A part at one size, in a process of its own."""
    words = [sys.executable, __file__, "--apart", part, str(size)]
    told = subprocess.run(words, capture_output=True, text=True, check=True, env={**os.environ, **ALONE}).stdout
    return float(told.split()[-1])


def slope(sizes: list[int], seconds: list[float]) -> float:
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def least(part: str, size: int) -> float:
    """Of up to TIMES times, as long as they took no more than SHORT together."""
    found = [apart(part, size)]
    while len(found) < TIMES and sum(found) < SHORT:
        found.append(apart(part, size))
    return min(found)


def growth(part: str, sizes: list[int]) -> dict[str, Any]:
    found = [least(part, size) for size in sizes]
    told = {"sizes": sizes, "processor_seconds": [round(one, 2) for one in found]}
    told |= {"exponent": round(slope(sizes, found), 2), "last": round(slope(sizes[-2:], found[-2:]), 2)}
    return {**told, "ok": max(told["exponent"], told["last"]) <= LIMIT}


def team(seconds: float, batch: int, steps: int) -> dict[str, Any]:
    """What two gloo processes of one thread are worth against one at the same batch (`pairs.py`)."""
    from pairs import gain

    steps = steps or round(HEARD / batch)
    tick = steps * batch
    found = gain(lambda folder: write_run(folder, 400, 100_000, tick, batch), tick, ALONE, seconds)
    return {**found, "batch": batch, "steps_between_ticks": steps, "ok": found["gain"] >= GAIN}


def forecast() -> dict[str, Any]:
    """Processor time and disk of a million records, from one per cent of them; against ten per cent."""
    found = {}
    for share in (0.01, 0.1):
        words = [sys.executable, __file__, "--draw", str(int(MILLION * share))]
        said = subprocess.run(words, capture_output=True, text=True, check=True, env={**os.environ, **ALONE}).stdout
        seconds, size = (float(word) for word in said.split()[-2:])
        found[share] = {"seconds": seconds / share, "bytes": size / share}
    told = {f"from {share:.0%}": {key: round(value) for key, value in one.items()} for share, one in found.items()}
    off = {key: found[0.01][key] / found[0.1][key] - 1 for key in ("seconds", "bytes")}
    return {"of": MILLION, **told, "off": {key: round(one, 3) for key, one in off.items()},
            "ok": max(map(abs, off.values())) <= OFF}  # fmt: skip


def draw_some(n: int) -> None:
    """What `forecast` starts: processor seconds and bytes of `n` records."""
    from generation import cohort, generator

    from medsynth_engine.gan.sample import Drawer

    with tempfile.TemporaryDirectory() as name:
        drawer = Drawer(generator(Path(name), "nano32"), "cpu")
        (Path(name) / "made").mkdir()
        before = processor_seconds()
        cohort(Path(name) / "made", drawer, n)
        spent = processor_seconds() - before
        files = [path.stat() for path in (Path(name) / "made").rglob("*") if path.is_file()]
        print(spent, sum(512 * facts.st_blocks for facts in files))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--parts", nargs="*", default=list(PARTS), choices=PARTS)
    parser.add_argument("--sizes", nargs="*", type=int, default=list(SIZES))
    parser.add_argument("--team", action="store_true")
    parser.add_argument("--batch", type=int, default=16, help="images of a step of --team, of all processes together")
    parser.add_argument("--steps", type=int, default=0, help="between two ticks of --team; 0: as a plan has it")
    parser.add_argument("--seconds", type=float, default=150, help="how long --team measures, after two starts")
    parser.add_argument("--to", type=Path, default=RESULTS, help="the file of results")
    parser.add_argument("--forecast", action="store_true")
    parser.add_argument("--apart", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--draw", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.apart:
        with tempfile.TemporaryDirectory() as name:
            print(PARTS[asked.apart[0]](int(asked.apart[1]), Path(name)))
        return 0
    if asked.draw:
        draw_some(asked.draw)
        return 0
    wanted: dict[str, Callable[[], dict[str, Any]]] = {}
    if asked.team or asked.forecast:
        if asked.team:
            name = "team" if asked.batch == 16 else f"team of batch {asked.batch}"
            wanted[name] = lambda: team(asked.seconds, asked.batch, asked.steps)
        if asked.forecast:
            wanted["forecast"] = forecast
    else:
        wanted = {part: lambda part=part: growth(part, asked.sizes) for part in asked.parts}  # type: ignore[misc]
    ok = True
    for name, work in wanted.items():
        found = work()
        document = json.loads(asked.to.read_text()) if asked.to.exists() else {}  # others may run beside this one
        document[name] = {
            **found,
            "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
            "load": round(os.getloadavg()[0], 1),
            "date": time.strftime("%Y-%m-%d", time.gmtime()),
        }
        ok = ok and found["ok"]
        print(name, json.dumps(found), flush=True)
        asked.to.write_text(json.dumps(document, indent=1) + "\n")
    return 0 if ok else 9


if __name__ == "__main__":
    sys.exit(main())
