"""A store's old files aside and a backup's in their place: all of it, or everything as it was.

What can take long or fail (copying to another disk) happens before anything is moved; after that there are renames
alone, which are undone in reverse where one of them fails. The ledger is last: where it is, there is a store.
"""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from db.tables import new_id
from medsynth_engine.kernel.atomic import TEMPORARY, sync_folder
from medsynth_engine.kernel.errors import MedSynthError, NoRoom
from medsynth_engine.kernel.home import Home
from medsynth_engine.operations import backup_file


def put_in_place(home: Home, staging: Path, database: Callable[[], object] | None = None) -> str | None:
    """Move what `staging` holds into `home`; the name of the folder in `data/` that holds what was there, if anything.

    The contents of a folder are replaced, never the folder itself, which may be a disk of its own; such a disk keeps
    what was in it, in a hidden folder of the same name. Raises NoRoom or MedSynthError (`not_restored`), with the store
    as it was. `database` puts the ledger in place where it is in one, after the renames.
    """
    name = backup_file.REPLACED + time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    copies: list[Path] = []
    try:
        moves: list[tuple[Path, Path]] = []
        for kind in backup_file.FOLDERS:
            if (staging / kind).exists():
                moves += _exchange(getattr(home, kind), staging / kind, home.data / name / kind, copies)
        keys = [(staging / backup_file.KEY, home.key)]
        keys += [(key, home.data / key.name) for key in staging.glob("audit-*.key")]
        for new, old in keys:
            if new.exists():
                moves += [(old, home.data / name / old.name)] if old.exists() else []
                moves += [(new, old)]
        for end in ("", "-wal", "-shm"):  # the ledger first: nobody opens it without its log
            old = home.ledger.with_name(home.ledger.name + end)
            moves += [(old, home.data / name / old.name)] if old.exists() else []
        moves += [(staging / backup_file.LEDGER, home.ledger)] if database is None else []
        _move(moves, database)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoRoom("disk_full", "The disk is full; the store is as it was.", "Free some space first.") from error
        raise MedSynthError(
            "not_restored", "The backup could not be put in place; the store is as it was.",
            "Look at the rights of its folders, and whether one is busy; then try again.",
        ) from error  # fmt: skip
    finally:
        for copy in copies:
            shutil.rmtree(copy, ignore_errors=True)
    return name if (home.data / name).exists() else None


def _exchange(root: Path, new: Path, aside: Path, copies: list[Path]) -> list[tuple[Path, Path]]:
    """The renames that replace what is in `root`. Where it lies on another disk, `new` is copied there first."""
    there = sorted(path for path in root.iterdir() if not path.name.startswith((TEMPORARY, backup_file.ASIDE)))
    if not _one_disk(new, root):
        aside = root / f".{aside.parent.name}"
        copy = root / f"{TEMPORARY}restore-{new_id()}"
        copies.append(copy)
        shutil.copytree(new, copy)
        copy.chmod(0o700)
        new = copy
    return [
        *((path, aside / path.name) for path in there),
        *((path, root / path.name) for path in sorted(new.iterdir())),
    ]


def _one_disk(here: Path, there: Path) -> bool:
    """Whether a rename leads from one to the other: two mounts of one disk say no too."""
    probe = here / f"{TEMPORARY}probe-{new_id()}"
    probe.touch()
    try:
        probe = probe.rename(there / probe.name)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return False
    finally:
        probe.unlink(missing_ok=True)
    return True


def _move(moves: list[tuple[Path, Path]], last: Callable[[], object] | None) -> None:
    """Every rename and what comes last, or none. Raises OSError, and what `last` raises."""
    done: list[tuple[Path, Path]] = []
    made: list[Path] = []
    try:
        for source, target in moves:
            for folder in reversed(target.parents):
                if not folder.exists():
                    folder.mkdir(mode=0o700)
                    made.append(folder)
            source.rename(target)
            done.append((source, target))
        for folder in {target.parent for _, target in moves} | {source.parent for source, _ in moves}:
            sync_folder(folder)
        if last is not None:
            last()
    except BaseException:
        for source, target in reversed(done):
            target.rename(source)
        for folder in reversed(made):
            folder.rmdir()
        raise
