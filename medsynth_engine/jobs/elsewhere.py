"""Work on another machine: the steps that only wait for it, and the queue's last word about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from medsynth_engine.jobs.slurm import Word
from medsynth_engine.kernel.atomic import read_json
from medsynth_engine.kernel.folders import WorkFolder

STEP = "medsynth_engine.jobs.slurm_wait"
QUEUE_WORD = "cluster.json"


def goes_on_elsewhere(order: Mapping[str, Any], step: int) -> bool:
    """Whether this step of a job can be begun again at any time, and then finds its work where it is by now."""
    steps = order.get("steps") or []
    return step < len(steps) and STEP in steps[step]


def queue_word(folder: WorkFolder) -> dict[str, Any]:
    """`cluster`, `job`, `state`, `reason`, `at` (seconds since 1970) as the queue last told them to who waits for the
    work; empty where no cluster has it. Reads one small file, never asks the queue."""
    try:
        found = read_json(folder.path / QUEUE_WORD)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def waits_elsewhere(folder: WorkFolder) -> bool:
    """Whether a cluster's queue has the work, and has not begun it (again)."""
    return Word(str(queue_word(folder).get("state", ""))).waits
