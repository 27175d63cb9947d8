"""The steps of a training: its folder is made here, it is trained here or on a cluster, its end is put on record."""

from __future__ import annotations

from typing import Any

from medsynth_engine.jobs.elsewhere import STEP as WAIT_ELSEWHERE
from medsynth_engine.operations.declare import Call, Recorded
from medsynth_engine.operations.jobs import hand_over, step


def hand_over_training(call: Call, change: Recorded, name: str, arguments: dict[str, Any], prepare: bool) -> str:
    """The job that trains run `name`; launch it afterwards. One at a time on a device; a cluster has its own queue."""
    folder = str(call.home.runs / name)
    steps = [_training(folder, arguments), step("medsynth_engine.work.finish_run")]
    if prepare:
        steps.insert(0, step("medsynth_engine.work.prepare_run"))
    here = not arguments["simulated"] and not arguments.get("cluster")
    queue = f"train:{arguments['device']}" if here else None
    return hand_over(call, change, "train", f"run:{name}", arguments, steps, queue, run_folder=folder)


def _training(folder: str, arguments: dict[str, Any]) -> list[str]:
    processes = str(arguments["processes"])
    if arguments["simulated"]:
        return step("medsynth_engine.simulated", folder)
    if arguments.get("cluster"):
        return step(WAIT_ELSEWHERE, folder, processes, arguments["cluster"], "{job}")
    if arguments["processes"] > 1:
        return step("medsynth_engine.gan.launch", folder, processes)
    return step("medsynth_engine.gan.train", folder)
