"""Job folders that no row of the ledger names: what a kill left between the folder and the commit. They are removed.

A folder that is newer than the ledger's last record is left alone: the ledger may be an older copy that was put back.
"""

from __future__ import annotations

import shutil
import time
from datetime import timedelta

from sqlmodel import Session, select

from db.ledger import SYSTEM, Ledger
from db.tables import Job
from medsynth_engine.kernel.home import Home

AGE = timedelta(days=1)


def sweep_orphans(ledger: Ledger, home: Home) -> int:
    """How many were removed. Cheap where there are none: one listing and one column of the ledger."""
    with ledger.read() as session:
        known = set(session.exec(select(Job.folder)))
        newest = _newest(session)
    oldest = time.time() - AGE.total_seconds()
    orphans = [
        folder
        for folder in home.jobs.iterdir()
        if folder.name not in known and folder.is_dir() and folder.stat().st_mtime < min(oldest, newest)
    ]
    for folder in orphans:
        shutil.rmtree(folder, ignore_errors=True)
    if orphans:
        with ledger.write("job") as change:
            change.record(actor=SYSTEM, action="job.sweep", object_="store", detail={"folders": len(orphans)})
    return len(orphans)


def _newest(session: Session) -> float:
    """When the last record was written, in seconds since 1970."""
    found = session.connection().exec_driver_sql("SELECT ts_ns FROM audit ORDER BY seq DESC LIMIT 1").scalar()
    return (found or 0) / 1e9
