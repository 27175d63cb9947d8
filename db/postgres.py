"""How every connection to a ledger in PostgreSQL is opened: durable, in one schema of its own, one writer at a time.

A transaction that writes first takes the advisory lock, which it holds to its end; it then sees all that was committed
before (READ COMMITTED). One that reads sees a single moment (REPEATABLE READ) and cannot write.
"""

from __future__ import annotations

import getpass
import logging
import os
import ssl
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, InterfaceError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import NullPool, QueuePool

from db.errors import LedgerBusy, LedgerConflict, LedgerError, LedgerFull, LedgerUnreachable, LedgerUnsafe
from db.postgres_ddl import NOT_ALLOWED

SCHEMA = "medsynth"
LOCK = 0x6D656473796E7468  # "medsynth"; advisory locks are of one database
DRIVERS = ("pg8000", "psycopg")
Kind = Literal["read", "write", "migrate"]
_PORT = 5432
logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)  # a lost connection is told in words, once
_FOREIGN = (OSError, ValueError, LookupError, struct.error)
_BUSY = frozenset({"55P03", "40001", "40P01", "57014", "53300"})


@dataclass(frozen=True)
class Address:
    """Where a database is. `folder` is that of its Unix socket; then `host` is empty."""

    database: str
    user: str
    password: str | None = field(repr=False)
    host: str
    folder: str
    port: int
    driver: str

    @property
    def place(self) -> str:
        """Where it is, without who asks and without a password."""
        return f"{self.folder or f'{self.host}:{self.port}'}, database {self.database}"

    @property
    def local(self) -> bool:
        return bool(self.folder) or self.host in ("localhost", "127.0.0.1", "::1")


def read_address(text: str) -> Address:
    """`postgresql://USER@HOST/DATABASE`, or `?host=/FOLDER` for a Unix socket; `+pg8000` and `+psycopg` name a driver.

    Raises LedgerError: `bad_database_url`, `no_database_driver`. What was given is never repeated: it may hold a
    password.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise _bad() from error
    kind, _, wanted = url.drivername.partition("+")
    query = {key: value if isinstance(value, str) else value[0] for key, value in url.query.items()}
    socket = query.pop("unix_sock", "")
    host = query.pop("host", url.host or "")
    if kind not in ("postgresql", "postgres") or wanted not in ("", *DRIVERS) or not url.database or query:
        raise _bad()
    folder = str(Path(socket).parent) if socket else host if host.startswith("/") else ""
    if not folder and not host:
        folder = "/run/postgresql" if Path("/run/postgresql").is_dir() else "/tmp"
    there = [name for name in dict.fromkeys((wanted or DRIVERS[0], *DRIVERS)) if find_spec(name) is not None]
    if not there:
        raise LedgerError(
            "no_database_driver",
            "The program that speaks to PostgreSQL is not installed.",
            "Install it beside MedSynth: pip install 'medsynth[postgres]'",
        )
    user = url.username or _account()
    return Address(url.database, user, url.password, "" if folder else host, folder, url.port or _PORT, there[0])


def _account() -> str:
    """Who asks where the address names nobody, as PostgreSQL's own programs have it."""
    try:
        return os.environ.get("PGUSER") or getpass.getuser()
    except (KeyError, OSError, ImportError) as error:  # an account without a name
        raise _bad() from error


def _bad() -> LedgerError:
    return LedgerError(
        "bad_database_url",
        "That is no address of a PostgreSQL database.",
        "For instance: postgresql://medsynth@localhost/medsynth, or postgresql:///medsynth?host=/run/postgresql",
    )


def engine(address: Address, kind: Kind, busy_seconds: float) -> Engine:
    """A pool of connections for one kind of transaction. `migrate` takes no lock by itself."""
    made = create_engine(
        URL.create(
            f"postgresql+{address.driver}",
            username=address.user,
            password=address.password if address.password is not None else _kept_password(address),
            host=address.host or None,
            port=None if address.folder and address.driver == "pg8000" else address.port,
            database=address.database,
            query=_folder(address),
        ),
        connect_args={"application_name": "medsynth", **_encrypted(address)},
        poolclass=NullPool if kind == "migrate" else QueuePool,
        pool_pre_ping=kind != "migrate",
    )
    setting = [
        f"SET search_path TO {SCHEMA}, pg_temp",
        "SET synchronous_commit TO on",
        f"SET lock_timeout TO {max(1, int(busy_seconds * 1000))}",
        *(["SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"] * (kind == "read")),
    ]

    def connected(connection: Any, _record: Any) -> None:
        connection.autocommit = True  # else a rollback would take the settings back
        cursor = connection.cursor()
        for statement in setting:
            cursor.execute(statement)
        cursor.close()
        connection.autocommit = False

    _only_own_errors(made)
    event.listen(made, "connect", connected)
    if kind == "write":
        event.listen(made, "begin", lock)
    return made


def shared_engine(address: Address, kind: Kind, busy_seconds: float, file: tuple[int, int] | None) -> Engine:
    """`engine`, made once in a process for one binding `file`, for the reason that `sqlite.shared_engine` has."""
    password = address.password if address.password is not None else _kept_password(address)
    return _shared(replace(address, password=password), kind, busy_seconds, file)


@lru_cache(maxsize=16)
def _shared(address: Address, kind: Kind, busy_seconds: float, _file: tuple[int, int] | None) -> Engine:
    return engine(address, kind, busy_seconds)


