"""What is wrong with a store, and what to do about it: each check says one thing, and one way out."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from db.errors import LedgerError
from medsynth_engine.kernel.atomic import TEMPORARY
from medsynth_engine.kernel.home import Home
from medsynth_engine.operations import doctor_ready, doctor_services
from medsynth_engine.operations.declare import Call
from medsynth_engine.operations.doctor_says import Check, check
from medsynth_engine.operations.removal import STAGING, UNFINISHED, changed
from medsynth_engine.operations.settings import setting

LITTLE_ROOM = 2 * 10**9
BACKUP_DAYS = 30
LATE_SECONDS = 26 * 3600
HOUR = timedelta(hours=1)


def quick(call: Call) -> list[Check]:
    """What can be seen at a glance, for the home screen."""
    checks = [_store(call), _disk(call.home), *_modes(call.home)]
    if call.store is None:
        return checks
    return [*checks, *doctor_ready.account(call.home), *_signing(call), *doctor_services.checks(call)]


def thorough(call: Call) -> list[Check]:
    """All of it, also what reads the whole ledger's file."""
    checks = [*quick(call), _broken_off(call.home)]
    if not call.home.has_store:
        return checks
    from medsynth_engine.operations import doctor_ledger

    checks += doctor_ledger.checks(call)
    if call.store is None:
        return checks
    from medsynth_engine.operations import doctor_lists, doctor_log

    checks += [doctor_log.records(call), doctor_lists.lists(call), _typed_passwords(call), _backup(call)]
    return [*checks, *doctor_ready.checks(call)]


def _store(call: Call) -> Check:
    if call.store is None and call.home.has_store:
        from db.place import open_store

        try:
            open_store(call.home.ledger).close()
        except LedgerError as error:
            return check("store", False, "", error.message, error.hint)
    return check(
        "store", call.store is not None, "There is a store here.", "There is no store here yet.", "medsynth init"
    )


def _disk(home: Home) -> Check:
    free = shutil.disk_usage(standing(home.root)).free
    return check(
        "disk",
        free > LITTLE_ROOM,
        f"{free / 1e9:.0f} GB are free.",
        f"Only {free / 1e9:.1f} GB are free. Where the disk is full, the store can be read and nothing be changed.",
        "Remove runs or cohorts that nobody needs.",
    )


def _modes(home: Home) -> Iterator[Check]:
    keys = sorted(home.data.glob("audit-*.key")) if home.data.is_dir() else []
    for name, path in (("ledger", home.ledger), ("key", home.key), *(("audit key", key) for key in keys)):
        if path.exists():
            private = not stat.S_IMODE(path.stat().st_mode) & 0o077
            yield check(
                f"{name} mode",
                private,
                f"Only its owner can read the {name}.",
                f"Others can read the {name}.",
                f"chmod 600 on the {name}'s file.",
            )


def _signing(call: Call) -> Iterator[Check]:
    """Whether the audit log is signed, and its checkpoints reach where they are to be kept."""
    from db import checkpoints
    from db.dialect import run
    from db.note import Signer

    key = checkpoints.key_path(call.home.ledger, call.ledger.store_id)
    with call.read() as session:
        last = checkpoints.last(session.connection())
        size = run(session.connection(), "SELECT max(seq) FROM audit").scalar() or 0
        anchor = str(setting(session, "anchor_file"))
    try:
        Signer.from_line(key.read_text())
        readable = True
    except FileNotFoundError:
        readable = last is None or os.access(key.parent, os.W_OK)  # a new one is made, and the log says so
    except (OSError, LedgerError):
        readable = False
    behind = size - (last.size if last else 0)
    yield check(
        "audit signatures",
        readable and behind < 2 * checkpoints.EVERY,
        f"The audit log is signed up to record {last.size if last else 0} of {size}.",
        "The key that signs the audit log cannot be read."
        if not readable
        else f"The last {behind} records are not signed.",
        f"Make {key.name} in the data folder readable for its owner alone; a new one is made where it is gone.",
    )
    if anchor:
        yield _anchor(Path(anchor), call.home, last.size if last else 0)


