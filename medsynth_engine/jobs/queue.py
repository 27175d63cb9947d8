"""First come, first served: one job of a queue at a time (one training per device). No daemon is needed."""

from __future__ import annotations

from typing import Any

from db.ledger import Ledger
from medsynth_engine.jobs import record
from medsynth_engine.jobs.start import launch
from medsynth_engine.kernel.folders import JobFolder
from medsynth_engine.kernel.home import Home

LOST: dict[str, Any] = {
    "code": "folder_lost",
    "message": "The job's folder is gone, or its order cannot be read.",
    "hint": "Ask again.",
    "exit_code": 6,
}


def start_next(ledger: Ledger, home: Home, queue: str) -> str | None:
    """Start the supervisor of the first waiting job where nobody has the queue; which job that is.

    Whether it may go is decided when it claims the job in the ledger, so calling this once too often does no harm.
    """
    while True:
        with ledger.read() as session:
            first = None if record.running_in(session, queue) else record.first_queued(session, queue)
        if first is None:
            return None
        folder = JobFolder(home.jobs / first)
        if folder.usable():
            launch(home, first)
            return first
        record.settle(ledger, folder, "failed", LOST, only_from=("queued",))