def _only_own_errors(made: Engine) -> None:
    """What a driver lets through of the network, of TLS, or of bytes that no PostgreSQL sends becomes its own error."""
    driver: Any = made.dialect.loaded_dbapi
    dialect: Any = made.dialect
    ping = dialect.do_ping

    def connect(_dialect: Any, _record: Any, args: Any, options: Any) -> Any:
        try:
            return dialect.connect(*args, **options)
        except _FOREIGN as error:
            raise driver.InterfaceError("network error") from error

    def pinged(connection: Any) -> bool:
        try:
            return bool(ping(connection))
        except OSError as error:
            raise driver.InterfaceError("network error") from error

    def failed(context: Any) -> None:
        if isinstance(context.original_exception, OSError):
            context.is_disconnect = True
            raise InterfaceError(None, None, context.original_exception) from context.original_exception

    dialect.do_ping = pinged
    event.listen(made, "do_connect", connect)
    event.listen(made, "handle_error", failed)


def lock(connection: Connection) -> None:
    """Wait for everybody who writes, and keep others from writing until this transaction ends."""
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")


def demand_encrypted(connection: Connection) -> None:
    """Raise LedgerUnsafe where patients' data would cross a network in the clear."""
    found = connection.exec_driver_sql(
        "SELECT inet_server_addr() IS NULL OR host(inet_server_addr()) IN ('127.0.0.1', '::1')"
        " OR coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false)"
    ).scalar()
    if not found:
        raise LedgerUnsafe(
            "database_in_the_clear",
            "The connection to the database leaves this machine and is not encrypted, so the store stays closed.",
            "Let the server offer TLS, or put it on this machine.",
        )


def _folder(address: Address) -> dict[str, str]:
    if not address.folder:
        return {}
    socket = f"{address.folder}/.s.PGSQL.{address.port}"
    return {"unix_sock": socket} if address.driver == "pg8000" else {"host": address.folder}


def _encrypted(address: Address) -> dict[str, Any]:
    """Beyond this machine: TLS whose certificate is checked against what the system trusts."""
    if address.local:
        return {}
    if address.driver == "pg8000":
        return {"ssl_context": ssl.create_default_context()}
    return {"sslmode": "verify-full", "sslrootcert": "system"}


def _kept_password(address: Address) -> str | None:
    """From the password file that PostgreSQL's own programs read: `PGPASSFILE`, else `~/.pgpass`; 0600 or unread."""
    place = Path(os.environ.get("PGPASSFILE") or Path.home() / ".pgpass")
    try:
        if stat.S_IMODE(place.stat().st_mode) & 0o077:
            return None
        lines = place.read_text().splitlines()
    except (OSError, ValueError):
        return None
    wanted = (address.host or "localhost", str(address.port), address.database, address.user)
    for line in lines:
        parts = line.replace("\\\\", "\0").replace("\\:", "\1").split(":", 4)
        fields = [part.replace("\1", ":").replace("\0", "\\") for part in parts]
        if len(fields) == 5 and all(known in ("*", asked) for known, asked in zip(fields, wanted, strict=False)):
            return fields[4]
    return None


@contextmanager
def understood() -> Iterator[None]:
    """What a driver raises in the block becomes a LedgerError."""
    try:
        yield
    except SQLAlchemyError as error:
        raise translate(error) from error


def translate(error: Exception) -> LedgerError:
    """What a driver's error means to a person."""
    original = getattr(error, "orig", None) or error
    state, said = _said(original)
    if state == NOT_ALLOWED:
        return LedgerConflict("not_allowed", said, "Nothing was changed.")
    if state == "23505":
        return LedgerConflict("taken", "That name is taken, or this was done before.", "Choose another name.")
    if state.startswith("23"):
        return LedgerConflict(
            "conflict", "The change contradicts what the ledger holds.", "Nothing was changed; look at it again."
        )
    if state in _BUSY or isinstance(error, PoolTimeout):
        return LedgerBusy(
            "ledger_busy", "The ledger is in use by another process.", "Nothing was changed; try again in a moment."
        )
    if state == "53100":
        return LedgerFull(
            "disk_full",
            "The disk of the database is full; nothing was changed.",
            "Free some space there, then try again.",
        )
    if not state and (isinstance(original.__cause__, ssl.SSLError) or "certificate" in str(original)):
        return LedgerError(
            "database_unreachable",
            "The database's server could not show a certificate that this machine trusts for its name.",
            "Name the server as its certificate does, and let the system trust who signed that (or SSL_CERT_FILE).",
        )
    if not state or state.startswith(("08", "28", "57", "3D")):
        return LedgerUnreachable(
            "database_unreachable",
            "The database of this store cannot be reached.",
            "See that PostgreSQL runs, that MEDSYNTH_DATABASE_URL names it, and that it lets this account in.",
        )
    return LedgerError(
        "ledger_failed",
        "The ledger could not be read or written.",
        "Nothing was changed. Run medsynth doctor, and look at the log of the database's server.",
    )


def bent(error: SQLAlchemyError) -> bool:
    """Whether tables or columns are not those that were asked for, or hold values of another kind."""
    return _said(getattr(error, "orig", None) or error)[0].startswith(("42", "22"))


def _said(original: Any) -> tuple[str, str]:
    """The SQLSTATE and the sentence; empty where the server said nothing."""
    state = getattr(original, "sqlstate", None)  # psycopg
    if state:
        return str(state), str(original.diag.message_primary or "")
    told = original.args[0] if original.args and isinstance(original.args[0], dict) else {}  # pg8000
    return str(told.get("C", "")), str(told.get("M", ""))
