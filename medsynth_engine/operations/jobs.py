"""Long work: handing it over, watching and cancelling it."""

from __future__ import annotations

import sys
from typing import Any

from sqlmodel import col, select

from medsynth_engine.access.roles import Permission, Scope
from medsynth_engine.jobs.start import launch as start_supervisor
from medsynth_engine.jobs.start import start
from medsynth_engine.jobs.watch import cancel, look
from medsynth_engine.kernel.errors import NotFound
from medsynth_engine.kernel.folders import JobFolder
from medsynth_engine.operations.declare import Call, Recorded, operation


def step(module: str, *arguments: str) -> list[str]:
    """The command line of a job's step; `{job}` stands for the job's folder."""
    return [sys.executable, "-m", module, *(arguments or ("{job}",))]


def hand_over(
    call: Call,
    change: Recorded,
    kind: str,
    subject: str,
    arguments: dict[str, Any],
    steps: list[list[str]] | None = None,
    queue: str | None = None,
    run_folder: str | None = None,
) -> str:
    """Write the job into the ledger, in the transaction of the operation that asks for it. Launch it afterwards."""
    job = start(
        change.change,
        call.home,
        kind=kind,
        arguments=arguments,
        steps=steps or [step(f"medsynth_engine.work.{kind}")],
        actor=call.actor,
        subject=subject,
        queue=queue,
        run_folder=run_folder,
    )
    change.detail["job"] = job
    return job


def launch(call: Call, job: str) -> None:
    """Start the job's supervisor, now that the ledger knows the job."""
    start_supervisor(call.home, job)


class Jobs:
    """Watching and cancelling."""

    @operation("jobs.list", Permission.OWN_ACCOUNT)
    def jobs_list(self, call: Call) -> list[dict[str, Any]]:
        """The newest hundred. What a crash left behind is put right first, so that no dead work is said to go on."""
        from db.tables import Job

        with call.read() as session:
            query = select(Job).order_by(col(Job.created_at).desc()).limit(100)
            if call.scope is Scope.OWN:
                query = query.where(Job.actor_id == call.actor.user_id)
            rows = session.exec(query).all()
        return [
            {
                "job": row.id,
                "kind": row.kind,
                "subject": row.subject,
                "state": look(call.ledger, call.home, row.id) if row.state in ("queued", "running") else row.state,
                "created": row.created_at.isoformat(timespec="seconds"),
            }
            for row in rows
        ]

    @operation("jobs.show", Permission.OWN_ACCOUNT, about="job")
    def jobs_show(self, call: Call, job: str) -> dict[str, Any]:
        row = _own_job(call, job)
        state = look(call.ledger, call.home, job)
        folder = JobFolder(call.home.jobs / row.folder)
        lines, _ = folder.lines()
        last = lines[-1] if lines else {}
        return {
            "job": job,
            "kind": row.kind,
            "subject": row.subject,
            "state": state,
            "progress": {key: last.get(key) for key in ("done", "total", "unit", "say")},
            "result": folder.result() if state == "finished" else None,
            "error": folder.error(),
            "log": folder.log_tail(20),
        }

    @operation("jobs.cancel", Permission.OWN_ACCOUNT, about="job")
    def jobs_cancel(self, call: Call, job: str) -> dict[str, Any]:
        row = _own_job(call, job)
        with call.change(f"job:{job}", kind=row.kind):
            pass
        return {"job": job, "state": cancel(call.ledger, call.home, job)}


def _own_job(call: Call, job: str) -> Any:
    from db.tables import Job

    with call.read() as session:
        row = session.get(Job, job)
    if row is None or (call.scope is Scope.OWN and row.actor_id != call.actor.user_id):
        raise NotFound("no_such_job", "There is no such job of yours.", "See: medsynth jobs list")
    return row
