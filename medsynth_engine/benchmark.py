"""What this machine does: `python -m medsynth_engine.benchmark [--json] [--quick]`, on the built-in cohort.

Each part runs in a process of its own, as it would in a store, so that its memory is its own. Nothing is asserted:
a benchmark says what is, with the machine beside it.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from medsynth_engine.evidence.evaluate import evaluate
from medsynth_engine.evidence.inputs import Inputs
from medsynth_engine.gan.device import available
from medsynth_engine.gan.presets import PRESETS
from medsynth_engine.gan.sample import Drawer
from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.intake.options import Options
from medsynth_engine.intake.take_in import take_in
from medsynth_engine.kernel.folders import RunFolder
from medsynth_engine.phantom import write as write_phantom
from medsynth_engine.work.folds import write_run_folder

TRAINING_SECONDS = 20.0
PATIENTS = 800
DRAWN = 500
LARGE = ("base128", "base256")
"""Presets that a CPU does not finish a step of in useful time: measured on an accelerator only."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m medsynth_engine.benchmark", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="the smallest preset only")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        document = measure(Path(folder), chosen.quick, lambda say: print(f"… {say}", file=sys.stderr))
    if chosen.json:
        print(json.dumps(document))
    else:
        _print(document)
    return 0


def measure(folder: Path, quick: bool, say: Callable[[str], object]) -> dict[str, Any]:
    """All parts, one after the other; `folder` is used for what they make."""
    say("drawing the phantom cohort")
    source = write_phantom(folder / "phantom", PATIENTS)
    say("intake")
    intake = _apart(_intake, source, folder / "dataset")
    training = []
    for device in available():
        for name in PRESETS:
            if (device == "cpu" and name in LARGE) or (quick and name != "nano32"):
                continue
            say(f"training {name} on {device}")
            training.append(_train(folder, name, device))
    say("generation")
    drawn = _apart(_generate, folder / f"run-nano32-{available()[-1]}")
    say("evaluation")
    judged = _apart(_evaluate, folder / "dataset")
    return {"machine": machine(), "intake": intake, "training": training, "generation": drawn, "evaluation": judged}


def machine() -> dict[str, Any]:
    """What was measured on."""
    import torch

    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "devices": list(available()),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def _intake(source: Path, target: Path) -> dict[str, Any]:
    began = time.perf_counter()
    options = Options.of(name="benchmark", metadata=source / "metadata.csv")
    document = take_in(source.resolve() / "images", options, target, os.urandom(32), lambda *_: None, lambda: True)
    seconds = time.perf_counter() - began
    files = document["submitted"]
    return {"files": files, "seconds": round(seconds, 2), "files_per_second": round(files / seconds, 1)}


def _train(folder: Path, preset: str, device: str) -> dict[str, Any]:
    run = RunFolder(folder / f"run-{preset}-{device}")
    _apart(_prepare, folder / "dataset", run.path, preset, device)
    command = [sys.executable, "-m", "medsynth_engine.gan.train", str(run.path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    memory = _watch_memory(process.pid)
    process.wait()
    ticks = [line for line in run.metrics() if line.get("images_per_second")]
    speeds = sorted(line["images_per_second"] for line in ticks)
    return {
        "preset": preset,
        "device": device,
        "images_per_second": round(speeds[len(speeds) // 2], 1) if speeds else None,
        "memory_mb": memory(),
    }


def _prepare(dataset: Path, run: Path, preset: str, device: str) -> dict[str, Any]:
    write_run_folder(
        Dataset(dataset),
        RunFolder(run),
        name=run.name,
        preset=PRESETS[preset],
        facts={"budget": {"minutes": TRAINING_SECONDS / 60}, "seed": 0, "device": device, "low_resource": False},
    )
    return {}


def _generate(run: Path) -> dict[str, Any]:
    began = time.perf_counter()
    drawer = Drawer(run / "generator.pth")
    import pandas as pd

    drawn = sum(len(block) for block in drawer.draw(pd.DataFrame(index=range(DRAWN)), seed=0))
    seconds = time.perf_counter() - began
    return {"records": drawn, "seconds": round(seconds, 2), "records_per_second": round(drawn / seconds, 1)}


def _evaluate(folder: Path) -> dict[str, Any]:
    """Real records play the synthetic ones: validation patients, who are in neither fold."""
    dataset = Dataset(folder)
    records = dataset.records()
    folds = {name: part.reset_index(drop=True) for name, part in records.groupby("fold")}
    images = {name: dataset.images(part, 32)[..., 0] for name, part in folds.items()}
    began = time.perf_counter()
    evidence = evaluate(
        Inputs(
            folds["training"],
            folds["holdout"],
            folds["validation"],
            dataset.schema(),
            images["training"],
            images["holdout"],
            images["validation"],
        )
    )
    seconds = time.perf_counter() - began
    return {
        "synthetic": len(folds["validation"]),
        "real": len(records),
        "numbers": len(evidence),
        "seconds": round(seconds, 1),
    }


def _apart(work: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
    """The work's result and `memory_mb`, the peak of its process and its children."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(sender, work, arguments))
    process.start()
    sender.close()
    memory = _watch_memory(process.pid or 0)
    result: dict[str, Any] = receiver.recv()
    process.join()
    return {**result, "memory_mb": memory()}


def _send(sender: Any, work: Callable[..., dict[str, Any]], arguments: tuple[Any, ...]) -> None:
    sender.send(work(*arguments))


def _watch_memory(pid: int) -> Callable[[], float]:
    """Look at the resident memory of a process and its children until it ends; the peak in MB."""
    peak = np.zeros(1)

    def watch() -> None:
        while True:
            try:
                top = psutil.Process(pid)
                family = [top, *top.children(recursive=True)]
                peak[0] = max(peak[0], sum(member.memory_info().rss for member in family) / 1e6)
                if top.status() == psutil.STATUS_ZOMBIE:
                    return
            except psutil.Error:
                if not psutil.pid_exists(pid):
                    return
            time.sleep(0.1)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()

    def ended() -> float:
        thread.join(5)
        return round(float(peak[0]), 0)

    return ended


def _print(document: dict[str, Any]) -> None:
    facts = document["machine"]
    print(f"{facts['system']}, {facts['cores']} cores, {facts['memory_gb']} GB, torch {facts['torch']}")
    rows = [("intake", f"{document['intake']['files_per_second']} files/s", document["intake"]["memory_mb"])]
    rows += [
        (f"training {row['preset']} on {row['device']}", f"{row['images_per_second']} images/s", row["memory_mb"])
        for row in document["training"]
    ]
    rows.append(
        ("generation", f"{document['generation']['records_per_second']} records/s", document["generation"]["memory_mb"])
    )
    judged = document["evaluation"]
    rows.append((f"evaluation of {judged['synthetic']}", f"{judged['seconds']} s", judged["memory_mb"]))
    for name, figure, memory in rows:
        print(f"{name:32} {figure:>20} {memory:>8.0f} MB")


if __name__ == "__main__":
    sys.exit(main())
