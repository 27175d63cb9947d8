"""Who uses the disk: datasets, runs, cohorts, generators, exports, and what the store itself keeps.

Names are told of what one may see anyway: one's own, what was shared with one, and to whoever maintains the store
everything. Of the rest only how much it is. Removing goes through each thing's own operation.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlmodel import Session, col, select

from medsynth_engine.access.roles import Permission, permitted
from medsynth_engine.kernel.atomic import TEMPORARY
from medsynth_engine.kernel.home import Home
from medsynth_engine.operations.backup_file import ASIDE, FOLDERS, REPLACED
from medsynth_engine.operations.declare import Call, operation
from medsynth_engine.operations.doctor import standing
from medsynth_engine.operations.removal import STAGING, TRASH

if TYPE_CHECKING:
    from medsynth_engine.access.actor import Actor

BLOCK = 512
"""Bytes of one `st_blocks` (POSIX)."""
BACKUP_BEGINS = b"age-encryption.org/v1"
REMOVED_BY = {
    "dataset": "its owner",
    "run": "its owner",
    "cohort": "its owner",
    "generator": "nobody: the store keeps its generators",
    "export": "by hand, outside of the store: it has left",
    "backup": "by hand, by an admin",
}
OPERATIONS = {"dataset": "datasets_remove", "run": "runs_remove", "cohort": "cohorts_remove"}
"""What removes a thing of that kind."""


@dataclass(frozen=True)
class Thing:
    """What somebody brought in or made. `owner_id` is empty where the ledger does not know whose it is."""

    kind: str
    name: str
    owner_id: str
    bytes: int
    created: str
    shown_to: frozenset[str] = frozenset()


class Disk:
    """Sizes are what the file system has set aside, so that many small files count for what they cost."""

    @operation("disk.show", Permission.READ_REPORTS)
    def disk(self, call: Call) -> dict[str, Any]:
        """`database` of the kinds lies on its server's disk, whatever `free` and `total` say of this one."""
        from db.dialect import bytes_in_database
        from db.tables import User

        with call.read() as session:
            people = {user.id: user.name for user in session.exec(select(User))}
            things = list(_things(session, call.home))
            database = bytes_in_database(session.connection())
        whole = shutil.disk_usage(standing(call.home.root))
        kept = {"database": database, **_kept(call.home)}
        everything = permitted(call.actor.role, Permission.MAINTAIN)
        seen = [each for each in things if everything or call.actor.user_id in {each.owner_id, *each.shown_to}]
        kinds = {kind: sum(each.bytes for each in things if each.kind == kind) for kind in REMOVED_BY}
        return {
            "free": whole.free,
            "total": whole.total,
            "used": sum(kinds.values()) + sum(kept.values()),
            "kinds": [{"kind": kind, "bytes": size} for kind, size in (kinds | kept).items()],
            "unfinished": [{"of": kind, "bytes": size} for kind, size in _unfinished(call.home).items() if size],
            "owners": _owners(things, people, call.actor, everything),
            "things": [_shown(each, people, call.actor) for each in sorted(seen, key=_largest_first)],
        }


def _largest_first(thing: Thing) -> tuple[int, str]:
    return -thing.bytes, thing.name


def _shown(thing: Thing, people: dict[str, str], actor: Actor) -> dict[str, Any]:
    own = thing.owner_id == actor.user_id
    document = {key: value for key, value in asdict(thing).items() if key not in ("owner_id", "shown_to")}
    return {
        **document,
        "owner": people.get(thing.owner_id, ""),
        "own": own,
        "removed_by": REMOVED_BY[thing.kind],
        "remove": OPERATIONS.get(thing.kind, "") if own else "",
    }


def _owners(things: list[Thing], people: dict[str, str], actor: Actor, everything: bool) -> list[dict[str, Any]]:
    """How much each person's things take: of everybody for whoever maintains the store, else one's own and the rest."""
    sums: dict[str, int] = {}
    for each in things:
        known = each.owner_id in people and (everything or each.owner_id == actor.user_id)
        whose = people[each.owner_id] if known else ""
        sums[whose] = sums.get(whose, 0) + each.bytes
    return [{"owner": whose, "bytes": size} for whose, size in sorted(sums.items(), key=lambda each: -each[1])]


