"""Weights that somebody put into `weights/` by hand: found at the start, checked by a job, then announced.

They are the researcher's who comes first; the file says of nobody whose it is.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from db.ledger import SYSTEM
from db.tables import Job, Weights
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.escape import plain
from medsynth_engine.operations.declare import Call, Recorded, checked_name
from medsynth_engine.operations.free_names import generator_called, run_called
from medsynth_engine.operations.jobs import hand_over, launch

PLACED = "placed"
"""In the document of a generator: whether it was put into `weights/` by hand."""
QUIET_SECONDS = 3.0
"""What changed more recently may still be on its way."""
NEWS = timedelta(days=1)


def take_in_placed(call: Call) -> list[str]:
    """Start the check of every weights file that the ledger does not know; the jobs that were started."""
    found = [path for path in sorted(call.home.weights.glob("*.pth")) if _is_ours_to_look_at(path)]
    jobs = []
    for path in found:
        with call.read() as session:
            if not _is_new(session, path):
                continue
        with call.ledger.write(call.face) as change:
            if not _is_new(change.session, path):
                continue  # another start was first
            subject = f"generator:{path.stem}"
            recorded = Recorded(change.session, change, subject)
            arguments = {"name": path.stem, "source": str(path.resolve())}
            jobs.append(hand_over(call, recorded, "import_weights", subject, arguments))
            change.record(actor=SYSTEM, action="weights.found", object_=subject, detail=recorded.detail)
    for job in jobs:
        launch(call, job)
    return jobs


def newly_placed(call: Call) -> list[str]:
    """One sentence for each of the actor's generators that was placed by hand and taken in since yesterday."""
    with call.read() as session:
        mine = select(Weights).where(Weights.owner_id == call.actor.user_id)
        rows = session.exec(mine.order_by(col(Weights.created_at).desc())).all()
    return [loaded(row) for row in rows if row.document.get(PLACED) and datetime.now(UTC) - row.created_at < NEWS]


def loaded(row: Any) -> str:
    """Such as `Real GAN weights loaded: generator_v1, 64 px, 3 conditions, trained on 1,204 images`."""
    facts = row.document
    conditions = len(facts.get("conditions") or ())
    trained = facts.get("trained_on")
    told = f"trained on {trained:,} images" if isinstance(trained, int) else "it does not say how many images it saw"
    number = f"{conditions} condition{'' if conditions == 1 else 's'}"
    return f"Real GAN weights loaded: {plain(row.name)}, {facts.get('resolution')} px, {number}, {told}"


def _is_ours_to_look_at(path: Path) -> bool:
    """A plain file with a name that a generator can have, and that nobody seems to write any more."""
    try:
        checked_name(path.stem, "generator")
        return not path.is_symlink() and path.is_file() and time.time() - path.stat().st_mtime >= QUIET_SECONDS
    except (BadInput, OSError):
        return False


def _is_new(session: Session, path: Path) -> bool:
    """Whether neither a generator nor a run has this name (a run is about to tell of its own), in whatever letters, and
    the file was not looked at as it is now: what was refused once is refused again."""
    name = path.stem
    if generator_called(session, name) or run_called(session, name):
        return False
    about = select(Job).where(Job.kind == "import_weights", Job.subject == f"generator:{name}")
    last = session.exec(about.order_by(col(Job.created_at).desc())).first()
    if last is None:
        return True
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return last.state not in ("queued", "running") and changed > last.created_at
