"""How a run stands: from its folder, which is the truth, and from its job while that prepares or has died."""

from __future__ import annotations

from typing import Any

from sqlmodel import col, select

from medsynth_engine.access.roles import Scope
from medsynth_engine.intake.text.state import text_waits
from medsynth_engine.jobs.elsewhere import queue_word, waits_elsewhere
from medsynth_engine.jobs.watch import look, newest_job_of
from medsynth_engine.kernel.escape import plain
from medsynth_engine.kernel.folders import JobFolder, RunFolder
from medsynth_engine.kernel.run_records import measured
from medsynth_engine.operations.declare import Call
from medsynth_engine.operations.remains import called

NO_PATIENTS = (
    "There is no patient id in this dataset: each picture (or lesion or study, where the table names them) counts as a "
    "patient, so what --epsilon promises holds for a picture, not for a person."
)
NOT_DELETED = (
    "Nobody has confirmed yet that the bundle, its checkpoints and its key were deleted where this was trained; they "
    "know the real images."
)
TEXT_WAITS = (
    "The pictures of this dataset are not all read for burned-in text yet. Where text is found, a newer version takes "
    "its place and what was trained on this one may not leave. To wait for it: medsynth jobs list."
)


def shown(call: Call, row: Any, private: bool = False) -> dict[str, Any]:
    """DESIGN's `runs show` document, from the folder. `private`: asked with an epsilon, before the folder says so."""
    folder = RunFolder(call.home.runs / row.folder)
    facts, config = folder.state(), folder.config()
    last: dict[str, Any] = {}
    for record in folder.metrics():
        last.update(measured(record))
    dataset = _dataset(call, row.dataset_id)
    return {
        "run": row.name,
        "dataset": called(dataset),
        "state": run_state(call, row, folder),
        "queued_behind": queued_behind(call, row),
        "device": facts.get("device") or config.get("device"),
        "preset": config.get("preset") or row.preset,
        "kimg": last.get("kimg", 0.0),
        "kimg_total": facts.get("total_kimg"),
        "images_per_second": last.get("images_per_second"),
        "seconds": last.get("seconds", 0.0),
        "metrics": {key: value for key, value in last.items() if key not in ("kimg", "seconds")},
        "best": best_of(facts),
        "kept": facts.get("kept"),
        "privacy": facts.get("privacy"),
        "warnings": warnings(dataset, private or bool(config.get("privacy")), row.summary or {}),
        "simulated": row.simulated,
        "cluster": queue_word(folder) or None,
        "error": facts.get("error") or _job_error(call, row),
        "path": str(folder.path),
    }


def best_of(facts: dict[str, Any]) -> dict[str, Any] | None:
    """The generator that a run keeps, or would keep now: its place and ratio. Only the training itself knows: the least
    ratio of all may be that of a generator which draws what looks like copies."""
    kept = facts.get("kept") or {}
    if kept.get("kimg") is None:
        return facts.get("best")
    return {key: kept.get(key) for key in ("kimg", "fd_ratio_validation")}


def warnings(dataset: Any, private: bool, summary: dict[str, Any]) -> list[str]:
    """What must be known of a run on `dataset`: whom an epsilon protects where nobody is named, what of a run that
    came back from elsewhere may still lie there, and whether text may be found in what it learns from."""
    nameless = private and dataset and dataset.summary.get("patients_known") is False
    remains = summary.get("imported") and not summary.get("deletion_confirmed")
    waits = dataset is not None and text_waits(dataset.summary)
    said = {NO_PATIENTS: nameless, NOT_DELETED: remains, TEXT_WAITS: waits}
    return [warning for warning, holds in said.items() if holds]


def _dataset(call: Call, dataset_id: str) -> Any:
    from db.tables import Dataset

    with call.read() as session:
        return session.get(Dataset, dataset_id)


def queued_behind(call: Call, row: Any) -> str | None:
    """The run that a waiting run waits for, or `another training` where that is somebody else's, or the others on a
    cluster; None if none."""
    from db.tables import Job

    job = newest_job_of(call.ledger, f"run:{row.name}")
    with call.read() as session:
        mine = session.get(Job, job) if job else None
        if mine is not None and mine.state == "running":
            return _behind_elsewhere(RunFolder(call.home.runs / row.folder))
        if mine is None or mine.state != "queued" or mine.queue is None:
            return None
        others = select(Job).where(Job.queue == mine.queue, Job.id != mine.id)
        first = (
            session.exec(others.where(Job.state == "running")).first()
            or session.exec(
                others.where(Job.state == "queued", Job.created_at < mine.created_at).order_by(
                    col(Job.created_at).desc()
                )
            ).first()
        )
    if first is None:
        return None
    seen = call.scope is Scope.ALL or first.actor_id == call.actor.user_id
    return first.subject.removeprefix("run:") if seen else "another training"


def _behind_elsewhere(folder: RunFolder) -> str | None:
    if not waits_elsewhere(folder):
        return None
    word = queue_word(folder)
    why = f": {plain(word['reason'], 40)}" if word.get("reason") not in ("", "None", None) else ""
    return f"others on {plain(word['cluster'], 40)} (job {plain(word['job'], 40)}{why})"


def run_state(call: Call, row: Any, folder: RunFolder) -> str:
    """The run's state: its job's while that waits, prepares or has died, else what the folder says."""
    state = str(folder.state()["state"])
    if state in ("finished", "stopped"):
        return state
    job = newest_job_of(call.ledger, f"run:{row.name}")
    seen = look(call.ledger, call.home, job) if job else state
    if state == "paused":
        return "queued" if seen == "queued" else state
    if seen == "running" and state in ("queued", "interrupted") and waits_elsewhere(folder):
        return "queued"
    if seen in ("running", "queued"):
        return seen if state != "running" else "running"
    return state if seen == "finished" else seen


def _job_error(call: Call, row: Any) -> dict[str, Any] | None:
    """Why the run's last job failed, where the training itself could not say it."""
    job = newest_job_of(call.ledger, f"run:{row.name}")
    return JobFolder(call.home.jobs / job).error() if job else None
