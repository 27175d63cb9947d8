"""A store of the first version opens in this one: its rows, its triggers and its chain are still there."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import select

from db import migrate
from db.errors import LedgerConflict
from db.ledger import Ledger
from db.tables import Dataset, Review, User


@pytest.fixture
def first_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Made and used by the first version: a user and a dataset."""
    path = tmp_path / "data" / "medsynth.sqlite3"
    monkeypatch.setattr(migrate, "HEAD", "0001")
    with Ledger.create(path, "production") as ledger, ledger.write() as change:
        user = User(name="ada", role="researcher", state="active")
        change.session.add(user)
        change.session.flush()
        change.session.add(Dataset(name="chest", owner_id=user.id, folder="chest-v1", digest="d", summary={"n": 3}))
        change.record(actor="ada", action="datasets.taken_in", object_="dataset:chest")
    assert "review" not in objects(path, "table")
    monkeypatch.undo()
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
