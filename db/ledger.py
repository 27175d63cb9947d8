"""The ledger of a store: one SQLite file, read by many, written by one at a time, never without an audit record.

`db.postgres_ledger` keeps the same rows in a PostgreSQL database; `db.place` knows which of the two a home has.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from db import anchors, checkpoints, migrate, proof
from db.change import SYSTEM, Change, Who, end
from db.dialect import run
from db.errors import LedgerBusy, LedgerConflict, LedgerError, LedgerMissing, UnrecordedChange, moved
from db.facts import fact, setting
from db.sqlite import (
    BUSY_SECONDS,
    cannot_write,
    demand_local,
    demand_private,
    demand_sound,
    engine,
    full,
    make_private,
    shared_engine,
    translate,
)
from db.tables import LoginSession, Store, UtcTime, new_id, now

STAMPS, BINDING = ("development", "production"), "store.json"


class Ledger:
    """Make one with `create` or `open`; safe to use from several threads, and by several processes side by side."""

    _meaning = staticmethod(translate)

    def __init__(self, path: Path, busy_seconds: float = BUSY_SECONDS, frozen: bool = False) -> None:
        self.path, self.busy_seconds = path, busy_seconds
        self._elsewhere = os.fspath(path.with_name(BINDING))  # says that the ledger is in a database
        self._join(frozen)

    @classmethod
    def create(cls, path: Path, stamp: str = "production", busy_seconds: float = BUSY_SECONDS) -> Ledger:
        """Make a store: folder 0700, file 0600. `stamp` is `development` or `production` and stays for ever.

        Raises LedgerConflict (`store_exists`). A process killed in between leaves no store, only a stray file that
        the next sweep removes.
        """
        if stamp not in STAMPS:
            raise LedgerError("bad_stamp", "A store is made for development or for production.", "")
        if path.exists():
            raise _exists()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        demand_local(path)
        partial = path.with_name(f".partial-{new_id()}-{path.name}")
        make_private(partial)
        try:
            migrate.forward(partial)
            _stamp(partial, stamp)
            try:
                os.link(partial, path)  # unlike a rename, this fails where somebody else was faster
            except FileExistsError as error:
                raise _exists() from error
        finally:
            for leftover in path.parent.glob(f"{partial.name}*"):
                leftover.unlink(missing_ok=True)
        return cls.open(path, busy_seconds)

    @classmethod
    def open(cls, path: Path, busy_seconds: float = BUSY_SECONDS) -> Ledger:
        """Open a store and bring it to today's version. On a full disk it opens `frozen`: to be read and not changed.

        Raises LedgerMissing, LedgerUnsafe (others can reach it), LedgerError (damaged, or of a newer program).
        """
        if not path.is_file():
            raise LedgerMissing("no_store", "There is no store here yet.", "Make one: medsynth init, or medsynth demo.")
        demand_private(path)
        demand_local(path)
        version = migrate.version(path)
        if version is None:
            raise LedgerError("no_store", "This file is no MedSynth store.", "Restore a backup, or use another home.")
        if version == migrate.HEAD and cannot_write(path) and not migrate.frozen_behind(path):
            return cls(path, busy_seconds, frozen=True)
        migrate.forward(path)
        demand_sound(path)
        return cls(path, busy_seconds)

    def _join(self, frozen: bool) -> None:
        self._connect(frozen)
        with self.read() as session:
            self._facts = {key: fact(session, key) for key in ("store_id", "stamp")}

    def _connect(self, frozen: bool) -> None:
        self.frozen, self._file = frozen, self._found()
        self._writer = shared_engine(self.path, "write", self.busy_seconds, self._file)
        self._reader = shared_engine(self.path, "frozen" if frozen else "read", self.busy_seconds, self._file)

    def _found(self) -> tuple[int, int] | None:
        """Which file it is: another one where another store has taken the place of this."""
        return None if os.path.exists(self._elsewhere) else file_at(self.path)  # noqa: PTH110  twice a change

    def _watch(self, session: Session) -> Callable[[], bool]:
        """Begin the transaction; what is given tells whether it has changed any row since, in whatever way."""
        driver = session.connection().connection.dbapi_connection
        assert isinstance(driver, sqlite3.Connection)
        before = driver.total_changes  # the driver counts every one, so nothing passes by writing plain SQL
        return lambda: driver.total_changes != before

    def _thaw(self) -> bool:
        """As usual again where there is room, or where somebody writes all the same; whether that is so."""
        if self.frozen and (not cannot_write(self.path) or migrate.frozen_behind(self.path)):
            self.close()
            self._connect(frozen=False)
        return not self.frozen

    def _demand_same(self, opened: tuple[int, int] | None = None) -> tuple[int, int]:
        """Which file is open. Raises LedgerBusy where a restore has put another in its place, which is open from then
        on: nobody goes on in one that was moved aside; LedgerMissing. `opened`: what it was when a transaction began.
        """
        found = self._found()
        if found is None:
            raise self._gone()
        if found == self._file and opened in (None, found):
            return found
        if found != self._file:
            self.close()
            self._join(frozen=False)
        raise LedgerBusy(
            "store_replaced", "A backup has taken the place of this store; nothing was changed.", "Log in again."
        )

    def _gone(self) -> LedgerMissing:
        if os.path.exists(self._elsewhere):  # noqa: PTH110
            return moved("into a database", "let MEDSYNTH_DATABASE_URL name it")
        return LedgerMissing("no_store", "The store is not here any more.", "Restore a backup, or put it back.")

    @property
    def store_id(self) -> str:
        return str(self._facts["store_id"])

    @property
    def stamp(self) -> str:
        """`development` or `production`."""
        return str(self._facts["stamp"])

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one moment and cannot write. Raises LedgerBusy once after a restore."""
        self._demand_same()
        if self.frozen:
            self._thaw()
        session = Session(self._reader, expire_on_commit=False)
        try:
            yield session
        except SQLAlchemyError as error:
            raise self._meaning(error) from error
        finally:
            end(session)

    @contextmanager
    def write(self, face: str = "") -> Iterator[Change]:
        """A change: committed as a whole when the block ends, rolled back when it raises.

        Raises UnrecordedChange where rows changed and no record was written, LedgerBusy where another process held
        the ledger too long or a restore replaced it, LedgerFull, LedgerConflict where a constraint or trigger said no.
        """
        opened = self._demand_same()
        if self.frozen and not self._thaw():
            raise full()
        session = Session(self._writer, expire_on_commit=False)
        try:
            changed = self._watch(session)
            self._demand_same(opened)  # a restore holds this lock while it puts another store in the place of this
            change = Change(session, face)
            yield change
            session.flush()
            if not change.records and changed():
                raise UnrecordedChange(
                    "unrecorded_change", "A change wrote no audit record and was undone.", "Please report this."
                )
            checkpoint = checkpoints.add_if_due(session, self.path, self.store_id) if change.records else None
            told = _anchor_settings(session) if checkpoint else ("", False)
            session.commit()
        except SQLAlchemyError as error:
            raise self._meaning(error) from error
        finally:
            end(session)
        if checkpoint is not None:
            anchors.spread(checkpoint.note, *told)

    def touch(self, session_id: str, at: datetime) -> None:
        """Note when a login was last seen. The only change without a record: it would bury the others."""
        opened = self._demand_same()
        if self.frozen and not self._thaw():
            raise full()
        try:
            with self._writer.begin() as connection:
                self._demand_same(opened)
                run(
                    connection,
                    f"UPDATE {LoginSession.__tablename__} SET last_seen_at = ? WHERE id = ? AND ended_at IS NULL",
                    (UtcTime().process_bind_param(at, connection.dialect), session_id),
                )
        except SQLAlchemyError as error:
            raise self._meaning(error) from error

    def backup(self, target: Path) -> None:
        """A consistent copy of the living ledger in one file of mode 0600."""
        migrate.copy(self.path, target)

    def checkpoint(self, who: str | Who, face: str = "") -> checkpoints.Row:
        """Sign everything up to now, whether or not it is due, and carry it to the anchors.

        Raises LedgerError (`no_audit_key`) where the store's key cannot be read.
        """
        with self.write(face) as change:
            change.record(actor=who, action="audit.checkpoint", object_="store")
            made = checkpoints.add_if_due(change.session, self.path, self.store_id, wanted=True)
            told = _anchor_settings(change.session)
        if made is None:
            raise LedgerError(
                "no_audit_key", "The key that signs the audit log cannot be read.", "See: medsynth doctor"
            )
        anchors.spread(made.note, *told)
        return made

    def verify(self, known: Sequence[anchors.Anchor] = (), trusted: Sequence[str] = ()) -> proof.Verification:
        """Against the key that lies beside it too, so that a log written elsewhere and put in its place shows."""
        return proof.verify(self.path, known, trusted or checkpoints.known_keys(self.path))

    def close(self) -> None:
        self._reader.dispose()
        self._writer.dispose()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def file_at(path: Path) -> tuple[int, int] | None:
    """Which file this is, however it is called; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _anchor_settings(session: Session) -> tuple[str, bool]:
    """Where signed checkpoints are carried to: a file, the system's log."""
    return str(setting(session, "anchor_file") or ""), setting(session, "anchor_syslog") == "yes"


def _exists() -> LedgerConflict:
    return LedgerConflict("store_exists", "There is a store here already.", "Log in to it, or choose another home.")


def stamped(session: Session, path: Path, stamp: str) -> str:
    """The id of a new store, whose facts and first record are in the caller's transaction."""
    store_id = new_id()
    facts = (("store_id", store_id), ("stamp", stamp), ("created", now().isoformat(timespec="microseconds")))
    session.add_all(Store(key=key, value=value) for key, value in facts)
    detail = {"store": store_id, "stamp": stamp, "key": checkpoints.signer(path, store_id).verifier}
    Change(session).record(actor=SYSTEM, action="store.create", object_=store_id, detail=detail)
    checkpoints.add_if_due(session, path, store_id)
    return store_id


def _stamp(path: Path, stamp: str) -> None:
    """Write who this store is, and the first record of its chain."""
    fresh = engine(path, "write")
    try:
        with Session(fresh) as session:
            stamped(session, path, stamp)
            session.commit()
    finally:
        fresh.dispose()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
