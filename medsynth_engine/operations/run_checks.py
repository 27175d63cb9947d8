"""What can be asked of a training, before anything is started."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from medsynth_engine.gan.presets import NAMES, demand_little, resolve
from medsynth_engine.jobs.cluster_file import cluster
from medsynth_engine.jobs.slurm import demand_slurm
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.escape import plain
from medsynth_engine.kernel.folders import JobFolder, RunFolder
from medsynth_engine.kernel.home import Home

PRESETS = NAMES
DEVICES = ("auto", "mps", "cuda", "cpu")
MOST_MINUTES, MOST_KIMG = 60 * 24 * 30.0, 1e6
MOST_PROCESSES = 64
DRIVERS = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")
"""Where Linux shows a GPU, of NVIDIA, of AMD, through Windows."""


def check_training(
    summary: dict[str, Any], preset: str, minutes: float | None, kimg: float | None, device: str, seed: int
) -> None:
    if not (summary.get("schema") or {}).get("image"):
        raise BadInput(
            "no_images",
            "This dataset is a table alone: there is nothing for a GAN to learn.",
            "Draw rows from it: medsynth generate COHORT --dataset NAME -n N",
        )
    if preset not in PRESETS:
        raise BadInput("bad_preset", f"There is no preset {plain(preset)!r}.", f"One of: {', '.join(PRESETS)}.")
    if device not in DEVICES:
        raise BadInput("bad_device", f"There is no device {plain(device)!r}.", f"One of: {', '.join(DEVICES)}.")
    if minutes and kimg:
        raise BadInput("two_budgets", "Give --minutes or --kimg, not both.", "Minutes are what you wait for.")
    for budget, most in ((minutes, MOST_MINUTES), (kimg, MOST_KIMG)):
        if budget is not None and not 0 < budget <= most:  # also true of NaN
            raise BadInput("bad_budget", f"The budget must lie between 0 and {most:.0f}.", "For instance: --minutes 10")
    if not 0 <= seed < 2**31:
        raise BadInput("bad_seed", "A seed is a whole number from 0 to 2147483647.", "For instance: --seed 1")


def check_memory(preset: str, device: str, low_resource: bool) -> None:
    """Raise BadInput where a CPU will train, little memory is allowed, and the preset needs more.

    Which device `auto` is shows only later, where torch may be loaded; a machine without any sign of a GPU has none.
    """
    if preset == "auto" or not (device == "cpu" or (device == "auto" and not gpu_in_sight())):
        return
    demand_little(resolve(preset, 0, 0, "cpu", low_resource), low_resource)


def check_device(device: str) -> None:
    """Raise BadInput for a device that this machine shows no sign of: better now than in the job."""
    missing = (device == "cuda" and (sys.platform == "darwin" or not gpu_in_sight())) or (
        device == "mps" and sys.platform != "darwin"
    )
    if missing:
        raise BadInput("no_such_device", f"This machine has no {device} device.", "Leave --device out, or use cpu.")


def check_cluster(home: Home, name: str, device: str, processes: int, simulated: bool) -> str:
    """The device that a run on this cluster trains on. Raises BadInput, or NotFound where there is no Slurm here."""
    found = cluster(home, name)
    if simulated:
        raise BadInput("simulated", "A simulated run trains nothing: no cluster is needed.", "Leave --cluster out.")
    has = "cuda" if found.gpus else "cpu"
    if device not in ("auto", "cpu", has):
        raise BadInput("no_such_device", f"{plain(name, 40)} offers no {device} device.", "Leave --device out.")
    if not 1 <= processes <= MOST_PROCESSES:
        raise BadInput("bad_processes", f"The processes must be 1 to {MOST_PROCESSES}.", "One for each GPU.")
    demand_slurm()
    return has if device == "auto" else device


def check_goes_on(home: Home, folder: RunFolder, job: str | None) -> None:
    """Raise NotFound where a run of a cluster cannot go on from here, BadInput where the cluster is not known any more.

    A run whose folder was not made yet has only its job's order to tell where it was to train.
    """
    ordered = JobFolder(home.jobs / job) if job else None
    asked = folder.config() or (ordered.order()["arguments"] if ordered is not None and ordered.usable() else {})
    if asked.get("cluster"):
        where = plain(str(asked["cluster"]), 40)
        cluster(home, str(asked["cluster"]))
        demand_slurm(f"It trains on the cluster {where}: resume it where sbatch, squeue and scancel are.")


def gpu_in_sight() -> bool:
    """Whether this machine shows a sign of a GPU, asked without torch: where it shows none, there is none."""
    return sys.platform != "linux" or any(Path(driver).exists() for driver in DRIVERS)


def check_processes(processes: int, device: str) -> None:
    """Raise BadInput for more processes than there can be GPUs, or cores where there is no GPU."""
    if not 1 <= processes <= MOST_PROCESSES:
        raise BadInput(
            "bad_processes", f"The processes must be 1 to {MOST_PROCESSES}.", "One for each GPU, or for each few cores."
        )
    if processes > 1 and device == "mps":
        raise BadInput(
            "one_device", "A Mac has one GPU: several processes cannot share it.", "Leave --processes out, or use cpu."
        )
    cores = os.cpu_count() or 1
    if processes > cores and (device == "cpu" or not gpu_in_sight()):
        raise BadInput(
            "too_many_processes",
            f"{processes} processes would share {cores} cores: that is slower than one process.",
            f"At most --processes {cores} here.",
        )