def _anchor(file: Path, home: Home, signed: int) -> Check:
    from db import anchors

    try:
        known = max(anchor.size for anchor in anchors.read_file(file))
    except (LedgerError, ValueError):
        return check(
            "anchor", False, "", "The anchor's file cannot be read, or holds no checkpoint.",
            "Mount its disk again, then: medsynth audit checkpoint",
        )  # fmt: skip
    if known < signed:
        late = f"The anchor's file is {signed - known} records behind."
        return check("anchor", False, "", late, "See that it can be written, then: medsynth audit checkpoint")
    apart = file.stat().st_dev != home.data.stat().st_dev
    return check(
        "anchor", apart, f"The anchor's file knows {known} records.", "The anchor lies on the same disk as the store.",
        "An anchor helps where somebody who can write here cannot: medsynth settings set anchor_file PATH",
    )  # fmt: skip


def _broken_off(home: Home) -> Check:
    """What a killed process left, and no look at the store sweeps: it may be another's, or the ledger an older copy."""
    kept = (home.datasets, home.runs, home.cohorts, home.weights) if home.data.is_dir() else ()
    old = [path for place in (home.data, *kept) for path in place.glob(f"{TEMPORARY}*") if _unchanged(path, HOUR)]
    old += [path for place in kept for path in place.glob(f"{STAGING}*") if _unchanged(path, 2 * UNFINISHED)]
    return check(
        "leftovers",
        not old,
        "Nothing is left of work that was killed.",
        f"{len(old)} half-written files or folders of work that was killed are left.",
        f"Remove what begins with {TEMPORARY} or {STAGING} in the data folder, and where datasets, runs, cohorts and "
        "weights are.",
    )


def _unchanged(path: Path, since: timedelta) -> bool:
    return datetime.now(UTC) - changed(path) > since


def _typed_passwords(call: Call) -> Check:
    """Programs before this one kept what was typed first in a denied call, also where that was the password.

    Nothing takes a record away, so what counts is whether the password was changed since. Where the session had run
    out the record does not say whose it was (`anyone`): then everybody's counts.
    """
    from db.dialect import run

    with call.read() as session:
        people = run(
            session.connection(),
            """SELECT count(*) FROM "user" AS person WHERE state = 'active' AND EXISTS (
                     SELECT 1 FROM audit AS typed WHERE outcome = 'denied' AND object <> ''
                       AND action IN ('session.confirm', 'account.password', 'account.totp_off', 'account.totp_codes')
                       AND actor IN (person.name, 'anyone') AND NOT EXISTS (
                         SELECT 1 FROM audit AS later
                           WHERE later.object = 'user:' || person.name AND later.seq > typed.seq
                           AND later.action IN ('user.password', 'user.activate') AND later.outcome = 'done'))""",
        ).scalar()
    return check(
        "typed passwords",
        not people,
        "No password that still holds stands in the audit log.",
        f"The audit log of an earlier version holds what was typed as a password; {people} accounts may be meant.",
        "Change that password: medsynth passwd. Whose: the actors of medsynth audit list --outcome denied "
        "(anyone: everybody's). Exports of the log hold it too.",
    )


def _backup(call: Call) -> Check:
    from db import chain
    from medsynth_engine.operations import remains

    with call.read() as session:
        made = remains.backups(session)
        begun = chain.page(session, action="store.backup", outcome="done", limit=1)
        put_back = chain.page(session, action="store.restore", limit=1)  # a backup tells of its own beginning alone
        first = chain.page(session, action="store.create", limit=1)
    known = {each.seq for each in made}
    later = max((each.seq for each in put_back), default=0)
    if begun and begun[0].seq not in known and begun[0].seq > later and _hours(begun[0].at) >= 1:
        return check(
            "backup", False, "", "The last backup that was begun was not finished.",
            "Make one: medsynth backup FILE. Half of one (.partial-…) may lie where it was to be.",
        )  # fmt: skip
    since = made[0].at if made else (first[0].at if first else None)
    days = (datetime.now(UTC) - since).days if since is not None else BACKUP_DAYS
    return check(
        "backup",
        days < BACKUP_DAYS,
        f"The last backup was made {days} days ago." if made else "The store is new.",
        f"The last backup was made {days} days ago." if made else "The log tells of no finished backup.",
        "medsynth backup FILE, on another disk; then try it: medsynth restore FILE --check",
    )


def _hours(at: datetime) -> float:
    return (datetime.now(UTC) - at).total_seconds() / 3600


def standing(path: Path) -> Path:
    """The nearest folder that exists."""
    return path if path.exists() else standing(path.parent)
