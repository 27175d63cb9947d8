"""The file system of the machine, as far as whoever brings data in may look around in it."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from medsynth_engine.access.roles import Permission
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.escape import plain
from medsynth_engine.operations.declare import Call, operation
from medsynth_engine.operations.places import demand_outside, standing_path

IMAGES = {".png", ".jpg", ".jpeg", ".dcm", ".dicom", ".npz", ".tif", ".tiff", ".bmp", ".webp", ".nii", ".gz", ".ima"}
TABLES = {".csv", ".tsv", ".data", ".xlsx", ".xls", ".ods", ".parquet"}
ARCHIVES = {".zip", ".npz", ".tar", ".tgz", ".tbz2", ".txz"}
MOST_ENTRIES = 2_000


class Files:
    """Names, kinds and sizes; nothing is opened."""

    @operation("files.browse", Permission.BRING_IN)
    def browse(self, call: Call, path: str | None = None) -> dict[str, Any]:
        folder = standing_path(path) if path else Path.home()
        demand_outside(call.home, folder)  # the folder that holds the store may be looked at, on the way to another
        folder = folder if folder.is_dir() else folder.parent
        try:
            with os.scandir(folder) as found:
                first, left_out = _first(found)
            entries = [_entry(entry) for entry in first]
        except PermissionError as error:
            raise BadInput("unreadable", "That folder cannot be read.", "Choose another, or ask for access.") from error
        return {"path": str(folder), "parent": str(folder.parent), "entries": entries, "left_out": left_out}


def _first(found: Iterable[os.DirEntry[str]]) -> tuple[list[os.DirEntry[str]], int]:
    """What is shown, in its order, and how many more there are; a folder of millions is not held in memory."""
    seen = 0

    def visible() -> Iterator[os.DirEntry[str]]:
        nonlocal seen
        for entry in found:
            if not entry.name.startswith("."):
                seen += 1
                yield entry

    first = heapq.nsmallest(MOST_ENTRIES, visible(), key=_folders_first)
    return first, seen - len(first)


def _folders_first(entry: os.DirEntry[str]) -> tuple[bool, str]:
    return not entry.is_dir(follow_symlinks=False), entry.name.lower()


def _entry(entry: os.DirEntry[str]) -> dict[str, Any]:
    suffix = Path(entry.name).suffix.lower()
    if entry.is_dir(follow_symlinks=False):
        kind = "folder"
    elif suffix in ARCHIVES or entry.name.lower().endswith((".tar.gz", ".tar.bz2", ".tar.xz")):
        kind = "archive"
    else:
        kind = "table" if suffix in TABLES else "images" if suffix in IMAGES else "file"
    size = entry.stat(follow_symlinks=False).st_size if kind != "folder" else None
    return {"name": plain(entry.name), "kind": kind, "size": size}
