"""Which actions and outcomes there are on an audit record, and what was meant by a word that is none."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.escape import plain

UNASKED = frozenset(
    {
        "account.totp_on", "audit.key", "cohorts.drawn", "cohorts.evaluated", "cohorts.imported", "cohorts.released",
        "cohorts.reported", "datasets.bundled", "datasets.check_again", "datasets.described", "datasets.swept",
        "datasets.taken_in", "datasets.text_checked", "job.fail", "job.finish", "job.interrupt", "job.pause",
        "job.refuse", "job.requeue", "job.resume", "job.start", "job.stop", "job.sweep", "review.applied",
        "review.completed", "review.expired", "rows.learned_privately", "rules.proposed", "runs.ended",
        "runs.imported", "session.denied", "session.end", "store.copy", "store.create", "user.activate", "user.add",
        "user.disable", "user.password", "user.reset", "user.role", "user.totp_reset", "weights.found",
        "weights.imported", "weights.released",
    }
)  # fmt: skip
"""Actions that are recorded beside the operations: what jobs finish, and what the store does by itself."""

OUTCOMES = ("done", "denied", "refused", "failed")
OBJECT_KINDS = (
    "assessment", "cohort", "dataset", "generator", "job", "preference", "run", "setting", "user",
)  # fmt: skip
"""What an object on record may be; its name follows after a colon."""


def demand_outcome(outcome: str | None) -> None:
    """Raise BadInput where nothing ends so: that nothing is found would read as if nothing had happened."""
    if outcome is None or outcome in OUTCOMES:
        return
    close = get_close_matches(outcome, OUTCOMES, 1)
    meant = f"Did you mean {close[0]}? " if close else ""
    raise BadInput(
        "unknown_outcome", f"Nothing ends as {plain(outcome, 60)!r}.", f"{meant}One of: {', '.join(OUTCOMES)}."
    )


def demand_known(action: str, operations: Iterable[str]) -> None:
    """Raise BadInput where `action` is neither an action nor a family of some (`datasets.`), with what comes close.

    operations  the names of all operations: each is an action
    """
    known = sorted({*operations, *UNASKED})
    if action in known or (action.endswith(".") and any(name.startswith(action) for name in known)):
        return
    close = get_close_matches(action, known, 3) or [name for name in known if action and action in name][:5]
    meant = f"Did you mean {' or '.join(close)}? " if close else ""
    raise BadInput(
        "unknown_action",
        f"No action is called {plain(action, 60)!r}.",
        f"{meant}A whole family ends with a dot: --action datasets.",
    )
