"""A trigger that is gone, says something else, or was put in by somebody shows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from db import rules
from db.ledger import Ledger


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    Ledger.create(tmp_path / "data" / "medsynth.sqlite3").close()
    with closing(sqlite3.connect(tmp_path / "data" / "medsynth.sqlite3")) as made:
        yield made


def test_the_table_of_rules_is_that_of_a_ledger_made_today(connection: sqlite3.Connection) -> None:
    assert rules.of(connection) == rules.RULES
    assert rules.wanting(connection) == ([], [])


def test_every_rule_is_missed_when_it_is_gone(connection: sqlite3.Connection) -> None:
    for name in rules.RULES:
        connection.execute(f"DROP TRIGGER {name}")
        assert name in rules.wanting(connection)[0]
    assert rules.wanting(connection) == (sorted(rules.RULES), [])


def test_a_rule_that_says_something_else_and_one_from_outside_show(connection: sqlite3.Connection) -> None:
    connection.execute("DROP TRIGGER audit_no_update")
    connection.execute("CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit WHEN 0 BEGIN SELECT 1; END")
    connection.execute("CREATE TRIGGER helpful AFTER INSERT ON audit BEGIN SELECT 1; END")
    assert rules.wanting(connection) == (["audit_no_update"], ["helpful"])
