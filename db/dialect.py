"""Where SQLite and PostgreSQL differ in what they understand. Every statement written as SQL comes through here.

It is written once, in words that both know, with `?` for its values. What has no common word has a function here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Connection, CursorResult, Integer, Text

Source = sqlite3.Connection | Connection
"""A file that is open by itself, or a connection of a ledger of either kind."""
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
"""Compared byte by byte by both, whatever language the database's server speaks."""
INTEGER = Integer().with_variant(BigInteger(), "postgresql")
ALL = str(2**63 - 1)
"""As LIMIT: no limit. One of them wants a number before OFFSET."""
_AT_ONCE = 2000


def is_postgres(connection: Source) -> bool:
    return isinstance(connection, Connection) and connection.dialect.name == "postgresql"


def run(connection: Connection, sql: str, values: Sequence[Any] = ()) -> CursorResult[*tuple[Any, ...]]:
    """Execute one statement; `?` stands for each value, and for nothing else."""
    said = sql if connection.dialect.name == "sqlite" else _placed(sql)
    return connection.exec_driver_sql(said, tuple(values) or None)


def rows(source: Source, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor | CursorResult[*tuple[Any, ...]]:
    """The same for what may have millions of rows: they come a few at a time, and memory stays flat."""
    if isinstance(source, sqlite3.Connection):
        return source.execute(sql, tuple(values))
    if not is_postgres(source):
        return run(source, sql, values)
    streamed = {"stream_results": True, "yield_per": _AT_ONCE}
    return source.exec_driver_sql(_placed(sql), tuple(values) or None, execution_options=streamed)


@lru_cache(maxsize=256)
def _placed(sql: str) -> str:
    return sql.replace("?", "%s")


def tables(source: Source) -> set[str]:
    if is_postgres(source):
        found = rows(source, "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    else:
        found = rows(source, "SELECT name FROM sqlite_master WHERE type = 'table'")
    return {row[0] for row in found}


def by_index(connection: Connection, name: str) -> str:
    """After a table's name: which index to walk, for SQLite, whose planner keeps no statistics of ours."""
    return "" if is_postgres(connection) else f"INDEXED BY {name}"


def text_in(connection: Connection, column: str, key: str) -> str:
    """The text under `key` of a column that holds a JSON object."""
    return f"({column}::jsonb ->> '{key}')" if is_postgres(connection) else f"json_extract({column}, '$.{key}')"


def bytes_in_database(connection: Connection) -> int:
    """What the database of the ledger takes on its server's disk, all schemas and indices of it; 0 of a file."""
    if not is_postgres(connection):
        return 0
    return int(run(connection, "SELECT pg_database_size(current_database())").scalar() or 0)


def change_tables(connection: Connection, sql: str) -> None:
    """Run a statement of a migration, written in SQLite's words: a table, a column, a trigger that keeps a rule."""
    if not is_postgres(connection):
        connection.exec_driver_sql(sql)
        return
    from db.postgres_ddl import translated

    for statement in translated(sql):
        connection.exec_driver_sql(statement)
