"""The doctor is content with a backup only where one was finished, and with the ledger's rules only where all stand."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from db import rules
from medsynth_engine.engine import Engine
from medsynth_engine.kernel import age
from medsynth_engine.kernel.errors import Denied
from medsynth_engine.kernel.home import Home
from medsynth_engine.operations import backup_file, doctor, doctor_log


def said(engine: Engine, name: str) -> dict[str, Any]:
    return next(check for check in asyncio.run(engine.doctor())["checks"] if check["name"] == name)


def of(home: Home, name: str, password: str) -> Engine:
    engine = Engine(home.root)
    asyncio.run(engine.login(name, password))
    return engine


def test_a_backup_counts_when_it_was_finished_and_rules_count_word_for_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(age, "WORK", 8)
    home = Home(tmp_path / "home")
    asyncio.run(Engine(home.root).init(development=True))
    admin, alice = of(home, "admin", "admin123"), of(home, "alice", "password123")
    with pytest.raises(Denied):
        asyncio.run(alice.backup(str(tmp_path / "hers.age"), passphrase="correct horse battery staple"))
    assert said(admin, "backup")["says"] == "The store is new."
    asyncio.run(admin.backup(str(tmp_path / "store.age"), passphrase="correct horse battery staple"))
    assert "0 days ago" in said(admin, "backup")["says"]

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(backup_file, "pack", killed)
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(admin.backup(str(tmp_path / "half.age"), passphrase="correct horse battery staple"))
        assert said(admin, "backup")["ok"]  # it may still be at work
        patch.setattr(doctor, "_hours", lambda at: 2.0)
        assert not said(admin, "backup")["ok"] and "not finished" in said(admin, "backup")["says"]
    asyncio.run(admin.backup(str(tmp_path / "whole.age"), passphrase="correct horse battery staple"))
    assert said(admin, "backup")["ok"]
    other = Engine(tmp_path / "other")
    asyncio.run(other.restore(str(tmp_path / "whole.age"), passphrase="correct horse battery staple"))
    with monkeypatch.context() as patch:
        patch.setattr(doctor, "_hours", lambda at: 2.0)
        assert said(other, "backup")["ok"]  # what was put back does not know that it was finished

    assert said(admin, "ledger rules")["ok"]
    with sqlite3.connect(home.ledger) as connection:
        (text,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'review_no_delete'").fetchone()
        connection.execute("DROP TRIGGER review_no_delete")
    assert said(admin, "ledger rules")["says"].startswith("1 of the ledger's own rules")
    with sqlite3.connect(home.ledger) as connection:
        connection.execute(text)
        connection.execute("CREATE TRIGGER helpful AFTER INSERT ON review BEGIN SELECT 1; END")
    assert not said(admin, "ledger rules")["ok"] and len(rules.RULES) >= 30


def test_a_record_that_was_changed_and_an_end_that_was_cut_off_are_not_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, away = Home(tmp_path / "home"), tmp_path / "away"
    asyncio.run(Engine(home.root).init(development=True))
    admin = of(home, "admin", "admin123")
    told = said(admin, "audit records")
    assert told["ok"] and "only an anchor can tell" in told["says"]
    away.mkdir()
    asyncio.run(admin.settings_set("anchor_file", str(away / "anchor")))
    asyncio.run(admin.audit_checkpoint())
    assert said(admin, "audit records")["ok"] and "the anchor fits" in said(admin, "audit records")["says"]
    bend(home, "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)")
    bend(home, "DELETE FROM checkpoint WHERE size > (SELECT max(seq) FROM audit)")
    cut = said(admin, "audit records")
    assert not cut["ok"] and "are left" in cut["says"] and "audit verify" in cut["what_to_do"]
    bend(home, "UPDATE audit SET actor = 'eve' WHERE seq = 2")
    assert "Record 2 was changed." in said(admin, "audit records")["says"]
    monkeypatch.setattr(doctor_log, "MOST", 3)
    assert "not checked here" in said(admin, "audit records")["says"]


def bend(home: Home, statement: str) -> None:
    """What somebody with the file does to it."""
    with sqlite3.connect(home.ledger) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)
