"""A store of the first version opens in this one: its rows, its triggers and its chain are still there."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import select

from db import checkpoints, migrate
from db.errors import LedgerConflict
from db.ledger import Ledger
from db.tables import Dataset, Review, User

EARLIER = [f"{number:04d}" for number in range(1, int(migrate.HEAD))]


@pytest.fixture
def first_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return store_of("0001", tmp_path / "data" / "medsynth.sqlite3", monkeypatch)


def store_of(revision: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Made and used by the program of that version: a user and a dataset."""
    monkeypatch.setattr(migrate, "HEAD", revision)
    monkeypatch.setattr(checkpoints, "add_if_due", lambda *_: None)  # no version before 0004 signed its log
    with Ledger.create(path, "production") as ledger, ledger.write() as change:
        user = User(name="ada", role="researcher", state="active")
        change.session.add(user)
        change.session.flush()
        change.session.add(Dataset(name="chest", owner_id=user.id, folder="chest-v1", digest="d", summary={"n": 3}))
        change.record(actor="ada", action="datasets.taken_in", object_="dataset:chest")
    monkeypatch.undo()
    for key in path.parent.glob("audit-*.key"):
        key.unlink()
    assert migrate.version(path) == revision
    return path


def objects(path: Path, kind: str) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = ?", (kind,))}


def test_it_opens_with_what_it_held_and_a_copy_is_kept(first_store: Path) -> None:
    before = {kind: objects(first_store, kind) for kind in ("table", "trigger", "index")}
    with Ledger.open(first_store) as ledger:
        with ledger.read() as session:
            dataset = session.exec(select(Dataset)).one()
            assert (dataset.name, dataset.summary, dataset.state) == ("chest", {"n": 3}, "present")
        verification = ledger.verify()
        assert verification.ok and verification.records == 2
        assert ledger.stamp == "production"
    for kind, names in before.items():
        assert names <= objects(first_store, kind)
    added = objects(first_store, "trigger") - before["trigger"]
    assert added >= {"review_no_update", "review_no_delete", "assessment_frozen", "recovery_code_once"}
    assert all(f"{table}_no_delete" in added for table in ("credential_touch", "assessment_text"))
    assert migrate.version(first_store.with_name(f"{first_store.name}.before-{migrate.HEAD}")) == "0001"
    assert migrate.version(first_store) == migrate.HEAD


def test_the_old_triggers_still_hold(first_store: Path) -> None:
    with Ledger.open(first_store) as ledger:
        for change_it in ("UPDATE audit SET actor = 'x'", "DELETE FROM audit", "UPDATE store SET value = '1'"):
            with pytest.raises(LedgerConflict), ledger.write() as change:
                change.session.execute(sa.text(change_it))
                change.record(actor="x", action="test.write")


def decided(ledger: Ledger, decision: str = "accept") -> str:
    with ledger.write() as change:
        dataset = change.session.exec(select(Dataset)).one()
        row = Review(dataset_id=dataset.id, record="r1", decision=decision, reviewer_id=dataset.owner_id)
        change.session.add(row)
        change.record(actor="ada", action="review.accept")
    return row.id


def test_a_decision_is_only_ever_added_and_applied_once(first_store: Path) -> None:
    with Ledger.open(first_store) as ledger:
        identifier = decided(ledger)
        with pytest.raises(LedgerConflict):
            decided(ledger, "perhaps")
        for statement in (
            "UPDATE review SET decision = 'reject'",
            "UPDATE review SET reviewer_id = (SELECT id FROM user), boxes = '[[1,1,1,1]]'",
            "DELETE FROM review",
            "INSERT OR REPLACE INTO review SELECT id, dataset_id, record, 'reject', boxes, reviewer_id, self_reviewed,"
            " applied_version, at FROM review",
        ):
            with pytest.raises(LedgerConflict), ledger.write() as change:
                change.session.execute(sa.text(statement))
                change.record(actor="x", action="test.write")
        with ledger.write() as change:
            change.session.get_one(Review, identifier).applied_version = 2
            change.record(actor="ada", action="review.applied")
        with pytest.raises(LedgerConflict), ledger.write() as change:
            change.session.get_one(Review, identifier).applied_version = 3
            change.record(actor="ada", action="review.applied")
        with ledger.read() as session:
            assert session.get_one(Review, identifier).decision == "accept"


@pytest.mark.parametrize("revision", EARLIER)
def test_a_store_of_every_earlier_version_moves_forward_whole(
    revision: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = store_of(revision, tmp_path / "old" / "medsynth.sqlite3", monkeypatch)
    fresh = tmp_path / "fresh" / "medsynth.sqlite3"
    Ledger.create(fresh).close()
    with Ledger.open(old) as ledger, ledger.write() as change:
        change.record(actor="ada", action="test.write")
    assert definitions(old) == definitions(fresh)  # also every trigger, word for word
    with Ledger.open(old) as ledger:
        verification = ledger.verify()
        assert verification.ok and verification.signed == verification.records == 4  # the fourth names the new key
        with ledger.read() as session:
            assert session.exec(select(User.name)).all() == ["ada"]
    assert migrate.version(old.with_name(f"{old.name}.before-{migrate.HEAD}")) == revision


def definitions(path: Path) -> dict[str, str]:
    """Every table, index and trigger by its text, without what only a later column's place makes different."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT type || ' ' || name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {name: " ".join(sql.split()) for name, sql in rows}


MIGRATE_SLOWLY = """
import os, sys, time
from pathlib import Path
from db import migrate
import sqlalchemy
stop = int(sys.argv[2])
done = 0
@sqlalchemy.event.listens_for(sqlalchemy.engine.Engine, "after_cursor_execute")
def count(*_):
    global done
    done += 1
    if done == stop:
        os.kill(os.getpid(), 9)
migrate.forward(Path(sys.argv[1]))
"""


@pytest.mark.parametrize("statement", [8, 25])
def test_a_migration_that_is_killed_leaves_the_store_as_it_was_and_is_done_again(
    first_store: Path, statement: int
) -> None:
    killed = subprocess.run([sys.executable, "-c", MIGRATE_SLOWLY, str(first_store), str(statement)])
    assert killed.returncode == -9
    assert migrate.version(first_store) == "0001"
    with Ledger.open(first_store) as ledger:
        assert ledger.verify().ok and migrate.version(first_store) == migrate.HEAD


OPEN = "import sys; from pathlib import Path; from db.ledger import Ledger; Ledger.open(Path(sys.argv[1])).close()"


def test_several_processes_that_open_an_old_store_at_once_all_find_it_whole_and_one_old_copy(first_store: Path) -> None:
    stray = first_store.with_name(f".partial-killed-{first_store.name}.before-{migrate.HEAD}")
    stray.write_bytes(b"half a copy")
    opening = [
        subprocess.Popen([sys.executable, "-c", OPEN, str(first_store)], stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert [(process.communicate()[1], process.returncode) for process in opening] == [("", 0)] * 4
    assert migrate.version(first_store.with_name(f"{first_store.name}.before-{migrate.HEAD}")) == "0001"
    assert list(first_store.parent.glob(".partial-*")) == []
