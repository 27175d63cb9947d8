"""Which process is meant. A pid alone is not enough: it is given to somebody else, and starts anew after a boot."""

from __future__ import annotations

import os
import signal
import socket
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Identity:
    """One process of one boot of one machine. `started` is the kernel's start time of the process, as text."""

    host: str
    boot: str
    pid: int
    started: str

    def document(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_document(cls, document: Any) -> Identity | None:
        """None where the document is none of ours."""
        if not isinstance(document, dict):
            return None
        try:
            return cls(str(document["host"]), str(document["boot"]), int(document["pid"]), str(document["started"]))
        except (KeyError, TypeError, ValueError):
            return None

    @property
    def here(self) -> bool:
        """Whether it ran on this machine since it was last switched on; of others nothing can be known."""
        return self.host == socket.gethostname() and self.boot == boot_id()


def identity(pid: int) -> Identity | None:
    """The process that has this pid now; None where there is none, or only its remains (a zombie)."""
    started = _started(pid)
    return None if started is None else Identity(socket.gethostname(), boot_id(), pid, started)


def alive(known: Identity | None) -> bool:
    """Whether exactly this process runs on this machine."""
    return known is not None and known.here and identity(known.pid) == known


def signal_group(known: Identity | None, what: signal.Signals) -> bool:
    """Signal the group that this process leads, but never a stranger that got its pid. False where it is gone."""
    if known is None or not alive(known):
        return False
    try:
        os.killpg(known.pid, what)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _started(pid: int) -> str | None:
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text().rpartition(")")[2].split()  # the name in brackets may hold anything
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if fields[0] in "ZX" else fields[19]  # field 22 of proc(5)
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else repr(process.create_time())
    except psutil.NoSuchProcess:
        return None


@cache
def boot_id() -> str:
    kept = Path("/proc/sys/kernel/random/boot_id")
    if kept.exists():
        return kept.read_text().strip()
    import psutil

    return str(round(psutil.boot_time(), -1))
