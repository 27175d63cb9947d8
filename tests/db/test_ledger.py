"""A change is whole, private and recorded, or it did not happen."""

from __future__ import annotations

import os
import stat
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from outside import outside
from sqlmodel import SQLModel, select

from db import migrate, place
from db.errors import LedgerBusy, LedgerConflict, LedgerError, LedgerFull, LedgerMissing, LedgerUnsafe, UnrecordedChange
from db.ledger import Ledger
from db.place import create_store, open_store
from db.tables import Assessment, Job, LoginSession, Signature, Store, User


def add_user(ledger: Ledger, name: str, role: str = "researcher") -> User:
    with ledger.write() as change:
        user = User(name=name, role=role)
        change.session.add(user)
        change.record(actor="system", action="user.add", object_=name)
    return user


def users(ledger: Ledger) -> list[str]:
    with ledger.read() as session:
        return [user.name for user in session.exec(select(User).order_by(User.name))]


def test_a_change_without_an_audit_record_is_undone(ledger: Ledger) -> None:
    with pytest.raises(UnrecordedChange), ledger.write() as change:
        change.session.add(User(name="mallory", role="admin"))
    assert users(ledger) == []


def test_also_when_it_is_written_in_plain_sql(ledger: Ledger) -> None:
    add_user(ledger, "ada")
    with pytest.raises(UnrecordedChange), ledger.write() as change:
        change.session.execute(sa.text("""UPDATE "user" SET role = 'admin'"""))
    with ledger.read() as session:
        assert session.exec(select(User.role)).all() == ["researcher"]


def test_a_record_that_cannot_be_written_undoes_the_change(ledger: Ledger) -> None:
    with pytest.raises(LedgerError), ledger.write() as change:
        change.session.add(User(name="mallory", role="admin"))
        change.record(actor="x", action="user.add", detail={"when": datetime.now(UTC)})
    assert users(ledger) == []
    assert ledger.verify().records == 1


def test_an_error_in_the_block_undoes_change_and_record(ledger: Ledger) -> None:
    with pytest.raises(ZeroDivisionError), ledger.write() as change:
        change.session.add(User(name="mallory", role="admin"))
        change.record(actor="x", action="user.add")
        _ = 1 / 0
    assert users(ledger) == []
    assert ledger.verify().records == 1


def test_a_taken_name_is_a_conflict(ledger: Ledger) -> None:
    add_user(ledger, "ada")
    with pytest.raises(LedgerConflict) as caught:
        add_user(ledger, "ada")
    assert caught.value.code == "taken"


def test_looking_writes_nothing(ledger: Ledger) -> None:
    with pytest.raises(LedgerError), ledger.read() as session:
        session.execute(sa.text("INSERT INTO store VALUES ('a', 'b')"))


def test_only_the_last_seen_time_changes_without_a_record(ledger: Ledger) -> None:
    user = add_user(ledger, "ada")
    start = datetime(2026, 1, 1, tzinfo=UTC)
    with ledger.write() as change:
        change.session.add(
            LoginSession(id="s", user_id=user.id, face="cli", last_seen_at=start, expires_at=start + timedelta(hours=1))
        )
        change.record(actor=user.name, action="session.login")
    ledger.touch("s", start + timedelta(minutes=3))
    with ledger.read() as session:
        assert session.get_one(LoginSession, "s").last_seen_at == start + timedelta(minutes=3)
    assert ledger.verify().records == 3


def test_times_are_kept_in_utc_and_a_time_without_a_zone_is_refused(ledger: Ledger) -> None:
    there = datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    with ledger.write() as change:
        change.session.add(User(name="ada", role="admin", created_at=there))
        change.record(actor="system", action="user.add")
    with ledger.read() as session:
        kept = session.exec(select(User)).one().created_at
    assert kept == there and kept.tzinfo is UTC
    with pytest.raises((LedgerError, ValueError)), ledger.write() as change:
        change.session.add(User(name="bob", role="admin", created_at=datetime(2026, 7, 1)))
        change.record(actor="system", action="user.add")


def test_the_files_are_their_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        (tmp_path / "data").mkdir(mode=0o777)
        ledger = Ledger.create(tmp_path / "data" / "m.sqlite3")
        add_user(ledger, "ada")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "data").iterdir()} == {0o600}


