"""Whether the services of a server start what people ask for (`jobs.serve`). Nothing of it on a laptop."""

from __future__ import annotations

import time

from medsynth_engine.kernel.folders import JobFolder
from medsynth_engine.kernel.served import served
from medsynth_engine.operations.declare import Call
from medsynth_engine.operations.doctor_says import Check, check

LATE_SECONDS = 60.0
"""A service starts what may start within a second; a machine that is busy takes longer."""


def checks(call: Call) -> list[Check]:
    """One check where services start the work here; none elsewhere."""
    if not served() or call.store is None:
        return []
    from medsynth_engine.jobs.serve import first_in_line

    with call.read() as session:
        waiting = first_in_line(session)
    late = [job for job in waiting if _waits(JobFolder(call.home.jobs / job.folder)) > LATE_SECONDS]
    kinds = {"medsynth-trainer" if job.kind == "train" else "medsynth-queue" for job in late}
    return [
        check(
            "services",
            not late,
            "What is asked for is started.",
            f"Jobs that wait for nobody and are not started: {len(late)}.",
            f"On the server: systemctl status {' '.join(sorted(kinds))}",
        )
    ]


def _waits(folder: JobFolder) -> float:
    """Seconds since it was asked for, asked to go on, or tried."""
    try:
        touched = max(path.stat().st_mtime for path in folder.path.iterdir() if path.is_file())
    except (OSError, ValueError):
        return 0.0  # its folder is gone: another matter
    return time.time() - touched
