"""Whether the kernel killed for want of memory: its own counters tell a kill for memory from any other kill -9."""

from __future__ import annotations

from pathlib import Path

from medsynth_engine.kernel.errors import Interrupted, MedSynthError, NoRoom


def kills_for_memory() -> int:
    """How often the kernel did so since it started, on the whole machine and in this process's group; 0 if unknown.

    Linux alone tells (`oom_kill` in vmstat and in the memory.events of a version-2 control group).
    """
    return _number(Path("/proc/vmstat")) + _number(_group() / "memory.events")


def _group() -> Path:
    try:
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            if line.startswith("0::"):
                inside = Path("/sys/fs/cgroup" + line[3:])
                return inside if inside.exists() else Path("/sys/fs/cgroup")  # in a container it is its own root
    except OSError:
        pass
    return Path("/nothing")


def _number(file: Path) -> int:
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))


def killed() -> MedSynthError:
    """Somebody's kill -9; the kernel counted no kill for memory meanwhile (outside Linux nobody knows)."""
    return Interrupted(
        "killed",
        "The process was killed from outside; the system does not say that memory was the reason.",
        "What can go on from where it stood can be resumed; the rest is asked for again.",
    )


def no_memory() -> MedSynthError:
    return NoRoom(
        "no_memory",
        "The system killed the process: the machine ran out of memory.",
        "Close other programs or ask for less (a smaller preset, --low-resource), then do it again.",
    )
