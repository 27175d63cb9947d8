"""`data/cluster.toml`: what a person says once about a cluster, so that `--cluster NAME` is all that is asked later.

One table a cluster; docs/cluster.md shows it. GPUs, cores and memory are those of one process.
"""

from __future__ import annotations

import re
import stat
import sys
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.escape import plain
from medsynth_engine.kernel.home import Home

NAME = "cluster.toml"
SHOWN = "docs/cluster.md shows one."
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.,:+@-]{0,99}")
_MEMORY = re.compile(r"([1-9][0-9]{0,6})([MG])")
_TIME = re.compile(r"(?:(\d{1,3})-)?(\d{1,3}):([0-5]\d):([0-5]\d)")
_WORDS = ("partition", "account", "qos", "gpu_type")


@dataclass(frozen=True)
class Cluster:
    """One cluster that runs Slurm.

    partition, account, qos  as `sbatch` has them; None is the cluster's own default
    time      limit of one Slurm job, seconds; a run that is longer goes on in the next
    margin    seconds before the limit in which the run writes its checkpoint
    gpus, gpu_type, cpus, memory_mb   for each process; no GPU: the partition has processors only
    ask       seconds between two questions to the queue
    python    the interpreter over there, which has this program; None is the one that runs now
    setup     lines of shell before the program starts, such as `module load cuda`
    """

    name: str
    partition: str | None = None
    account: str | None = None
    qos: str | None = None
    time: int = 4 * 3600
    margin: int = 180
    gpus: int = 1
    gpu_type: str | None = None
    cpus: int = 4
    memory_mb: int = 16 * 1024
    ask: float = 20.0
    python: str | None = None
    setup: tuple[str, ...] = ()

    @property
    def interpreter(self) -> str:
        return self.python or sys.executable


def cluster(home: Home, name: str) -> Cluster:
    """The cluster of that name. Raises BadInput where there is none, or where its table says what cannot be."""
    return _read(_tables(home.data / NAME), name)


def names(home: Home) -> list[str]:
    """The clusters that can be named, in the file's order; none without one. Raises BadInput where it is unusable."""
    if not (home.data / NAME).exists():
        return []
    tables = _tables(home.data / NAME)
    return [name for name, table in tables.items() if isinstance(table, dict) and name == plain(name, 40)]


def _tables(path: Path) -> dict[str, Any]:
    """What the file holds. Raises BadInput where others may write it: its lines are run in its owner's name."""
    try:
        facts = path.stat()
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadInput("no_cluster", "No cluster is described in this store.", f"Write data/{NAME}: {SHOWN}") from None
    except (OSError, ValueError) as error:  # a folder, a file of somebody else, or one that is not UTF-8
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it is not UTF-8 text"
        raise BadInput("bad_cluster_file", f"data/{NAME} cannot be read: {why}.", SHOWN) from error
    if facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise BadInput("open_cluster_file", f"Others may write data/{NAME}.", f"chmod 600 data/{NAME}, and read it.")
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput("bad_cluster_file", f"data/{NAME} is no TOML: {plain(error)}.", SHOWN) from error


def _read(tables: dict[str, Any], name: str) -> Cluster:
    table = tables.get(name)
    if not isinstance(table, dict):
        known = plain(", ".join(sorted(key for key, value in tables.items() if isinstance(value, dict))))
        raise BadInput("no_such_cluster", f"data/{NAME} knows no cluster {plain(name, 40)!r}.", f"It has: {known}.")
    keys = {field.name for field in fields(Cluster)} - {"name", "memory_mb"} | {"memory"}
    strange = sorted(set(table) - keys)
    if strange:
        raise _bad(strange[0], f"there is no such key; there are {', '.join(sorted(keys))}")
    found: dict[str, Any] = {"name": name}
    for key, value in table.items():
        if key == "memory":
            found["memory_mb"] = _memory(value)
        elif key == "time":
            found["time"] = _seconds(value)
        elif key in _WORDS:
            found[key] = _word(key, value)
        elif key == "python":
            found[key] = _line(key, value)
        elif key == "setup":
            found[key] = tuple(_line(key, line) for line in (value if isinstance(value, list) else [value]))
        else:
            found[key] = _number(key, value)
    made = Cluster(**found)
    if not made.margin < made.time:
        raise _bad("margin", "it must be shorter than `time`")
    return made


def _word(key: str, value: Any) -> str:
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        raise _bad(key, "a name of letters, digits and ._,:+@-")
    return value


def _line(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value or any(ord(letter) < 32 for letter in value):
        raise _bad(key, "one line of text")
    return value


def _memory(value: Any) -> int:
    found = _MEMORY.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise _bad("memory", 'such as "16G" or "900M"')
    return int(found[1]) * (1024 if found[2] == "G" else 1)


def _seconds(value: Any) -> int:
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise _bad("time", 'such as "04:00:00" or "2-00:00:00"')
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    total = 86400 * days + 3600 * hours + 60 * minutes + seconds
    if total < 60:
        raise _bad("time", "a minute at least")
    return total


# margin: the longest that `sbatch --signal` takes
_BOUNDS = {"gpus": (0, 64), "cpus": (1, 1024), "margin": (1, 65535), "ask": (0.2, 600)}


def _number(key: str, value: Any) -> float:
    low, high = _BOUNDS[key]
    kinds = (int, float) if key == "ask" else (int,)
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
        raise _bad(key, f"a number from {low} to {high}")
    return value


def _bad(key: str, why: str) -> BadInput:
    return BadInput("bad_cluster_file", f"data/{NAME}, {plain(key, 40)}: {why}.", SHOWN)
