"""What a restore means for an anchor: a copy beside the living store leaves it alone, and what was lost is told."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select
from test_backups import PASSPHRASE, cheap_passphrases, home, of, run

from db.ledger import Ledger
from db.tables import Job, User, now
from medsynth_engine.engine import Engine
from medsynth_engine.kernel.home import Home

__all__ = ["cheap_passphrases", "home"]


@pytest.fixture
def anchor(home: Home, tmp_path: Path) -> Path:
    (tmp_path / "away").mkdir()
    file = tmp_path / "away" / "anchor"
    run(of(home).settings_set("anchor_file", str(file)))
    return file


def records(engine: Engine) -> dict[str, Any]:
    (told,) = [check for check in run(engine.doctor())["checks"] if check["name"] == "audit records"]
    return dict(told)


def test_a_copy_that_comes_back_elsewhere_leaves_the_living_stores_anchor_alone(
    home: Home, tmp_path: Path, anchor: Path
) -> None:
    admin = of(home)
    run(admin.backup(str(tmp_path / "b.age"), PASSPHRASE))
    known, copy = anchor.read_text(), Home(tmp_path / "copy")
    told = run(Engine(copy.root).restore(str(tmp_path / "b.age"), PASSPHRASE))
    assert told["emptied"] == ["anchor_file"]
    run(of(copy).audit_checkpoint())
    assert anchor.read_text() == known
    assert {each["key"]: each["value"] for each in run(of(copy).settings_list())}["anchor_file"] == ""
    (record,) = run(of(copy).audit_list(action="store.restore"))["records"]
    assert record["detail"]["emptied"] == ["anchor_file"]
    assert run(admin.audit_verify(anchor=str(anchor)))["anchored"] and records(admin)["ok"]
    again = run(of(home).restore(str(tmp_path / "b.age"), PASSPHRASE, replace=True))
    assert again["emptied"] == [] and anchor.read_text() != known  # the store itself goes on signing there


def test_the_doctor_says_what_a_restore_lost_and_a_new_anchor_makes_it_well_again(
    home: Home, tmp_path: Path, anchor: Path
) -> None:
    admin = of(home)
    made = run(admin.backup(str(tmp_path / "b.age"), PASSPHRASE))
    run(admin.audit_checkpoint())
    run(admin.restore(str(tmp_path / "b.age"), PASSPHRASE, replace=True))
    admin, lost = of(home), made["records"] + 1
    told = records(admin)
    assert not told["ok"] and f": records {lost} to " in told["says"]
    assert f"were lost by a restore (record {lost} says so)" in told["says"] and "anchor_file" in told["what_to_do"]
    run(admin.settings_set("anchor_file", str(anchor.with_name("new"))))
    assert records(admin)["ok"] and "the anchor fits" in records(admin)["says"]


def test_an_end_that_was_cut_off_after_a_restore_is_not_laid_to_the_restore(
    home: Home, tmp_path: Path, anchor: Path
) -> None:
    admin = of(home)
    run(admin.backup(str(tmp_path / "b.age"), PASSPHRASE))
    for _ in range(8):
        run(admin.audit_checkpoint())
    run(admin.restore(str(tmp_path / "b.age"), PASSPHRASE, replace=True))
    admin = of(home)
    run(admin.audit_checkpoint())
    assert "were lost" in records(admin)["says"]
    cut(home)
    told = records(admin)
    assert not told["ok"] and "were lost" not in told["says"] and "audit verify" in told["what_to_do"]


def cut(home: Home) -> None:
    """What somebody with the file does to it: the last signed record goes, with its signature."""
    import sqlite3

    with sqlite3.connect(home.ledger) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("DELETE FROM audit WHERE seq >= (SELECT max(size) FROM checkpoint)")
        connection.execute("DELETE FROM checkpoint WHERE size > (SELECT max(seq) FROM audit)")


def test_work_that_a_restore_ended_ended_when_its_backup_knew_of_it_last(home: Home, tmp_path: Path) -> None:
    """So that what other work leaves of its dataset is swept, and nothing that came after the backup."""
    before = now()
    with Ledger.open(home.ledger) as ledger, ledger.write() as change:
        alice = change.session.exec(select(User).where(User.name == "alice")).one().id
        change.session.add(
            Job(id="intake-1", kind="intake", actor_id=alice, subject="dataset:x", arguments_digest="x",
                expires_at=before, state="queued", folder="intake-1")
        )  # fmt: skip
        change.record(actor="alice", action="test.job")
    run(of(home).backup(str(tmp_path / "b.age"), PASSPHRASE))
    after = datetime.now(UTC)
    new = Home(tmp_path / "new")
    run(Engine(new.root).restore(str(tmp_path / "b.age"), PASSPHRASE))
    with Ledger.open(new.ledger) as ledger, ledger.read() as session:
        job = session.get_one(Job, "intake-1")
        assert job.state == "interrupted" and job.ended_at is not None and before <= job.ended_at <= after