def test_a_store_that_others_can_reach_stays_closed(ledger: Ledger) -> None:
    database = place.binding(ledger.path)  # is what says that it is in one
    says_where = database if database.exists() else ledger.path
    says_where.chmod(0o640)
    with pytest.raises(LedgerUnsafe):
        open_store(ledger.path)
    says_where.chmod(0o600)
    ledger.path.parent.chmod(0o750)
    with pytest.raises(LedgerUnsafe):
        open_store(ledger.path)


def test_a_missing_store_and_a_file_that_is_none_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(LedgerMissing):
        Ledger.open(tmp_path / "m.sqlite3")
    stray = tmp_path / "stray"
    stray.write_bytes(b"no database at all, only some text that is long enough" * 40)
    stray.chmod(0o600)
    with pytest.raises(LedgerError, match="cannot be read"):
        Ledger.open(stray)


def test_a_store_is_made_once_and_its_stamp_stays(ledger: Ledger) -> None:
    with pytest.raises(LedgerConflict):
        create_store(ledger.path, "production")
    with pytest.raises(LedgerConflict, match="never change"), ledger.write() as change:
        change.session.get_one(Store, "stamp").value = "production"
        change.record(actor="x", action="store.stamp")
    with open_store(ledger.path) as again:
        assert again.stamp == "development"
    assert [file.name for file in ledger.path.parent.iterdir() if file.name.startswith(".partial")] == []


def test_a_store_of_a_newer_program_is_not_opened(ledger: Ledger) -> None:
    outside(ledger, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(LedgerError) as caught:
        open_store(ledger.path)
    assert caught.value.code == "store_newer"


def test_the_migration_makes_the_tables_that_the_classes_describe(ledger: Ledger) -> None:
    inspector = sa.inspect(ledger._reader)
    for name, table in SQLModel.metadata.tables.items():
        columns = {column["name"]: column["nullable"] for column in inspector.get_columns(name)}
        assert columns == {column.name: bool(column.nullable) for column in table.columns}, name
        references = {(k["constrained_columns"][0], k["referred_table"]) for k in inspector.get_foreign_keys(name)}
        assert references == {(key.parent.name, key.column.table.name) for key in table.foreign_keys}, name


def test_the_revision_that_the_program_knows_is_the_last_of_the_migrations() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).with_name("migrations")))
    assert ScriptDirectory.from_config(config).get_current_head() == migrate.HEAD


def test_nobody_judges_an_assessment_of_their_own(ledger: Ledger, kind: str) -> None:
    author, admin = add_user(ledger, "ada"), add_user(ledger, "root", "admin")
    with ledger.write() as change:
        assessment = Assessment(
            subject_kind="cohort",
            subject_name="c1",
            subject_digest="d",
            audience="internal",
            author_id=author.id,
            digest="e",
        )
        change.session.add(assessment)
        change.record(actor="ada", action="pia.draft")
    for judged in ("approve", "return", "reject", "concur", "dissent"):
        with pytest.raises(LedgerConflict, match="of their own"), ledger.write() as change:
            change.session.add(Signature(assessment_id=assessment.id, user_id=author.id, kind=judged, digest="e"))
            change.record(actor="ada", action="pia.decide")
    with pytest.raises(LedgerConflict, match="never changes"), ledger.write() as change:
        change.session.get_one(Assessment, assessment.id).author_id = admin.id
        change.record(actor="ada", action="pia.edit")
    rest = "document, digest, created_at, submitted_at, decided_at, expires_at"
    columns = (
        f"id, subject_kind, subject_name, subject_digest, evaluation_digest, audience, version, state, {{}}, {rest}"
    )
    instead = f"INTO assessment ({columns.format('author_id')}) SELECT {columns.format(':who')} FROM assessment"
    put = {
        "sqlite": f"INSERT OR REPLACE {instead}",
        "postgresql": f"INSERT {instead} ON CONFLICT (id) DO UPDATE SET author_id = excluded.author_id",
    }[kind]
    with pytest.raises(LedgerConflict), ledger.write() as change:
        change.session.execute(sa.text(put), {"who": admin.id})
        change.record(actor="ada", action="pia.edit")
    with ledger.write() as change:
        change.session.add(Signature(assessment_id=assessment.id, user_id=admin.id, kind="approve", digest="e"))
        change.record(actor="root", action="pia.approve")
    with pytest.raises(LedgerConflict), ledger.write() as change:
        change.session.execute(sa.text("UPDATE signature SET kind = 'reject'"))
        change.record(actor="root", action="pia.approve")


