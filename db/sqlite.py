"""How every connection to the ledger's file is opened: durable, strict, private to its owner.

The recipe (measured: SQLAlchemy's default transactions let two processes read the same last record and break the
chain without an error): the driver's own transaction handling is off, and the `begin` event says which kind of
transaction opens.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import NullPool, QueuePool

from db.errors import LedgerBusy, LedgerConflict, LedgerError, LedgerFull, LedgerUnsafe

BUSY_SECONDS = 30.0
PARTS = ("", "-wal", "-shm")
"""The ends of the names of a ledger's file and of what SQLite keeps beside it; they go together or not at all."""
Kind = Literal["read", "write", "migrate", "frozen"]
QUICKLY_LOOKED_AT = 16 << 20
"""Bytes of a file that is looked through at every start (about 40 ms)."""
LITTLE = 1 << 20
"""Bytes; with fewer left SQLite cannot make the files beside the ledger that it needs to open it."""
NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afpfs", "webdav", "afs", "ceph", "lustre", "gpfs", "beegfs", "glusterfs"}
    | {"fuse.sshfs", "fuse.glusterfs", "fuse.ceph-fuse", "fuse.rclone", "fuse.s3fs", "fuse.davfs2", "davfs", "panfs"}
)
"""File systems of several machines, by the names that Linux and macOS give them."""


def engine(path: Path, kind: Kind, busy_seconds: float = BUSY_SECONDS) -> Engine:
    """A pool of connections for one kind of transaction.

    `migrate` has foreign keys off: tables can be rebuilt. `frozen` reads a file that nobody writes, and makes no
    other file beside it: what is left on a full disk.
    """
    frozen = kind == "frozen"
    address = f"file:{quote(str(path.resolve()))}?mode=ro&immutable=1" if frozen else str(path)
    made = create_engine(
        URL.create("sqlite", database=address, query={"uri": "true"} if frozen else {}),
        connect_args={"timeout": busy_seconds, "check_same_thread": False},
        poolclass=NullPool if kind == "migrate" else QueuePool,
    )
    pragmas = [
        *([] if frozen else ["journal_mode=WAL", "synchronous=FULL"]),
        f"foreign_keys={'OFF' if kind == 'migrate' else 'ON'}",
        "recursive_triggers=ON",
        "trusted_schema=OFF",
        f"query_only={'ON' if kind in ('read', 'frozen') else 'OFF'}",
    ]
    begin = "BEGIN" if kind in ("read", "frozen") else "BEGIN IMMEDIATE"

    def connected(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    def begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(made, "connect", connected)
    event.listen(made, "begin", begun)
    return made


@lru_cache(maxsize=16)
def shared_engine(path: Path, kind: Kind, busy_seconds: float, file: tuple[int, int] | None) -> Engine:
    """`engine`, made once in a process for one `file` (device, inode), however often that is opened and closed.

    SQLAlchemy's mappers keep compiled statements for each engine that ever used them, up to a hundred a table: a new
    engine at every login let a process grow by megabytes. Closed by `dispose`, it opens anew at its next use.
    """
    return engine(path, kind, busy_seconds)


os.register_at_fork(after_in_child=shared_engine.cache_clear)  # a connection is of the process that opened it


def cannot_write(path: Path) -> bool:
    """Whether nothing can be written beside `path`: the disk is full, or it is a medium that cannot be written."""
    return shutil.disk_usage(path.parent).free < LITTLE or not os.access(path.parent, os.W_OK)


def full() -> LedgerFull:
    return LedgerFull(
        "disk_full",
        "The disk is full or cannot be written; nothing was changed.",
        "What is there can be read. Free some space, then try again.",
    )


def make_private(path: Path) -> None:
    """Create `path` empty with mode 0600 in a folder of mode 0700, whatever the umask. Raises FileExistsError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.parent.chmod(0o700)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    path.chmod(0o600)


def demand_private(path: Path) -> None:
    """Raise LedgerUnsafe unless only the owner can reach the file and its folder."""
    for place, mode in ((path.parent, "700"), (path, "600")):
        facts = place.stat()
        if facts.st_uid != os.geteuid() and os.geteuid() != 0:
            raise LedgerUnsafe(
                "foreign_store",
                "This store belongs to another account of the machine.",
                "Log in to the machine as the account that owns the store.",
            )
        if stat.S_IMODE(facts.st_mode) & 0o077:
            raise LedgerUnsafe(
                "store_open_to_others",
                "Other accounts of this machine can reach the store, so it stays closed.",
                f"Its owner runs: chmod {mode} on the {'data folder' if mode == '700' else 'ledger file'}.",
            )


def demand_local(path: Path) -> None:
    """Raise LedgerUnsafe where the folder of `path` lies on a file system of the network.

    SQLite's log needs shared memory and locks that such file systems do not keep; two machines would spoil the file.
    """
    folder = path.parent.resolve()
    best, kind = Path("/"), ""
    for mounted, type_ in _mounts():
        if folder.is_relative_to(mounted) and len(mounted.parts) >= len(best.parts):
            best, kind = mounted, type_
    if kind.lower() in NETWORK:
        raise LedgerUnsafe(
            "shared_file_system",
            "The store's data folder lies on a file system of the network; the ledger would be spoilt there.",
            "Choose a --home on a disk of this machine. Only the runs may lie elsewhere (MEDSYNTH_RUNS).",
        )


def demand_sound(path: Path) -> None:
    """Raise LedgerError where the file is damaged. Of a large one `doctor` looks: every start would wait for it."""
    if path.stat().st_size > QUICKLY_LOOKED_AT:
        return
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection:
            said = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError as error:
        raise translate(error) from error
    except sqlite3.DatabaseError:
        said = "damaged"
    if said != "ok":
        raise LedgerError(
            "ledger_damaged",
            "The ledger's file is damaged.",
            "Keep a copy of the data folder, then put a backup back: medsynth restore FILE --replace",
        )


def _mounts() -> list[tuple[Path, str]]:
    try:
        lines = Path("/proc/self/mounts").read_text().splitlines()
    except OSError:  # no Linux
        import psutil

        return [(Path(part.mountpoint), part.fstype) for part in psutil.disk_partitions(all=True)]
    fields = [line.split(" ") for line in lines]
    return [(Path(field[1].replace("\\040", " ")), field[2]) for field in fields if len(field) > 2]


def translate(error: Exception) -> LedgerError:
    """What a driver's error means to a person."""
    original = getattr(error, "orig", None) or error
    said = str(original)
    if isinstance(original, sqlite3.IntegrityError):
        if said.endswith("."):  # a trigger's own sentence
            return LedgerConflict("not_allowed", said, "Nothing was changed.")
        if said.startswith("UNIQUE"):
            return LedgerConflict("taken", "That name is taken, or this was done before.", "Choose another name.")
        return LedgerConflict(
            "conflict", "The change contradicts what the ledger holds.", "Nothing was changed; look at it again."
        )
    if "locked" in said or isinstance(error, PoolTimeout):
        return LedgerBusy(
            "ledger_busy", "The ledger is in use by another process.", "Nothing was changed; try again in a moment."
        )
    if "full" in said:
        return full()
    if "disk I/O error" in said:
        return LedgerFull(
            "disk_failed",
            "The disk could not be read or written; nothing was changed.",
            "It may be failing: ask who looks after the machine, run medsynth doctor, and have a backup at hand.",
        )
    return LedgerError(
        "ledger_failed",
        "The ledger could not be read or written.",
        "Nothing was changed. Run medsynth doctor, and restore a backup if the file is damaged.",
    )
