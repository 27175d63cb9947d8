"""Where the ledger of a home is: a file in its data folder, or a PostgreSQL database. Exactly one of them is in charge.

Which one is written in the data folder: `store.json` is there where it is a database. `MEDSYNTH_DATABASE_URL` says how
to reach it; where the two contradict each other the store stays closed.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from db.errors import LedgerConflict, LedgerError, LedgerMissing
from db.ledger import BINDING, Ledger
from db.sqlite import BUSY_SECONDS, demand_private

VARIABLE = "MEDSYNTH_DATABASE_URL"


def asked() -> str:
    """The address of a database that the environment names; empty: none."""
    return os.environ.get(VARIABLE, "").strip()


def binding(ledger: Path) -> Path:
    return ledger.with_name(BINDING)


def bound_to(ledger: Path) -> str | None:
    """The id of the store in a database that is this home's; None where its ledger is a file, or not made yet.

    Raises LedgerError (`bad_binding`).
    """
    try:
        return str(json.loads(binding(ledger).read_text())["store_id"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LedgerError(
            "bad_binding", "What says where the store of this home is cannot be read.", "Restore store.json in data/."
        ) from error


def store_exists(ledger: Path) -> bool:
    return ledger.exists() or binding(ledger).exists()


def bind(ledger: Path, store_id: str) -> None:
    """From now on the database is in charge. Whoever has it open sees that something changed, also the same again."""
    with binding_ready(ledger, store_id) as partial:
        partial.replace(binding(ledger))
    sync(ledger.parent)


@contextmanager
def binding_ready(ledger: Path, store_id: str) -> Iterator[Path]:
    """What `bind` puts in place, on the disk already: where it is renamed, nothing else can fail."""
    place = binding(ledger)
    partial = place.with_name(f".partial-{secrets.token_hex(6)}-{place.name}")
    try:
        with os.fdopen(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as stream:
            json.dump({"ledger": "postgresql", "store_id": store_id}, stream)
            stream.flush()
            os.fsync(stream.fileno())
        yield partial
    finally:
        partial.unlink(missing_ok=True)


def unbind(ledger: Path) -> None:
    """From now on the file is in charge."""
    with suppress(FileNotFoundError):
        binding(ledger).unlink()
    sync(ledger.parent)


def sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def demand_agreement(ledger: Path) -> None:
    """Raise LedgerConflict (`two_stores`), LedgerMissing (`database_not_named`) where folder and environment differ."""
    address, bound = asked(), binding(ledger).exists()
    if address and not bound and ledger.exists():
        raise LedgerConflict(
            "two_stores",
            f"The store of this home is a file, and {VARIABLE} names a database.",
            f"Unset {VARIABLE}; to move the store there: medsynth store copy --to URL",
        )
    if bound and not address:
        raise LedgerMissing(
            "database_not_named",
            "The store of this home is in a PostgreSQL database.",
            f"Say which one: export {VARIABLE}=postgresql://USER@HOST/DATABASE",
        )


def open_store(ledger: Path, busy_seconds: float = BUSY_SECONDS) -> Ledger:
    """The ledger that is in charge of this home, `ledger` being the place of its file.

    Raises what `Ledger.open` raises, LedgerConflict (`two_stores`), LedgerMissing (`database_not_named`).
    """
    demand_agreement(ledger)
    store_id = bound_to(ledger)
    if store_id is None:
        return Ledger.open(ledger, busy_seconds)
    from db.postgres import read_address
    from db.postgres_ledger import PostgresLedger

    demand_private(binding(ledger))
    return PostgresLedger.open_at(read_address(asked()), ledger, store_id, busy_seconds)


def create_store(ledger: Path, stamp: str = "production") -> Ledger:
    """Make a store: a file, or where the environment names a database, there. Raises what `Ledger.create` raises."""
    address = asked()
    if not address:
        if binding(ledger).exists():
            raise LedgerConflict("store_exists", "There is a store here already.", "It is in a PostgreSQL database.")
        return Ledger.create(ledger, stamp)
    from db.postgres import read_address
    from db.postgres_ledger import PostgresLedger

    made = PostgresLedger.create_at(read_address(address), ledger, stamp)
    bind(ledger, made)
    return open_store(ledger)