def test_the_grant_of_a_job_never_changes(ledger: Ledger) -> None:
    user = add_user(ledger, "ada")
    soon = datetime.now(UTC) + timedelta(hours=1)
    with ledger.write() as change:
        change.session.add(
            Job(
                id="j-1",
                kind="train",
                actor_id=user.id,
                subject="r",
                arguments_digest="d",
                expires_at=soon,
                folder="j-1",
            )
        )
        change.record(actor="ada", action="job.queue")
    with pytest.raises(LedgerConflict, match="grant"), ledger.write() as change:
        change.session.get_one(Job, "j-1").expires_at = soon + timedelta(days=1)
        change.record(actor="ada", action="job.queue")


def test_a_ledger_held_too_long_is_busy_not_broken(ledger: Ledger) -> None:
    hurried = open_store(ledger.path, busy_seconds=0.2)
    start = time.monotonic()
    with ledger.write() as change:
        change.record(actor="x", action="test.write")
        with pytest.raises(LedgerBusy), hurried.write() as second:
            second.record(actor="y", action="test.write")
    assert time.monotonic() - start < 60
    assert ledger.verify().records == 2
    hurried.close()


def test_a_backup_is_one_private_file_that_verifies(ledger: Ledger, tmp_path: Path) -> None:
    add_user(ledger, "ada")
    copy = tmp_path / "copy" / "m.sqlite3"
    copy.parent.mkdir(mode=0o700)
    ledger.backup(copy)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with Ledger.open(copy) as other:
        assert users(other) == ["ada"] and other.store_id == ledger.store_id and other.verify().ok


def test_a_secret_of_a_user_is_not_in_its_printed_form() -> None:
    assert "argon" not in repr(User(name="ada", role="admin", password_hash="$argon2id$", activation_hash="$argon2id$"))


@pytest.mark.parametrize(
    ("mounts", "local"),
    [
        ([("/", "ext4")], True),
        ([("/", "nfs4"), ("{home}", "ext4")], True),
        ([("/", "ext4"), ("{home}", "nfs4")], False),
        ([("/", "apfs"), ("{home}", "smbfs")], False),
    ],
)
def test_a_ledger_never_lies_on_a_network_s_file_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mounts: list[tuple[str, str]], local: bool
) -> None:
    table = [(Path(place.format(home=tmp_path)), kind) for place, kind in mounts]
    monkeypatch.setattr("db.sqlite._mounts", lambda: table)
    if local:
        Ledger.create(tmp_path / "data" / "m.sqlite3").close()
    else:
        with pytest.raises(LedgerUnsafe, match="network"):
            Ledger.create(tmp_path / "data" / "m.sqlite3")
        assert not (tmp_path / "data" / "m.sqlite3").exists()


def test_the_mounts_of_this_machine_can_be_read() -> None:
    from db.sqlite import _mounts

    assert any(place == Path("/") for place, _ in _mounts())


def test_a_full_disk_undoes_the_change_and_is_said_so(file_ledger: Ledger) -> None:
    ledger = file_ledger
    with ledger.read() as session:
        pages = session.execute(sa.text("PRAGMA page_count")).scalar_one()
    limited = Ledger.open(ledger.path)
    sa.event.listen(
        limited._writer, "connect", lambda connection, _: connection.execute(f"PRAGMA max_page_count={pages + 2}")
    )
    limited._writer.dispose()
    with pytest.raises(LedgerFull), limited.write() as change:
        for number in range(3000):
            change.session.add(User(name=f"user-{number}", role="researcher"))
        change.record(actor="x", action="user.add")
    assert users(ledger) == [] and ledger.verify().ok
    with limited.write() as change:
        change.record(actor="x", action="session.login")
    limited.close()
