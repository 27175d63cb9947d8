"""Job folders that no row of the ledger names: what a kill left between the folder and the commit. They are removed.

A folder that is newer than the ledger's last record is left alone: the ledger may be an older copy that was put back.
So is one from between a backup's last record and the restore that put it back: the ledger that knew it is gone.
"""

from __future__ import annotations

import json
import shutil
import time
from contextlib import suppress
from datetime import timedelta
from typing import Any

from sqlmodel import Session, select

from db.dialect import run
from db.ledger import SYSTEM, Ledger
from db.tables import Job
from medsynth_engine.kernel.home import Home

AGE = timedelta(days=1)
COARSE = 2.0  # seconds: a file system's clock may lag behind the one that dates the records


def sweep_orphans(ledger: Ledger, home: Home) -> int:
    """How many were removed. Cheap where there are none: one listing and one column of the ledger."""
    with ledger.read() as session:
        known = set(session.exec(select(Job.folder)))
        found = {
            folder: folder.stat().st_mtime
            for folder in home.jobs.iterdir()
            if folder.name not in known and folder.is_dir()
        }
        oldest = min(time.time() - AGE.total_seconds(), _newest(session)) if found else 0.0
        old = [folder for folder, made in found.items() if made < oldest]
        spans = _forgotten(session) if old else []
    orphans = [folder for folder in old if not any(since <= found[folder] <= until for since, until in spans)]
    for folder in orphans:
        shutil.rmtree(folder, ignore_errors=True)
    if orphans:
        with ledger.write("job") as change:
            change.record(actor=SYSTEM, action="job.sweep", object_="store", detail={"folders": len(orphans)})
    return len(orphans)


def _newest(session: Session) -> float:
    """When the last record was written, in seconds since 1970."""
    found = run(session.connection(), "SELECT ts_ns FROM audit ORDER BY seq DESC LIMIT 1").scalar()
    return (found or 0) / 1e9


def _forgotten(session: Session) -> list[tuple[float, float]]:
    """What no record is left of: from a backup's last record to its restore, in seconds since 1970."""
    connection, found = session.connection(), []
    for detail, until in run(connection, "SELECT detail, ts_ns FROM audit WHERE action = 'store.restore'").all():
        last: Any = None
        with suppress(ValueError, TypeError, AttributeError, RecursionError):  # who bent the log stops no sweep
            last = json.loads(detail).get("records")
        ask = "SELECT ts_ns FROM audit WHERE seq = ?"
        since = run(connection, ask, (last,)).scalar() if isinstance(last, int) and 0 < last < 1 << 63 else None
        found.append(((since or 0) / 1e9 - COARSE, until / 1e9))
    return found
