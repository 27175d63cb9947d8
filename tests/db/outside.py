"""What somebody can do to a ledger who has its file or its database, and not the program."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from db.ledger import Ledger
from db.postgres_ledger import PostgresLedger


def outside(ledger: Ledger, *statements: str) -> list[Any]:
    """Run them one after the other as whoever owns the store; what the last one found. Raises the driver's error."""
    if isinstance(ledger, PostgresLedger):
        import pg8000.dbapi

        at = ledger.address
        socket = f"{at.folder}/.s.PGSQL.{at.port}"
        connection = pg8000.dbapi.connect(at.user or "", unix_sock=socket, database=at.database)
        with closing(connection):
            cursor = connection.cursor()
            cursor.execute("SET search_path TO medsynth")
            for statement in statements:
                cursor.execute(statement)
            found = list(cursor.fetchall()) if cursor.description else []
            connection.commit()
            return found
    with closing(sqlite3.connect(ledger.path)) as connection, connection:  # without our pragmas
        found = []
        for statement in statements:
            found = connection.execute(statement).fetchall()
        return found


def drop(ledger: Ledger, *rules: str) -> list[str]:
    """Statements that take rules away."""
    word = "DROP FUNCTION {}() CASCADE" if isinstance(ledger, PostgresLedger) else "DROP TRIGGER {}"
    return [word.format(rule) for rule in rules]


def refused() -> tuple[type[Exception], ...]:
    """How a store of either kind says that a rule forbids it."""
    try:
        import pg8000.dbapi
    except ImportError:
        return (sqlite3.IntegrityError,)
    return (sqlite3.IntegrityError, pg8000.dbapi.DatabaseError)


def spelled(ledger: Ledger, data: bytes) -> str:
    """Bytes as a word of SQL."""
    return f"'\\x{data.hex()}'::bytea" if isinstance(ledger, PostgresLedger) else f"x'{data.hex()}'"
