"""A run that rested and was stopped: the best generator that it had measured becomes the one that it leaves behind."""

from __future__ import annotations

from typing import Any

from medsynth_engine.gan import weights
from medsynth_engine.kernel.errors import Busy
from medsynth_engine.kernel.folders import RunFolder
from medsynth_engine.work.desk import Desk, own_run, run

WHY = "The best Fréchet ratio on the validation fold until the run was stopped while it rested."


def work(desk: Desk) -> dict[str, Any]:
    folder = RunFolder(desk.home.runs / own_run(desk).folder)
    best = folder.checkpoints / "best.pth"
    if folder.state()["state"] == "running" or not best.exists():
        raise Busy("not_resting", "This run does not rest, or nothing was measured yet.", "Stop it again.")
    kept = weights.load(best)
    rows = folder.rows.read_text() if folder.rows.exists() else None
    weights.save(folder.generator, weights.document(kept.generator, kept.info, rows))
    facts = {"kimg": kept.info["kimg"], "fd_ratio_validation": kept.info["fd_ratio_validation"]}
    folder.set_state("stopped", kept={"generator": "best", **facts, "why": WHY})
    return {"run": desk.arguments["run"], **facts}


if __name__ == "__main__":
    run(work)
