"""The ledger of a backup, made ready to be a store again: in a folder of its own, before it takes any place."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlmodel import Session, col, select

from db.dialect import run
from db.facts import keep_setting, setting
from medsynth_engine.kernel.atomic import file_digest
from medsynth_engine.kernel.home import Home
from medsynth_engine.operations.backup_file import LEDGER
from medsynth_engine.operations.settings import SETTINGS

if TYPE_CHECKING:
    from db.ledger import Ledger
    from db.proof import Verification

WRITES_OUTSIDE = ("anchor_file", "anchor_syslog")
"""Settings that let a store write where another store may write too: the one that the backup is of."""


def prepare(home: Home, store: Ledger | None, staging: Path, file: Path, verified: Verification) -> list[str]:
    """Bring the ledger to today's version, end what was under way in it, and say in its log that it was put back.

    Which settings were emptied, so that a store that comes back into an empty home, perhaps beside the living one, does
    not sign into that one's anchor with a key of its own.
    """
    from db.ledger import SYSTEM, Ledger
    from db.tables import Job, LoginSession

    for key in home.data.glob("audit-*.key"):
        shutil.copy2(key, staging / key.name)
    replaced = _state_of(store)
    with Ledger.open(staging / LEDGER) as ledger:
        with ledger.write("restore") as change:
            now = datetime.now(UTC)
            for login in change.session.exec(select(LoginSession).where(col(LoginSession.ended_at).is_(None))):
                login.ended_at, login.end_reason = now, "restored"
                change.session.add(login)
            seen = _last_seen(change.session)
            for job in change.session.exec(select(Job).where(col(Job.state).in_(("queued", "running", "paused")))):
                job.state, job.ended_at = "interrupted", seen
                change.session.add(job)
            emptied = [] if home.has_store else _empty(change.session)
            detail = {"digest": file_digest(file), "records": verified.records, "replaced": replaced}
            change.record(
                actor=SYSTEM,
                action="store.restore",
                object_=ledger.store_id,
                detail={**detail, **({"emptied": emptied} if emptied else {})},
            )
        ledger.checkpoint(SYSTEM, "restore")
    return emptied


def _empty(session: Session) -> list[str]:
    """Those that were set; before any checkpoint is signed, because each is carried to where they say."""
    there = [name for name in WRITES_OUTSIDE if setting(session, name) not in (None, SETTINGS[name][0])]
    for name in there:
        keep_setting(session, name, SETTINGS[name][0])
    return there


def _last_seen(session: Session) -> datetime:
    """When the backup's last record was written: what jobs did after it this ledger does not know, and sweeps nothing
    of it.
    """
    at = run(session.connection(), "SELECT ts_ns FROM audit ORDER BY seq DESC LIMIT 1").scalar()
    return datetime.fromtimestamp((at or 0) / 1e9, UTC)


def _state_of(store: Ledger | None) -> dict[str, Any] | None:
    """Where the log stood that is replaced, so that the new one says what it took the place of."""
    if store is None:
        return None
    from db.chain import head

    with store.read() as session:
        return {"store": store.store_id, **head(session)}
