"""Moving a store between a file and a PostgreSQL database. At every moment one of the two is in charge, and says so.

The rows are copied while nobody else can write, compared one by one, and the chain is verified in its new place. Only
then the new one is put in charge; the old one is kept, and can no longer be taken for the store.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session, select

from db import chain, checkpoints, copying, place, proof
from db.anchors import Anchor
from db.change import Change, Who
from db.errors import LedgerBusy, LedgerConflict, LedgerError, LedgerUnreachable
from db.ledger import Ledger
from db.postgres import read_address
from db.postgres_ledger import PostgresLedger, as_file, making
from db.sqlite import PARTS
from db.tables import Job

FILE = "sqlite"
ACTION = "store.copy"
KEPT = "before-copy-"
"""How a folder in `data/` begins that holds the file whose store went into a database."""


@dataclass(frozen=True)
class Moved:
    """kept     what was there before, under which name: a folder in `data/`, or a schema of the database
    rows     that were compared, in all tables
    replaced a store that stood in the target's place, renamed there
    """

    to: str
    verification: proof.Verification
    rows: int
    kept: str
    replaced: str | None = None


def move(source: Ledger, to: str, who: Who, face: str, replace: bool = False) -> Moved:
    """Move the store to the database at the address `to`, or back to a file (`to` is `sqlite`).

    Raises LedgerBusy where somebody writes or a job runs, LedgerConflict (`here_already`, `store_exists`), LedgerError
    (`copy_differs`, `log_not_whole`, `bad_database_url`, …): the store is then as it was.
    """
    in_database = isinstance(source, PostgresLedger)
    if in_database == (to != FILE):
        raise LedgerConflict("here_already", "The store is of that kind already.", "medsynth store copy --help")
    address = None if to == FILE else read_address(to)
    moved: Moved | None = None
    try:
        with source.write(face) as change:
            if change.session.exec(select(Job.id).where(Job.state == "running")).first():
                raise LedgerBusy("jobs_running", "Jobs are running in this store.", "Wait for them, or cancel them.")
            head = _recorded(source, change, who, FILE if address is None else "postgresql")
            if address is None:
                moved = _to_file(source, change.session, head)
            else:
                moved = _to_database(source, change.session, to, head, replace)
    except LedgerError:
        if moved is None:  # else only what was left behind lacks its last record
            raise
    return moved


def _recorded(source: Ledger, change: Change, who: Who, kind: str) -> Anchor:
    """Say in the log where it goes, and sign that: the last record that both have."""
    change.record(actor=who, action=ACTION, object_="store", detail={"to": kind})
    checkpoints.add_if_due(change.session, source.path, source.store_id, wanted=True)
    head = chain.head(change.session)
    return Anchor(int(head["records"]), head=bytes.fromhex(head["head"]))


def _to_database(source: Ledger, session: Session, to: str, head: Anchor, replace: bool) -> Moved:
    address = read_address(to)
    try:
        with making(address, replace) as (there, replaced):
            copying.copy_rows(session.connection(), there)
            rows = copying.demand_alike(session.connection(), there)
            verification = _verified(proof.verify(there, [head]))
    except LedgerUnreachable as error:
        raise LedgerUnreachable(
            error.code,
            f"The database that --to names cannot be reached: {address.place}.",
            "Nothing was changed: this store stays where it is. See that PostgreSQL runs there, has that database, "
            "and lets this account in.",
        ) from error
    kept = KEPT + time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    try:
        place.bind(source.path, source.store_id)  # from here on nobody writes into the file, also where this is killed
        _aside(source.path, source.path.parent / kept)
    except BaseException as error:
        place.unbind(source.path)
        if isinstance(error, OSError):
            raise LedgerError(
                "not_moved", "The old file cannot be put aside.", "Look at the rights of data/, and its room."
            ) from error
        raise
    place.sync(source.path.parent)
    return Moved("postgresql", verification, rows, kept, replaced)


def _aside(path: Path, folder: Path) -> None:
    """The file and the log beside it, or neither. Raises OSError."""
    done: list[Path] = []
    try:
        folder.mkdir(mode=0o700)
        for end in PARTS:
            old = path.with_name(path.name + end)
            if old.exists():
                old.rename(folder / old.name)
                done.append(old)
    except BaseException:
        for old in reversed(done):
            (folder / old.name).rename(old)
        raise


def _to_file(source: Ledger, session: Session, head: Anchor) -> Moved:
    path = source.path
    partial = path.with_name(f".partial-{secrets.token_hex(6)}-{path.name}")
    try:
        rows = as_file(session.connection(), partial)
        verification = _verified(proof.verify(partial, [head]))
        _put_off(path)
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)
    place.sync(path.parent)
    place.unbind(path)
    return Moved(FILE, verification, rows, "medsynth")


def _put_off(path: Path) -> None:
    """What a move that was killed left, the database being in charge all the time. Its log too: SQLite would take the
    pages in it for those of the file that comes now."""
    left = f"{path.name}.left-{secrets.token_hex(4)}"
    for end in PARTS:
        old = path.with_name(path.name + end)
        if old.exists():
            old.rename(path.with_name(left + end))
    place.sync(path.parent)


def _verified(found: proof.Verification) -> proof.Verification:
    if not found.ok:
        raise LedgerError("log_not_whole", "The audit log does not verify in its new place.", found.problems[0])
    return found


@contextmanager
def into_database(source: Ledger, path: Path, to: str, replace: bool, locked: bool) -> Iterator[Callable[[], object]]:
    """The rows of `source` in the database, for a restore. What is given puts them in charge of the home of `path`.

    That raises LedgerError (`half_restored`) where the database has taken them and the home cannot be told.
    """
    with making(read_address(to), replace, locked) as (there, aside):
        with source.read() as session:
            copying.copy_rows(session.connection(), there)
            copying.demand_alike(session.connection(), there)

        def switch() -> None:
            with place.binding_ready(path, source.store_id) as partial:
                there.commit()
                try:
                    partial.replace(place.binding(path))
                except OSError as error:
                    raise _half_restored(aside) from error
            with suppress(OSError):  # both are in place
                place.sync(path.parent)

        yield switch


def _half_restored(aside: str | None) -> LedgerError:
    kept = f" What was there is its schema {aside}." if aside else ""
    return LedgerError(
        "half_restored",
        f"The database holds the backup, and the data folder could not be told so.{kept}",
        "Let data/ be written to, then restore again with --replace.",
    )
