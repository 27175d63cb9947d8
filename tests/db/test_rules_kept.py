"""A trigger that is gone, says something else, or was put in by somebody shows."""

from __future__ import annotations

from outside import drop, outside

from db import rules
from db.ledger import Ledger


def wanting(ledger: Ledger) -> tuple[list[str], list[str]]:
    with ledger.read() as session:
        return rules.wanting(session.connection())


def test_the_table_of_rules_is_that_of_a_ledger_made_today(ledger: Ledger) -> None:
    with ledger.read() as session:
        assert rules.of(session.connection()) == rules.known(session.connection())
    assert wanting(ledger) == ([], [])


def test_every_rule_is_missed_when_it_is_gone(ledger: Ledger) -> None:
    with ledger.read() as session:
        names = sorted(rules.known(session.connection()))
    for some in (names[:1], names[1:4], names[4:]):
        outside(ledger, *drop(ledger, *some))
        assert wanting(ledger) == (names[: names.index(some[-1]) + 1], [])


def test_a_rule_that_says_something_else_and_one_from_outside_show(ledger: Ledger, kind: str) -> None:
    bent = {
        "sqlite": (
            "DROP TRIGGER audit_no_update",
            "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit WHEN 0 BEGIN SELECT 1; END",
            "CREATE TRIGGER helpful AFTER INSERT ON audit BEGIN SELECT 1; END",
        ),
        "postgresql": (
            "CREATE OR REPLACE FUNCTION audit_no_update() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RETURN NEW; END $$",
            "CREATE TRIGGER helpful AFTER INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_no_update()",
        ),
    }
    outside(ledger, *bent[kind])
    assert wanting(ledger) == (["audit_no_update"], ["helpful"])


def test_a_rule_that_is_switched_off_shows(ledger: Ledger, kind: str) -> None:
    """In a file there is no such switch: the rule is there or it is not."""
    off = {"sqlite": "DROP TRIGGER audit_no_delete", "postgresql": "ALTER TABLE audit DISABLE TRIGGER audit_no_delete"}
    outside(ledger, off[kind])
    assert wanting(ledger) == (["audit_no_delete"], [])
