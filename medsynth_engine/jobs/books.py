"""What a supervisor leaves in the job's folder so that others can tell whether it lives: a lock and a heartbeat."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from medsynth_engine.jobs.process import Identity, identity
from medsynth_engine.kernel.atomic import read_json, write_json
from medsynth_engine.kernel.folders import JobFolder


@contextmanager
def only_one(folder: JobFolder) -> Iterator[bool]:
    """True for the one process that looks after the job now; the kernel gives the lock back however it ends."""
    handle = os.open(folder.path / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)


def beat(folder: JobFolder, child: Identity | None, step: int) -> None:
    """Say that the calling process looks after the job, and which child does its work."""
    me = identity(os.getpid())
    write_json(
        folder.path / "heartbeat.json",
        {
            "at": time.time(),
            "supervisor": me.document() if me else None,
            "child": child.document() if child else None,
            "step": step,
        },
    )


def read_beat(folder: JobFolder) -> dict[str, Any] | None:
    """The last heartbeat; None where there is none that can be read."""
    try:
        found = read_json(folder.path / "heartbeat.json")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
