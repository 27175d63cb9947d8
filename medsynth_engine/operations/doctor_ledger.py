"""What is wrong with the ledger itself: the file or the database, and its rules against changing the past."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from db import place, proof, rules
from db.dialect import run
from db.ledger import Ledger
from db.sqlite import PARTS
from medsynth_engine.operations.declare import Call
from medsynth_engine.operations.doctor_says import Check, check

RESTORE = "Keep a copy of the data folder, then put a backup back: medsynth restore FILE --replace"


def checks(call: Call) -> list[Check]:
    """Of a ledger in a database only where it can be reached; the check of the store has said so otherwise."""
    if not place.binding(call.home.ledger).exists():
        return [_file(call.home.ledger), _rules_of_file(call.home.ledger)]
    ledger = call.home.ledger
    left = [ledger.name + end for end in PARTS if ledger.with_name(ledger.name + end).exists()]
    alone = check(
        "one ledger",
        not left,
        "The ledger is in the database, and nowhere else.",
        "The ledger is in the database; a ledger's file lies in the data folder besides, and counts for nothing.",
        f"Move {', '.join(left)} out of the data folder, together.",
    )
    return [alone, *([] if call.store is None else [_database(call.store), _rules_of_database(call.store)])]


def _file(ledger: Path) -> Check:
    try:
        with closing(proof.open_for_reading(ledger)) as connection:
            said = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            broken = connection.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError:
        said, broken = "unreadable", None
    good = said == "ok" and broken is None
    return check("ledger file", good, "The ledger's file is sound.", "The ledger's file is damaged.", RESTORE)


def _database(store: Ledger) -> Check:
    """What a server may be told that makes its word worth less: the store asks for none of it."""
    with store.read() as session:
        connection = session.connection()
        asked = "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'server_encoding')"
        settings = {str(row[0]): str(row[1]) for row in run(connection, asked)}
        unchecked = run(
            connection,
            "SELECT (SELECT count(*) FROM pg_constraint WHERE NOT convalidated"
            "   AND connamespace = current_schema()::regnamespace)"
            " + (SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE t.tgisinternal"
            "   AND t.tgenabled NOT IN ('O', 'A') AND c.relnamespace = current_schema()::regnamespace)",
        ).scalar()
        public = run(connection, "SELECT has_schema_privilege('public', current_schema(), 'USAGE')").scalar()
    wrong = [
        *(f"{name} is off: a power loss may take what was said to be kept" for name in ("fsync", "full_page_writes")
          if settings.get(name) != "on"),
        *(["it does not keep text as UTF-8"] if settings.get("server_encoding") != "UTF8" else []),
        *([f"{unchecked} of its references are not checked"] if unchecked else []),
        *(["every account of the server can reach it"] if public else []),
    ]  # fmt: skip
    return check(
        "ledger database",
        not wrong,
        "The ledger's database keeps what it says it keeps.",
        f"The ledger's database: {'; '.join(wrong)}.",
        "Set it right at the server, or ask who looks after it.",
    )


def _rules_of_file(ledger: Path) -> Check:
    try:
        with closing(proof.open_for_reading(ledger)) as connection:
            return _rules(*rules.wanting(connection))
    except sqlite3.DatabaseError:
        return _rules(sorted(rules.RULES), [])


def _rules_of_database(store: Ledger) -> Check:
    with store.read() as session:
        return _rules(*rules.wanting(session.connection()))


def _rules(gone: list[str], strange: list[str]) -> Check:
    said = []
    if gone:
        said.append(f"{len(gone)} of the ledger's own rules are gone or changed: by somebody, or by a program.")
    if strange:
        said.append(f"{len(strange)} rules are in the ledger that MedSynth did not write.")
    return check(
        "ledger rules",
        not gone and not strange,
        "The ledger's own rules against changing the past are in place, word for word.",
        " ".join(said),
        "Verify the log against an anchor (medsynth audit verify --anchor FILE), then put a backup back.",
    )
