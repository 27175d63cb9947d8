"""The rows of one store into the empty tables of another, of whatever kind; then both are compared, row by row.

The rules that keep the past would refuse an older row: they are off in the copy until it is whole, and then as they
were. Nothing is read in a form of its own, so what is a text, a number or bytes here is the same there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice, zip_longest
from typing import Any

from sqlalchemy import Connection
from sqlmodel import SQLModel

import db.tables  # noqa: F401  declares what is copied
from db.dialect import is_postgres, rows, run
from db.errors import LedgerError

LOG = (("audit", ("seq",)), ("checkpoint", ("size",)), ("segment", ("last",)))
_VALUES = 9000
"""In one statement: SQLite takes 32,766, PostgreSQL 65,535."""


def tables_in_order() -> list[tuple[str, tuple[str, ...]]]:
    """Every table with its key, each after those that it points at."""
    named = [(table.name, tuple(table.primary_key.columns.keys())) for table in SQLModel.metadata.sorted_tables]
    return [*named, *LOG]


def copy_rows(source: Connection, target: Connection) -> dict[str, int]:
    """How many rows of each table were copied. The caller's transactions: nothing is kept before they end."""
    done = {}
    with _without_rules(target):
        for table, key in tables_in_order():
            columns = _columns(source, table)
            found = rows(source, f'SELECT {_named(columns)} FROM "{table}" ORDER BY {_named(key)}')
            done[table] = _insert(target, table, columns, iter(found))
    return done


def _insert(target: Connection, table: str, columns: list[str], found: Iterator[Any]) -> int:
    count, many = 0, max(1, _VALUES // len(columns))
    one = f"({', '.join('?' * len(columns))})"
    while batch := list(islice(found, many)):
        values = [value for row in batch for value in row]
        run(target, f'INSERT INTO "{table}" ({_named(columns)}) VALUES {", ".join([one] * len(batch))}', values)
        count += len(batch)
    return count


def demand_alike(one: Connection, other: Connection) -> int:
    """How many rows were compared, in all tables. Raises LedgerError (`copy_differs`) at the first that differs."""
    count = 0
    for table, key in tables_in_order():
        ask = f'SELECT {_named(_columns(one, table))} FROM "{table}" ORDER BY {_named(key)}'
        for here, there in zip_longest(rows(one, ask), rows(other, ask)):
            count += 1
            if here is None or there is None or tuple(here) != tuple(there):
                raise LedgerError(
                    "copy_differs", "The copy is not what the store is; nothing was changed.", "Please report this."
                )
    return count


def _columns(connection: Connection, table: str) -> list[str]:
    return list(run(connection, f'SELECT * FROM "{table}" LIMIT 0').keys())


def _named(columns: Any) -> str:
    return ", ".join(f'"{column}"' for column in columns)


@contextmanager
def _without_rules(target: Connection) -> Iterator[None]:
    if is_postgres(target):
        asked = (
            "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace"
        )
        found = [tuple(row) for row in run(target, asked)]
        off = [f'ALTER TABLE "{table}" DISABLE TRIGGER {name}' for table, name in found]
        on = [f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER {name}' for table, name in found]
    else:
        found = [tuple(row) for row in run(target, "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")]
        off, on = [f"DROP TRIGGER {name}" for name, _ in found], [text for _, text in found]
    for statement in off:
        run(target, statement)
    yield
    for statement in on:
        target.exec_driver_sql(statement)
