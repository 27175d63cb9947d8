"""The drop box: a folder where a department leaves files, whose arrivals are offered to be brought in."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlmodel import select

from medsynth_engine.access.roles import Permission
from medsynth_engine.intake.pseudonym import source_of
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.escape import plain
from medsynth_engine.kernel.outside import named
from medsynth_engine.kernel.store_key import load_key
from medsynth_engine.operations.declare import Call, operation
from medsynth_engine.operations.places import demand_apart
from medsynth_engine.operations.settings import setting

SETTING = "drop_box"
QUIET_SECONDS = 60.0
"""What changed more recently may still be on its way."""
MOST_ARRIVALS = 200
MOST_FILES = 100_000
"""A larger folder is offered without being counted to its end."""
KINDS = {".zip": "archive", ".npz": "archive", ".tar": "archive", ".tgz": "archive", ".gz": "archive"}
TABLES = (".csv", ".tsv", ".xlsx", ".parquet")


class Arrivals:
    """An arrival is offered until this person has made a dataset of it."""

    @operation("arrivals.list", Permission.BRING_IN)
    def arrivals(self, call: Call) -> list[dict[str, Any]]:
        return found_for(call)


def found_for(call: Call) -> list[dict[str, Any]]:
    """What lies in the drop box, is quiet, and was not brought in by this person since; the newest first."""
    with call.read() as session:
        place = setting(session, SETTING)
    if not place or not Path(place).is_dir():
        return []
    taken = _taken(call)
    key = load_key(call.home.key) if taken else b""
    found = []
    for entry, kind, facts in _entries(Path(place)):
        if not _is_quiet(facts):
            continue
        brought_in = taken.get(source_of(key, entry)) if taken else None
        if brought_in is None or brought_in.timestamp() < facts["newest"]:
            arrived = datetime.fromtimestamp(facts["newest"], UTC).isoformat(timespec="seconds")
            found.append(
                {"path": str(entry), "kind": kind, "size": facts["size"], "files": facts["files"], "arrived": arrived}
            )
    return sorted(found, key=lambda each: str(each["arrived"]), reverse=True)[:MOST_ARRIVALS]


def _taken(call: Call) -> dict[str, datetime]:
    """The keyed marks of what this person brought in and still has, and when it came. No path is stored anywhere."""
    from db.tables import Dataset
    from medsynth_engine.operations.decisions import lineage

    taken: dict[str, datetime] = {}
    with call.read() as session:
        mine = select(Dataset).where(Dataset.owner_id == call.actor.user_id, Dataset.state == "present")
        for present in session.exec(mine).all():
            for row in lineage(session, present):  # a text check or a review makes versions that came from no path
                mark = row.summary.get("source")
                if mark:
                    taken[mark] = max(row.created_at, taken.get(mark, row.created_at))
    return taken


def count_arriving(call: Call) -> int:
    """How many entries of the drop box changed a moment ago, so that they are not offered yet."""
    with call.read() as session:
        place = setting(session, SETTING)
    return sum(not _is_quiet(facts) for _, _, facts in _entries(Path(place))) if place else 0


def _is_quiet(facts: dict[str, Any]) -> bool:
    """Whether nothing seems to write to it any more."""
    return bool(time.time() - facts["newest"] >= QUIET_SECONDS)


def _entries(place: Path) -> Iterator[tuple[Path, str, dict[str, Any]]]:
    """Entries of the drop box that hold a file: path, kind, and their size, files and newest change.

    Links are never followed, and a name that is not clean is not offered: it would not be the same when typed.
    """
    try:
        entries = sorted(os.scandir(place), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.is_symlink() or plain(entry.name, 255) != entry.name:
            continue
        facts = _facts(entry)
        if facts["files"]:
            yield Path(entry.path), _kind(entry), facts


def _facts(entry: os.DirEntry[str]) -> dict[str, Any]:
    size, files, newest = 0, 0, 0.0
    paths = [Path(entry.path)]
    while paths and files < MOST_FILES:
        path = paths.pop()
        try:
            found = path.lstat()
            if stat.S_ISDIR(found.st_mode):
                paths += path.iterdir()
            elif stat.S_ISREG(found.st_mode):
                size, files = size + found.st_size, files + 1
        except OSError:
            continue  # gone, or not ours to read
        newest = max(newest, found.st_mtime)
    return {"size": size, "files": files, "newest": newest}


def _kind(entry: os.DirEntry[str]) -> str:
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    suffix = Path(entry.name).suffix.lower()
    return "table" if suffix in TABLES else KINDS.get(suffix, "images")


def checked_drop_box(call: Call, value: str) -> str:
    """`value` where it can be a drop box; nothing at all takes the drop box away. Raises BadInput."""
    if not value.strip():
        return ""
    place = named(value)
    if not place.is_absolute() or ".." in place.parts:
        raise BadInput("bad_value", "The drop box is an absolute path.", "For instance: /srv/medsynth/inbox")
    if place.is_symlink() or not place.is_dir():
        raise BadInput("bad_value", "There is no folder at that path (a link is none).", "Make the folder first.")
    demand_apart(call.home, place)
    return str(place.resolve())
