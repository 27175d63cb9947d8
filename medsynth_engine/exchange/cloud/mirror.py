"""Keeps what a training has reached on a drive that outlives the machine, without the images.

The run folder with its images lies on the machine's own disk, which goes with the machine; checkpoints, curves and
samples are copied to the drive now and then, each file whole or not at all, and back when a new session begins.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

STAYS = frozenset({"train.npz", "rows.json", "config.json", "control.json", "bundle.json"})
"""Comes out of the bundle each time, or belongs to one session only."""
LAST = "state.json"


def keep(run: Path, kept: Path) -> int:
    """Copy what is new in `run` to `kept`, remove there what is gone here; how many files were copied."""
    there = list(_names(run))
    copied = sum(_copy(run / name, kept / name) for name in sorted(there, key=lambda name: name == LAST))
    for name in set(_names(kept)) - set(there):
        (kept / name).unlink(missing_ok=True)
    return copied


def bring_back(kept: Path, run: Path) -> int:
    """Copy what an earlier session reached back into `run`; how many files."""
    return sum(_copy(kept / name, run / name) for name in _names(kept))


def _names(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not path.is_symlink() and name not in STAYS and not path.name.startswith("."):
            yield name


def _copy(source: Path, target: Path) -> bool:
    try:
        facts = source.stat()
        if target.exists() and _same(facts, target.stat()):
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        half = target.with_name(f".{target.name}.half")
        shutil.copyfile(source, half)
        os.utime(half, ns=(facts.st_atime_ns, facts.st_mtime_ns))
        half.replace(target)
    except FileNotFoundError:
        return False  # the trainer has just replaced it: next time
    return True


def _same(one: os.stat_result, other: os.stat_result) -> bool:
    """To the microsecond: two generators of one size may be written within a second. A drive whose clock is coarser
    is copied to more often than it needs."""
    return one.st_size == other.st_size and one.st_mtime_ns // 1000 == other.st_mtime_ns // 1000
