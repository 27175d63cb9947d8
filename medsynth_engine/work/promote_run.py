"""A run that rested and was stopped: the best generator that it had measured becomes the one that it leaves behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from medsynth_engine.gan import weights
from medsynth_engine.gan.card import made
from medsynth_engine.kernel.errors import Busy
from medsynth_engine.kernel.folders import RunFolder
from medsynth_engine.work.desk import Desk, own_run, run

WHY = "The best Fréchet ratio on the validation fold until the run was stopped while it rested."


def work(desk: Desk) -> dict[str, Any]:
    folder = RunFolder(desk.home.runs / own_run(desk).folder)
    if folder.state()["state"] == "running" or not best_of(folder).exists():
        raise Busy("not_resting", "This run does not rest, or nothing was measured yet.", "Stop it again.")
    return {"run": desk.arguments["run"], **promote(folder)}


def best_of(folder: RunFolder) -> Path:
    return folder.checkpoints / "best.pth"


def promote(folder: RunFolder) -> dict[str, Any]:
    """Make the best checkpoint the run's generator; when that was, and how good."""
    kept = weights.load(best_of(folder))
    rows = folder.rows.read_text() if folder.rows.exists() else None
    weights.save(folder.generator, weights.document(kept.generator, kept.info, rows))
    facts = {"kimg": kept.info["kimg"], "fd_ratio_validation": kept.info["fd_ratio_validation"]}
    folder.set_state("stopped", kept={"generator": "best", **facts, "why": WHY}, made=made(folder.generator))
    return facts


if __name__ == "__main__":
    run(work)
