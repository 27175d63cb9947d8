"""How a run stands: from its folder, which is the truth, and from its job while that prepares or has died."""

from __future__ import annotations

from typing import Any

from medsynth_engine.jobs.watch import look, newest_job_of
from medsynth_engine.kernel.folders import JobFolder, RunFolder
from medsynth_engine.operations.declare import Call


def shown(call: Call, row: Any) -> dict[str, Any]:
    """DESIGN's `runs show` document, from the folder."""
    folder = RunFolder(call.home.runs / row.folder)
    facts, config = folder.state(), folder.config()
    last: dict[str, Any] = {}
    best: dict[str, Any] | None = None
    for record in folder.metrics():
        last.update({key: value for key, value in record.items() if key not in ("kind", "what", "why")})
        ratio = record.get("fd_ratio_validation")
        if ratio is not None and (best is None or ratio < best["fd_ratio_validation"]):
            best = {"kimg": record.get("kimg"), "fd_ratio_validation": ratio}
    return {
        "run": row.name,
        "dataset": _dataset_name(call, row.dataset_id),
        "state": run_state(call, row, folder),
        "device": facts.get("device") or config.get("device"),
        "preset": config.get("preset") or row.preset,
        "kimg": last.get("kimg", 0.0),
        "kimg_total": facts.get("total_kimg"),
        "images_per_second": last.get("images_per_second"),
        "seconds": last.get("seconds", 0.0),
        "metrics": {key: value for key, value in last.items() if key not in ("kimg", "seconds")},
        "best": facts.get("best") or best,  # the fact knows better: what looks like copies is never the best
        "kept": facts.get("kept"),
        "privacy": facts.get("privacy"),
        "simulated": row.simulated,
        "error": facts.get("error") or _job_error(call, row),
        "path": str(folder.path),
    }


def _dataset_name(call: Call, dataset_id: str) -> str | None:
    from db.tables import Dataset

    with call.read() as session:
        dataset = session.get(Dataset, dataset_id)
    return dataset.name if dataset else None


def run_state(call: Call, row: Any, folder: RunFolder) -> str:
    """The run's state: its job's while that prepares or has died, else what the folder says."""
    state = str(folder.state()["state"])
    if state in ("finished", "stopped", "paused"):
        return state
    job = newest_job_of(call.ledger, f"run:{row.name}")
    seen = look(call.ledger, call.home, job) if job else state
    if seen in ("running", "queued"):
        return seen if state != "running" else "running"
    return state if seen == "finished" else seen


def _job_error(call: Call, row: Any) -> dict[str, Any] | None:
    """Why the run's last job failed, where the training itself could not say it."""
    job = newest_job_of(call.ledger, f"run:{row.name}")
    return JobFolder(call.home.jobs / job).error() if job else None
