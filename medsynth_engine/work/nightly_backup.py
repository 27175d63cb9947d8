"""`python -m medsynth_engine.work.nightly_backup FOLDER [--keep N] [--everything]`: the backup that a timer makes.

Nobody is logged in at night, and no password lies in a file for it: an admin has allowed it by setting
`backup_recipient`, and it can do nothing but encrypt for that key. It is recorded as done by `system`.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db.change import SYSTEM
from db.errors import LedgerError
from db.place import open_store
from medsynth_engine.access.roles import Scope
from medsynth_engine.kernel.atomic import TEMPORARY
from medsynth_engine.kernel.errors import BadInput, MedSynthError
from medsynth_engine.kernel.home import Home, default_home
from medsynth_engine.operations.backups import Backups
from medsynth_engine.operations.declare import Call

OURS = re.compile(r"medsynth-\d{8}T\d{6}Z\.age")
HALF = re.compile(re.escape(TEMPORARY) + r"[0-9a-f]{12}-" + OURS.pattern)
KEEP = 14
DEAD_SECONDS = 3600.0
"""What is written into changes all the time; half a backup that did not for so long is of one that was killed."""


@dataclass(frozen=True)
class Machine:
    """Who acts where nobody does."""

    name: str = SYSTEM
    user_id: str = ""
    role: str = ""
    session_id: str = ""


def back_up(home: Home, folder: Path, keep: int = KEEP, everything: bool = False) -> dict[str, Any]:
    """Make one more backup in `folder`, and remove the oldest ones of its kind beyond `keep`; what `backup` tells.

    What is oldest, the file system says: a name may be of a day when the clock was wrong. What a killed one left goes
    first, for its room is needed. Raises BadInput where the folder is not there or no recipient is set, NoRoom where
    the disk is full: then nothing older is removed.
    """
    if not folder.is_dir():
        raise BadInput("no_such_folder", "The folder for backups is not there.", "Mount its disk, or make it.")
    for left in _ours(folder, HALF):
        if abs(time.time() - left.stat().st_mtime) > DEAD_SECONDS:
            left.unlink()
    file = folder / time.strftime("medsynth-%Y%m%dT%H%M%SZ.age", time.gmtime())
    with open_store(home.ledger) as ledger:
        declaration, body = Backups.backup.declaration, Backups.backup.__wrapped__  # type: ignore[attr-defined]
        call = Call(declaration, home, "service", Scope.ALL, ledger, Machine())  # type: ignore[arg-type]
        told: dict[str, Any] = body(Backups(), call, str(file), everything=everything)
    old = [path for path in _ours(folder, OURS) if path.name != file.name][keep - 1 :]
    for path in old:
        path.unlink()
    return {**told, "removed": len(old)}


def _ours(folder: Path, name: re.Pattern[str]) -> list[Path]:
    """The youngest first."""
    found = [path for path in folder.iterdir() if name.fullmatch(path.name) and not path.is_symlink()]
    return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m medsynth_engine.work.nightly_backup", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--keep", type=int, default=KEEP)
    parser.add_argument("--everything", action="store_true", help="also datasets, runs, cohorts and weights")
    chosen = parser.parse_args()
    os.umask(0o077)
    try:
        told = back_up(Home(default_home()), chosen.folder, max(1, chosen.keep), chosen.everything)
    except (MedSynthError, LedgerError) as error:
        print(error.message, error.hint, file=sys.stderr)
        return error.exit_code if isinstance(error, MedSynthError) else 1
    print(f"{told['records']} records, {told['bytes']} bytes; {told['removed']} older backups removed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
