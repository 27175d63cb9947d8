"""The ledger of a store in PostgreSQL: the same changes, the same chain, the same rules; another place for the rows.

Keys, locks and folders stay in the home's data folder, so one machine serves a store.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from db import anchors, checkpoints, migrate, place, postgres, proof, sqlite
from db.dialect import run, tables
from db.errors import LedgerConflict, LedgerError, LedgerMissing, moved
from db.ledger import STAMPS, Ledger, file_at, stamped
from db.sqlite import BUSY_SECONDS, demand_local, make_private

_REPLACE = "Name another database, or say --replace: it is then renamed there, not deleted."


class PostgresLedger(Ledger):
    """Open one with `db.place.open_store`. `path` is where the file would be: keys lie beside it."""

    _meaning = staticmethod(postgres.translate)

    def __init__(self, address: postgres.Address, path: Path, busy_seconds: float = BUSY_SECONDS) -> None:
        self.address = address
        with postgres.understood():
            super().__init__(path, busy_seconds)

    @classmethod
    def open_at(cls, address: postgres.Address, path: Path, store_id: str, busy_seconds: float) -> PostgresLedger:
        """Raises LedgerMissing, LedgerConflict (`another_store`), LedgerUnsafe, LedgerError (`store_newer`, …)."""
        with postgres.understood(), _alone(address, busy_seconds) as connection:
            postgres.demand_encrypted(connection)
            found = version(connection)
            if found is None:
                raise LedgerMissing(
                    "no_store", "There is no store in this database.", "Restore a backup, or name another database."
                )
            if not found.isdigit() or found > migrate.HEAD:
                raise migrate.newer()
            if found < migrate.HEAD:
                postgres.lock(connection)
                migrate.upgrade(connection)
        made = cls(address, path, busy_seconds)
        if made.store_id != store_id:
            made.close()
            raise LedgerConflict(
                "another_store", "The database holds another store than this home's.", "Name the right database."
            )
        return made

    @classmethod
    def create_at(cls, address: postgres.Address, path: Path, stamp: str) -> str:
        """Make a store in a database that has none; its id. Raises LedgerConflict (`store_exists`)."""
        if stamp not in STAMPS:
            raise LedgerError("bad_stamp", "A store is made for development or for production.", "")
        if place.store_exists(path):
            raise LedgerConflict("store_exists", "There is a store here already.", "Log in, or choose another home.")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.parent.chmod(0o700)
        demand_local(path)
        aside = f"ALTER SCHEMA {postgres.SCHEMA} RENAME TO {postgres.SCHEMA}_broken_off"
        help_ = f"Name another database. Where an init broke off and no home uses what is there: {aside}"
        with making(address, help_=help_) as (connection, _), Session(connection, expire_on_commit=False) as session:
            store_id = stamped(session, path, stamp)
            session.flush()
        return store_id

    def _found(self) -> tuple[int, int] | None:
        return file_at(place.binding(self.path))

    def _connect(self, frozen: bool) -> None:
        self.frozen, self._file = False, self._found()
        self._writer = postgres.shared_engine(self.address, "write", self.busy_seconds, self._file)
        self._reader = postgres.shared_engine(self.address, "read", self.busy_seconds, self._file)

    def _gone(self) -> LedgerMissing:
        if self.path.exists():
            return moved("back into a file", f"unset {place.VARIABLE}")
        return super()._gone()

    def _watch(self, session: Session) -> Callable[[], bool]:
        """A transaction gets a number from the server when it changes its first row, in whatever way."""
        connection = session.connection()
        return lambda: run(connection, "SELECT pg_current_xact_id_if_assigned()::text").scalar() is not None

    def backup(self, target: Path) -> None:
        """A consistent copy as one SQLite file of mode 0600: the form in which archives hold every kind of store."""
        with self.read() as session:
            as_file(session.connection(), target)

    def verify(self, known: Sequence[anchors.Anchor] = (), trusted: Sequence[str] = ()) -> proof.Verification:
        with self.read() as session:
            keys = trusted or checkpoints.known_keys(self.path)
            try:
                return proof.verify(session.connection(), known, keys)
            except SQLAlchemyError as error:
                if not postgres.bent(error):
                    raise
                return proof.failed("The tables in the database are not those of a ledger: somebody changed them.")


def version(connection: Connection) -> str | None:
    if "alembic_version" not in tables(connection):
        return None
    found = run(connection, "SELECT version_num FROM alembic_version").scalar()
    return str(found) if found is not None else None


@contextmanager
def _alone(address: postgres.Address, busy_seconds: float) -> Iterator[Connection]:
    made = postgres.engine(address, "migrate", busy_seconds)
    try:
        with made.begin() as connection:
            yield connection
    finally:
        made.dispose()


@contextmanager
def making(
    address: postgres.Address, replace: bool = False, locked: bool = False, help_: str = _REPLACE
) -> Iterator[tuple[Connection, str | None]]:
    """Empty tables of today's version in one transaction: they are there when the block ends, or nothing changed.

    replace  what is there is renamed to the schema that is told beside the connection, never deleted
    locked   the caller holds the lock that keeps others from writing
    help_    what to do where a store is there
    Raises LedgerConflict (`store_exists`) where a store is there and `replace` is not said.
    """
    with postgres.understood(), _alone(address, BUSY_SECONDS) as connection:
        postgres.demand_encrypted(connection)
        if not locked:
            postgres.lock(connection)
        aside = None
        if version(connection) is not None:
            if not replace:
                raise LedgerConflict("store_exists", "There is a store in this database already.", help_)
            aside = time.strftime(f"before_%Y%m%dt%H%M%Sz_{secrets.token_hex(2)}", time.gmtime())
            run(connection, f"ALTER SCHEMA {postgres.SCHEMA} RENAME TO {aside}")
        run(connection, f"CREATE SCHEMA IF NOT EXISTS {postgres.SCHEMA}")
        run(connection, f"REVOKE ALL ON SCHEMA {postgres.SCHEMA} FROM PUBLIC")
        migrate.upgrade(connection)
        yield connection, aside


def as_file(source: Connection, target: Path) -> int:
    """The rows of a store as a ledger's file, compared row by row (how many is told); replaces `target` at the end.

    Raises LedgerError (`copy_differs`), LedgerFull.
    """
    from db.copying import copy_rows, demand_alike

    partial = target.with_name(f"{migrate.PARTIAL}{secrets.token_hex(6)}-{target.name}")
    try:
        make_private(partial)
        migrate.forward(partial)
        made = sqlite.engine(partial, "migrate")
        try:
            with made.begin() as there:
                copy_rows(source, there)
            with made.begin() as there:
                rows = demand_alike(source, there)
        except SQLAlchemyError as error:
            raise sqlite.translate(error) from error
        finally:
            made.dispose()
        with closing(sqlite3.connect(partial)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
        partial.replace(target)
        return rows
    finally:
        for leftover in partial.parent.glob(f"{partial.name}*"):
            leftover.unlink(missing_ok=True)
