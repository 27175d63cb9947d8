"""How much memory the work of a job may take: what the store's setting says; a training on a small machine 4 GB.

Two fences. The kernel's (RLIMIT_DATA, on Linux): a process that asks for more is told so and can do with less, as a
training does that halves its micro-batch. And the supervisor's, which adds up what the work's processes hold together
and ends it where that is too much. RLIMIT_AS is not used: the libraries of a GPU reserve far more than they take.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

from db.facts import setting
from db.ledger import Ledger
from medsynth_engine.kernel.errors import BadInput, NoRoom
from medsynth_engine.kernel.folders import RunFolder
from medsynth_engine.kernel.home import low_resource

SETTING = "job_memory_gb"
SMALL = 4 << 30
UNTOUCHED = 400 << 20
"""Bytes that torch's libraries map as writable and never touch (measured: 737 MB mapped, 298 MB of it held)."""
LEAST_GB = 2
GPU = Path("/dev/nvidiactl")


def cap_of(ledger: Ledger, run: RunFolder | None) -> int:
    """Bytes that the next step may take, 0 where there is no limit. `run` is what the step trains, None for others."""
    with ledger.read() as session:
        wished = int(setting(session, SETTING) or 0) << 30
    small = SMALL if run is not None and low_resource(bool(run.config().get("low_resource"))) else 0
    return min(filter(None, (wished, small)), default=0)


def fence(pid: int, cap: int, run: RunFolder | None) -> None:
    """Let the kernel hold the process, and what it starts, to `cap` bytes each. Not where it may use a GPU: how much
    of such a driver's memory counts is not known."""
    if not cap or not sys.platform.startswith("linux"):
        return
    if GPU.exists() and (run is None or run.config().get("device") != "cpu"):
        return
    import resource

    with suppress(ProcessLookupError, PermissionError, ValueError):  # gone already, or held tighter from outside
        resource.prlimit(pid, resource.RLIMIT_DATA, (cap + UNTOUCHED, cap + UNTOUCHED))


def held(pid: int) -> int:
    """Bytes that the process and all it started hold for themselves; files that they map are not counted.

    Pages that forked processes share count once in each of them, so of such work this says more than it takes.
    """
    import psutil

    try:
        leader = psutil.Process(pid)
        together = [leader, *leader.children(recursive=True)]
    except psutil.Error:
        return 0
    return sum(_own(process.pid) for process in together)


def _own(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return _resident(pid)
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith(("RssAnon:", "RssShmem:")))


def _resident(pid: int) -> int:
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:  # gone meanwhile
        return 0


def fenced() -> int:
    """The bytes that this process is held to; 0 where it is not."""
    try:
        import resource
    except ImportError:
        return 0
    soft = resource.getrlimit(resource.RLIMIT_DATA)[0]
    return 0 if soft == resource.RLIM_INFINITY else max(0, soft - UNTOUCHED)


def over(cap: int) -> NoRoom:
    """The error of work that wanted more than `cap` bytes; without a cap, more than the machine has."""
    if not cap:
        return NoRoom("no_memory", "The memory of this machine was not enough.", "Ask for less.")
    return NoRoom(
        "no_memory",
        f"The work wanted more memory than the {cap / (1 << 30):.0f} GB that a job may take here.",
        "Ask for less (a smaller preset, fewer at a time), or an admin raises the setting job_memory_gb.",
    )


def checked_cap(value: str) -> int:
    """The setting as a number of gigabytes; 0 is no limit. Raises BadInput."""
    if value.isascii() and value.isdigit() and (value == "0" or LEAST_GB <= int(value) <= 10_000):
        return int(value)
    raise BadInput("bad_value", "This setting is a number of gigabytes.", f"{LEAST_GB} to 10000, or 0: no limit.")
