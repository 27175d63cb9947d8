"""What a disk's errors mean to a person: full, or failing. Both end with exit code 8 and leave what was there."""

from __future__ import annotations

import errno
import os
import shutil
from io import RawIOBase
from pathlib import Path

from medsynth_engine.kernel.errors import NoRoom

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
TROUBLE = (*FULL, errno.EIO)


def trouble(error: BaseException, left: str = "nothing was changed") -> NoRoom | None:
    """The error to raise where a full or failing disk is behind `error`, also where a library (torch) says so in its
    own words and the system's word is its cause; None where the disk is not the reason.

    left  what became of the work, to end a sentence with
    """
    behind: BaseException | None = error
    while behind is not None and not (isinstance(behind, OSError) and behind.errno in TROUBLE):
        behind = behind.__cause__ or behind.__context__
    if behind is None:
        return None
    if isinstance(behind, OSError) and behind.errno == errno.EIO:
        return failed(left)
    return full(left)


def full(left: str = "nothing was changed") -> NoRoom:
    return NoRoom("disk_full", f"The disk is full; {left}.", "Free some space, then try again.")


def failed(left: str = "nothing was changed") -> NoRoom:
    return NoRoom(
        "disk_failed",
        f"The disk could not be read or written; {left}.",
        "It may be failing, or a network disk went away: ask who looks after the machine; then try again.",
    )


def write_all(stream: RawIOBase, data: bytes) -> None:
    """Every byte, to a stream without a buffer.

    A disk that is nearly full takes a part and says nothing about the rest; asked again it raises OSError.
    """
    left = memoryview(data)
    while left:
        left = left[stream.write(left) or 0 :]


def demand_free(place: Path, need: int, left: str = "nothing was begun") -> None:
    """Raise NoRoom where the disk of `place` has fewer than `need` bytes left: asked before, not found half way."""
    free = shutil.disk_usage(place).free
    if free < need:
        raise NoRoom(
            "disk_full",
            f"This takes up to {need / 1e6:,.0f} MB and {free / 1e6:,.0f} MB are free on that disk; {left}.",
            "Free some space, or choose a place on another disk.",
        )


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder and below, 0 where there is none; links are not followed."""
    total, waiting = 0, [folder] if folder.is_dir() else []
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                elif entry.is_file(follow_symlinks=False):
                    total += entry.stat(follow_symlinks=False).st_size
    return total
