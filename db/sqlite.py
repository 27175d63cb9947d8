"""How every connection to the ledger's file is opened: durable, strict, private to its owner.

The recipe (measured: SQLAlchemy's default transactions let two processes read the same last record and break the
chain without an error): the driver's own transaction handling is off, and the `begin` event says which kind of
transaction opens.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import NullPool, QueuePool

from db.errors import LedgerBusy, LedgerConflict, LedgerError, LedgerFull, LedgerUnsafe

BUSY_SECONDS = 30.0
Kind = Literal["read", "write", "migrate"]
NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afpfs", "webdav", "afs", "ceph", "lustre", "gpfs", "beegfs", "glusterfs"}
    | {"fuse.sshfs", "fuse.glusterfs", "fuse.ceph-fuse", "fuse.rclone", "fuse.s3fs", "fuse.davfs2", "davfs", "panfs"}
)
"""File systems of several machines, by the names that Linux and macOS give them."""


def engine(path: Path, kind: Kind, busy_seconds: float = BUSY_SECONDS) -> Engine:
    """A pool of connections for one kind of transaction. `migrate` has foreign keys off: tables can be rebuilt."""
    made = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": busy_seconds, "check_same_thread": False},
        poolclass=NullPool if kind == "migrate" else QueuePool,
    )
    pragmas = [
        "journal_mode=WAL",
        "synchronous=FULL",
        f"foreign_keys={'OFF' if kind == 'migrate' else 'ON'}",
        "recursive_triggers=ON",
        "trusted_schema=OFF",
        f"query_only={'ON' if kind == 'read' else 'OFF'}",
    ]
    begin = "BEGIN" if kind == "read" else "BEGIN IMMEDIATE"

    def connected(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    def begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(made, "connect", connected)
    event.listen(made, "begin", begun)
    return made


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
        return LedgerFull("disk_full", "The disk is full; nothing was changed.", "Free some space, then try again.")
    return LedgerError(
        "ledger_failed",
        "The ledger could not be read or written.",
        "Nothing was changed. Run medsynth doctor, and restore a backup if the file is damaged.",
    )
