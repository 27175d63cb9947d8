"""Brings a store's file to the version that this program writes: whole or not at all, with a copy taken before."""

from __future__ import annotations

import fcntl
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection

from db.errors import LedgerError
from db.sqlite import cannot_write, engine, full

HEAD = "0004"
"""The newest revision. Kept here too, so that opening a store of today's version does not import Alembic."""
PARTIAL = ".partial-"


def version(path: Path) -> str | None:
    """The revision of the file; None where it holds no store yet. Raises LedgerError where it is no SQLite file."""
    try:
        with closing(_open(path)) as connection:
            rows = connection.execute("SELECT name FROM sqlite_master WHERE name = 'alembic_version'").fetchall()
            if not rows:
                return None
            found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            return found[0] if found else None
    except sqlite3.DatabaseError as error:
        raise LedgerError(
            "ledger_damaged", "The ledger's file cannot be read.", "Restore the last backup: medsynth restore FILE."
        ) from error


def _open(path: Path) -> sqlite3.Connection:
    """Also where nothing can be written beside the file. Raises LedgerFull where its log was not written back yet."""
    connection = sqlite3.connect(path, timeout=30)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        if not cannot_write(path):
            raise
        if frozen_behind(path):
            raise full() from error
        return sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro&immutable=1", uri=True)
    return connection


def frozen_behind(path: Path) -> bool:
    """Whether a log lies beside the file, which a frozen reading would not see."""
    log = path.with_name(path.name + "-wal")
    return log.exists() and log.stat().st_size > 0


def forward(path: Path) -> bool:
    """Migrate to HEAD. Returns whether anything was done.

    A file that already held a store is copied first, to `<name>.before-<revision>`. Raises LedgerError
    (`store_newer`) where the store was written by a newer program.
    """
    if version(path) == HEAD:
        return False
    with _alone(path.parent):
        found = version(path)  # somebody else may have done it meanwhile
        if found == HEAD:
            return False
        if found is not None and (not found.isdigit() or found > HEAD):
            raise newer()
        if found is not None:
            kept = path.with_name(f"{path.name}.before-{HEAD}")
            for leftover in path.parent.glob(f"{PARTIAL}*-{kept.name}*"):
                leftover.unlink(missing_ok=True)  # of a migration that was killed
            copy(path, kept)
        _upgrade(path)
    return True


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time migrates in this folder. The folder itself is locked, so that no file is left behind."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def copy(source: Path, target: Path) -> None:
    """A consistent copy of a living ledger, mode 0600, by SQLite's own backup; replaces `target` at the end."""
    partial = target.with_name(f"{PARTIAL}{secrets.token_hex(6)}-{target.name}")
    os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        with closing(sqlite3.connect(source, timeout=30)) as here, closing(sqlite3.connect(partial)) as there:
            here.backup(there)
            there.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
        partial.replace(target)
    finally:
        for leftover in partial.parent.glob(f"{partial.name}*"):
            leftover.unlink(missing_ok=True)


def newer() -> LedgerError:
    return LedgerError(
        "store_newer", "This store was written by a newer MedSynth.", "Update MedSynth, then open it again."
    )


def upgrade(connection: Connection) -> None:
    """Every revision up to HEAD, in the caller's transaction, whatever kind of store it is."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)


def _upgrade(path: Path) -> None:
    made = engine(path, "migrate")
    try:
        with made.begin() as connection:
            upgrade(connection)
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise LedgerError(
                    "migration_broke_references",
                    "The store could not be brought to this version; it is as it was.",
                    "Keep using the version before, and report this.",
                )
    finally:
        made.dispose()