def _things(session: Session, home: Home) -> Iterable[Thing]:
    from db.tables import Cohort, Run, Weights

    yield from _datasets(session, home)
    for run in session.exec(select(Run).where(Run.state != "removed")):
        yield Thing("run", run.name, run.owner_id, taken(home.runs / run.folder), _day(run))
    for cohort in session.exec(select(Cohort).where(Cohort.state == "present")):
        yield Thing("cohort", cohort.name, cohort.owner_id, taken(home.cohorts / cohort.folder), _day(cohort))
    for weights in session.exec(select(Weights)):
        file = home.weights / f"{weights.name}.pth"
        yield Thing("generator", weights.name, weights.owner_id, taken(file), _day(weights))
    yield from _left(session, home)


def _datasets(session: Session, home: Home) -> Iterable[Thing]:
    """All versions of a dataset are one thing: they are removed together."""
    from db.tables import Dataset, DatasetShare

    shares: dict[str, set[str]] = {}
    for share in session.exec(select(DatasetShare)):
        shares.setdefault(share.dataset_id, set()).add(share.user_id)
    versions: dict[str, list[Dataset]] = {}
    for row in session.exec(select(Dataset).where(Dataset.state == "present").order_by(col(Dataset.version))):
        versions.setdefault(row.name, []).append(row)
    for name, rows in versions.items():
        size = sum(taken(home.datasets / folder) for folder in {row.folder for row in rows})
        shown_to = frozenset().union(*(shares.get(row.id, set()) for row in rows))
        yield Thing("dataset", name, rows[-1].owner_id, size, _day(rows[-1]), shown_to)


def _left(session: Session, home: Home) -> Iterable[Thing]:
    """What lies in the folders of what leaves; a release says whose it was."""
    from db.tables import Release

    whose = {release.path: release for release in session.exec(select(Release))}
    for path in sorted(path for folder in {home.generated, home.outbox} for path in folder.iterdir()):
        release = whose.get(path.name)
        if release is not None:
            yield Thing("export", path.name, release.actor_id, taken(path), release.at.date().isoformat())
        elif not path.name.startswith(".") and path.name != "README.md":
            yield Thing("backup" if _is_backup(path) else "export", path.name, "", taken(path), "")


def _is_backup(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(len(BACKUP_BEGINS)) == BACKUP_BEGINS


def _kept(home: Home) -> dict[str, int]:
    """What belongs to nobody: the ledger, what jobs wrote down, logs, a store moved aside, what is unfinished."""
    from db.move import KEPT

    aside = [path for start in (REPLACED, KEPT) for path in home.data.glob(f"{start}*")]
    aside += [path for kind in FOLDERS for path in getattr(home, kind).glob(f"{ASIDE}*")]
    return {
        "ledger": sum(taken(path) for path in home.data.glob(f"{home.ledger.name}*")),
        "work": taken(home.jobs),
        "logs": taken(home.logs),
        "moved_aside": sum(map(taken, aside)),
        "unfinished": sum(_unfinished(home).values()),
    }


def _unfinished(home: Home) -> dict[str, int]:
    """Of what is being brought in, trained, drawn or restored, or was broken off: how much, by what it is of."""
    folders = {"store": home.data, "dataset": home.datasets, "run": home.runs, "cohort": home.cohorts, "job": home.jobs}
    return {
        kind: sum(taken(path) for start in (TEMPORARY, TRASH, STAGING) for path in folder.glob(f"{start}*"))
        for kind, folder in folders.items()
    }


def _day(row: Any) -> str:
    day: str = row.created_at.date().isoformat()
    return day


def taken(path: Path) -> int:
    """Bytes that the file or folder takes on the disk; a file with several names counts once, a link not at all.

    What goes away meanwhile is nothing.
    """
    total, seen, waiting = 0, set[tuple[int, int]](), [path]
    while waiting:
        here = waiting.pop()
        try:
            status = here.lstat()
            if status.st_nlink == 1 or (status.st_dev, status.st_ino) not in seen:
                total += status.st_blocks * BLOCK if hasattr(status, "st_blocks") else status.st_size
                seen.add((status.st_dev, status.st_ino))
            if here.is_dir() and not here.is_symlink():
                with os.scandir(here) as entries:
                    waiting += [Path(entry.path) for entry in entries]
        except FileNotFoundError:
            continue
    return total
