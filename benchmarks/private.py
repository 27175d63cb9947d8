"""What a promise costs: MedNIST without privacy and at several epsilons, for the same minutes or the same images.

`python benchmarks/private.py [--minutes 2 | --kimg 6] [--epsilons 3 10]` prints a table and adds it to
results/private.json. The Fréchet ratio is that of the held-out fold, which no training saw: 1 is as good as real.
Measuring it after the end is the benchmark's own look at real images; a private run never takes it.
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
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import gan as bench

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks/results/private.json"


def train(folder: Path, epsilon: float | None, budget: dict[str, float], seed: int) -> dict[str, Any]:
    """Train in a process of its own, then measure."""
    preset = "nano32" if epsilon is None else "dp32"
    bench.make_run(folder, "mednist", 32, preset, budget, seed)
    if epsilon is not None:
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, "privacy": {"epsilon": epsilon}}))
    begin = time.perf_counter()
    command = [sys.executable, "-W", "ignore", "-m", "medsynth_engine.gan.train", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True)
    seconds = time.perf_counter() - begin
    ticks = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    speeds = sorted(line["images_per_second"] for line in ticks if line["kind"] == "tick")
    state = json.loads((folder / "state.json").read_text())
    found: dict[str, Any] = {
        "preset": preset,
        "epsilon": epsilon,
        "wall_seconds": round(seconds, 1),
        "kimg": state["kimg"],
        "images_per_second": speeds[len(speeds) // 2] if speeds else None,
        **bench.holdout_quality(folder),
        **bench.read_back(folder),
    }
    if epsilon is not None:
        account = json.loads((folder / "privacy.json").read_text())["promise"]
        found |= {key: account[key] for key in ("delta", "patients", "rate", "sigma", "steps")}
        found |= {"epsilon_spent": state["privacy"]["epsilon"]}
        found |= {"steps_per_second": round(found["images_per_second"] / (account["rate"] * account["patients"]), 2)}
    return found


def needed() -> list[dict[str, Any]]:
    """The noise that a promise needs, by how many patients there are: figures of the accountant alone."""
    from medsynth_engine.gan.presets import DP32
    from medsynth_engine.gan.private import limits
    from medsynth_engine.gan.private.accountant import needed_for_histogram, needed_sigma

    found = []
    for patients in (1_000, 3_600, 20_000, 60_000):
        delta, rate = limits.delta_for(patients, None), DP32.batch / patients
        for epsilon in (1.0, 3.0, 10.0):
            histogram = needed_for_histogram(0.1 * epsilon, 0.1 * delta)
            row: dict[str, Any] = {"patients": patients, "epsilon": epsilon}
            for steps in (1_000, 10_000, 100_000):
                sigma = needed_sigma(epsilon, 0.9 * delta, steps, rate, histogram, limits.MOST_SIGMA)
                row[f"sigma_{steps}"] = round(sigma, 2) if sigma <= limits.MOST_SIGMA else None
            found.append(row)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--kimg", type=float)
    parser.add_argument("--epsilons", type=float, nargs="+", default=[3.0, 10.0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args()
    os.environ["MEDSYNTH_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
    budget = {"kimg": asked.kimg} if asked.kimg else {"minutes": asked.minutes}
    load, runs = os.getloadavg()[0], []
    with tempfile.TemporaryDirectory(prefix="medsynth-private-") as place:
        for epsilon in (None, *asked.epsilons):
            runs.append(train(Path(place) / f"run-{epsilon}", epsilon, budget, asked.seed))
            print(json.dumps(runs[-1]), flush=True)
    print(f"\n{'epsilon':>8} {'sigma':>6} {'steps':>6} {'kimg':>7} {'images/s':>9} {'FD ratio':>9} {'read back':>9}")
    for run in runs:
        promise = "none" if run["epsilon"] is None else f"{run['epsilon']:g}"
        print(
            f"{promise:>8} {run.get('sigma', 0):6.2f} {run.get('steps', 0):6} {run['kimg']:7.1f} "
            f"{run['images_per_second'] or 0:9.1f} {run['fd_ratio_holdout']:9.2f} {run['recognised_drawn']:9.2f}"
        )
    known = json.loads(asked.out.read_text()) if asked.out.exists() else {}
    known["equal_images" if asked.kimg else "equal_minutes"] = {
        "machine": {"system": platform.platform(), "threads": 1, "load_before": round(load, 1)},
        "budget": budget,
        "seed": asked.seed,
        "runs": runs,
    }
    document = {**known, "noise_needed": needed()}
    asked.out.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
