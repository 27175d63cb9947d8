"""How patient a supervisor is. The grace belongs to the kind of work: what trains writes a checkpoint first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Pace:
    """Seconds. `patience` is what a run gets to write its checkpoint, `grace` what a process gets after SIGTERM."""

    look: float = 0.1
    beat: float = 2.0
    grant: float = 10.0
    patience: float = 120.0
    grace: float = 20.0


GRACE: Mapping[str, float] = {"train": 120.0, "train_together": 330.0, "intake": 60.0}
"""Several processes that train together wait 300 s for the slowest (`gan.launch.GRACE`) before they give up on it."""


def pace_of(order: Mapping[str, Any]) -> Pace:
    """The pace of a job: its kind's, and what its order says otherwise."""
    kind = str(order.get("kind", ""))
    if kind == "train" and int((order.get("arguments") or {}).get("processes") or 1) > 1:
        kind = "train_together"
    return replace(Pace(grace=GRACE.get(kind, Pace.grace)), **order.get("pace", {}))
