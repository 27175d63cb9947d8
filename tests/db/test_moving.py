"""A store goes to a database and back; at every moment one of the two is in charge, and says so."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import postgres
import pytest
from postgres import Server
from sqlmodel import select

from db import chain, copying, place, proof, rules, sealing
from db.errors import LedgerBusy, LedgerConflict, LedgerError, LedgerMissing
from db.ledger import Ledger
from db.move import FILE, move
from db.postgres import read_address
from db.postgres_ledger import PostgresLedger
from db.tables import Job, User
from medsynth_engine.engine import Engine
from medsynth_engine.kernel import age
from medsynth_engine.kernel.errors import Busy, Denied, NotFound


@dataclass(frozen=True)
class Admin:
    user_id: str = "u"
    name: str = "root"
    role: str = "admin"
    session_id: str = "s"


@pytest.fixture
def database(server: Server) -> str:
    return server.database()


@pytest.fixture(autouse=True)
def nothing_named(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv(place.VARIABLE, raising=False)
    monkeypatch.setattr(age, "WORK", 8)
    yield


def filled(ledger: Ledger) -> Ledger:
    """With rows that point at each other, every kind of value, and records of which the oldest are sealed."""
    with ledger.write() as change:
        user = User(name="ada", role="researcher", must_change=True, password_hash="ä:%?'\\")
        change.session.add(user)
        change.session.flush()
        change.session.add(
            Job(id="j", kind="train", actor_id=user.id, subject="r", arguments={"é": [1, None, True]},
                arguments_digest="d", expires_at=datetime.now(UTC), folder="j", state="finished")
        )  # fmt: skip
        for number in range(40):
            change.record(actor="ada", action="test.write", object_=f"thing {number}", detail={"n": number, "s": "ü"})
    ledger.checkpoint("ada")
    with ledger.write() as change:
        connection = change.session.connection()
        part = sealing.part(connection, 1)
        assert part is not None
        sealing.take_out(connection, part, "0" * 64)
        change.record(actor="root", action="audit.seal", object_="audit")
    with ledger.write() as change:
        change.record(actor="ada", action="test.write")
    return ledger


def rules_of(ledger: Ledger) -> tuple[list[str], list[str]]:
    with ledger.read() as session:
        return rules.wanting(session.connection())


def test_a_store_goes_to_a_database_and_back_with_every_row_and_rule(
    file_ledger: Ledger, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = filled(file_ledger).verify()
    assert before.sealed and before.ok
    moved = move(file_ledger, database, Admin(), "cli")
    assert moved.verification.ok and moved.verification.anchored and moved.verification.records == before.records + 1
    old = file_ledger.path.parent / moved.kept / file_ledger.path.name
    with pytest.raises(LedgerMissing), file_ledger.write() as change:  # who had it open writes no more
        change.record(actor="eve", action="test.write")
    file_ledger.close()
    assert proof.verify(old).head == moved.verification.head
    with pytest.raises(LedgerMissing) as caught:
        place.open_store(file_ledger.path)
    assert caught.value.code == "database_not_named"
    monkeypatch.setenv(place.VARIABLE, database)
    with place.open_store(file_ledger.path) as there:
        assert isinstance(there, PostgresLedger) and (there.store_id, there.stamp) == (
            file_ledger.store_id,
            "development",
        )
        assert rules_of(there) == ([], []) and there.verify().document() | {
            "anchored": True,
            "anchor_fits": True,
            "notes": [],
        } == (moved.verification.document() | {"notes": []})
        with there.read() as session:
            assert session.exec(select(User.password_hash, User.must_change)).one() == ("ä:%?'\\", True)
            assert session.exec(select(Job.arguments)).one() == {"é": [1, None, True]}
        with there.write() as change:
            change.record(actor="ada", action="test.write")
        back = move(there, FILE, Admin(), "cli")
        assert back.verification.ok and back.verification.records == moved.verification.records + 2
        with pytest.raises(LedgerMissing, match="moved back into a file"), there.write() as change:
            change.record(actor="eve", action="test.write")
    with pytest.raises(LedgerConflict) as contradiction:
        place.open_store(file_ledger.path)
    assert contradiction.value.code == "two_stores"
    monkeypatch.delenv(place.VARIABLE)
    with place.open_store(file_ledger.path) as again:
        assert rules_of(again) == ([], []) and again.verify().head == back.verification.head
        with again.write() as change:
            change.record(actor="ada", action="test.write")
        with again.read() as session:
            assert [record.action for record in chain.page(session, limit=3)][1:] == ["store.copy", "test.write"]


def test_nothing_moves_while_somebody_writes_or_a_job_runs(file_ledger: Ledger, database: str) -> None:
    hurried = Ledger.open(file_ledger.path, busy_seconds=0.2)
    with file_ledger.write() as change:
        change.record(actor="ada", action="test.write")
        with pytest.raises(LedgerBusy):
            move(hurried, database, Admin(), "cli")
    with filled(file_ledger).write() as change:
        change.session.get_one(Job, "j").state = "running"
        change.record(actor="ada", action="test.write")
    with pytest.raises(LedgerBusy) as caught:
        move(hurried, database, Admin(), "cli")
    assert caught.value.code == "jobs_running"
    hurried.close()
    with pytest.raises(LedgerConflict, match="already"):
        move(file_ledger, FILE, Admin(), "cli")
    assert file_ledger.verify().ok and not place.binding(file_ledger.path).exists()


def schemas(server: Server, database: str) -> list[str]:
    name = read_address(database).database
    found = server.run("SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|public|information)'", database=name)
    return sorted(row[0] for row in found)


def test_a_move_that_fails_or_is_killed_leaves_one_store_in_charge(
    file_ledger: Ledger, server: Server, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = filled(file_ledger).verify().records
    with monkeypatch.context() as patch:
        patch.setattr(copying, "_insert", failing)
        with pytest.raises(LedgerError):
            move(file_ledger, database, Admin(), "cli")
    assert schemas(server, database) == [] and file_ledger.verify().records == records
    with monkeypatch.context() as patch:  # the rows are there, and nothing says yet that they count
        patch.setattr(place, "bind", failing)
        with pytest.raises(LedgerError):
            move(file_ledger, database, Admin(), "cli")
    assert schemas(server, database) == ["medsynth"] and place.open_store(file_ledger.path).verify().records == records
    with pytest.raises(LedgerConflict) as caught:
        move(file_ledger, database, Admin(), "cli")
    assert caught.value.code == "store_exists"
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", failing)
        with pytest.raises(LedgerError):
            move(file_ledger, database, Admin(), "cli", replace=True)
    assert len(schemas(server, database)) == 2 and file_ledger.verify().records == records
    place.bind(file_ledger.path, file_ledger.store_id)  # as if killed right there: the file still lies in its place
    with pytest.raises(LedgerMissing, match="moved into a database"), file_ledger.write() as change:
        change.record(actor="eve", action="test.write")
    monkeypatch.setenv(place.VARIABLE, database)
    with place.open_store(file_ledger.path) as there:
        assert isinstance(there, PostgresLedger) and there.verify().records == records + 1


def failing(*_: object, **__: object) -> None:
    raise LedgerError("broken_off", "It ends here.")


def test_a_home_opens_no_other_home_s_database(
    server: Server, new_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(place.VARIABLE, server.database(postgres.database_of(new_store)))
    with postgres.copy_store(new_store, tmp_path / "one" / "medsynth.sqlite3") as one:
        pass
    place.bind(one.path, "another")
    with pytest.raises(LedgerConflict) as caught:
        place.open_store(one.path)
    assert caught.value.code == "another_store"
    with pytest.raises(LedgerConflict) as taken:
        place.create_store(tmp_path / "two" / "medsynth.sqlite3")
    assert (
        taken.value.code == "store_exists" and "RENAME TO" in taken.value.hint and "--replace" not in taken.value.hint
    )
    monkeypatch.setenv(place.VARIABLE, server.address("nowhere"))
    with pytest.raises(LedgerError) as away:
        place.open_store(one.path)
    assert away.value.code == "database_unreachable"


def test_texts_are_in_the_order_of_their_bytes_whatever_language_the_server_speaks(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        database = server.database(options="LOCALE_PROVIDER icu ICU_LOCALE 'en'")
    except Exception as error:  # noqa: BLE001  an error of the driver, which may not be there to be named
        pytest.skip(f"this server knows no other order: {type(error).__name__}")
    monkeypatch.setenv(place.VARIABLE, database)
    with place.create_store(tmp_path / "data" / "medsynth.sqlite3", "development") as ledger:
        with ledger.write() as change:
            for action in ("run.start", "run_time.end", "runs.start", "run.stop"):
                change.record(actor="ada", action=action)
            change.session.add_all(User(name=name, role="admin") for name in ("b", "A", "B", "a", "_"))
        with ledger.read() as session:
            assert [record.seq for record in chain.page(session, action="run.")] == [5, 2]
            assert chain.actions_like(session, "run") == ["run.start", "run.stop", "run_time.end", "runs.start"]
            assert session.exec(select(User.name).order_by(User.name)).all() == ["A", "B", "_", "a", "b"]
            since = datetime.now(UTC) - timedelta(hours=1)
            assert len(chain.page(session, since=since, actor="ada", outcome="done")) == 4


def test_either_driver_reads_what_the_other_wrote(
    server: Server, new_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("psycopg", reason="only where somebody installed it: it is no part of MedSynth")
    database = server.database(postgres.database_of(new_store))
    for driver in ("+psycopg", "+pg8000", "+psycopg"):
        monkeypatch.setenv(place.VARIABLE, database.replace("postgresql", f"postgresql{driver}", 1))
        path = tmp_path / "data" / "medsynth.sqlite3"
        with place.open_store(path) if path.parent.exists() else postgres.copy_store(new_store, path) as ledger:
            assert isinstance(ledger, PostgresLedger) and f"+{ledger.address.driver}" == driver
            with pytest.raises(LedgerConflict, match="only ever added"), ledger.write() as change:
                change.session.connection().exec_driver_sql("DELETE FROM audit")
                change.record(actor="ada", action="test.write")
            filled(ledger) if driver == "+pg8000" else None
            assert ledger.verify().ok


@pytest.mark.parametrize(
    ("text", "host", "folder", "port"),
    [
        ("postgresql://ada@localhost/m", "localhost", "", 5432),
        ("postgres://ada:pw@10.0.0.1:6000/m", "10.0.0.1", "", 6000),
        ("postgresql+psycopg:///m?host=/run/x", "", "/run/x", 5432),
        ("postgresql+pg8000:///m?unix_sock=/run/x/.s.PGSQL.5432", "", "/run/x", 5432),
    ],
)
def test_an_address_is_read_whichever_driver_it_names(
    text: str, host: str, folder: str, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pg8000", reason="the optional driver is not installed: pip install 'medsynth[postgres]'")
    monkeypatch.setenv("PGUSER", "whoever-asks")
    found = read_address(text)
    assert (found.host, found.folder, found.port, found.database) == (host, folder, port, "m")
    assert "pw" not in repr(found) and found.local == (host != "10.0.0.1")
    assert found.user == ("ada" if "ada" in text else "whoever-asks")


@pytest.mark.parametrize(
    "text",
    ["", "x", "sqlite:///m", "mysql://a:hidden@h/m", "postgresql://a:hidden@h", "postgresql://a:hidden@h/m?x=y"],
)
def test_what_is_no_address_is_not_repeated(text: str) -> None:
    with pytest.raises(LedgerError) as caught:
        read_address(text)
    assert "hidden" not in caught.value.message + caught.value.hint + repr(caught.value)


def test_a_kept_password_is_read_from_a_file_that_is_its_owner_s_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from db.postgres import _kept_password

    pytest.importorskip("pg8000", reason="the optional driver is not installed: pip install 'medsynth[postgres]'")
    kept = tmp_path / "pass"
    kept.write_text("other:5432:m:ada:no\n*:5432:m:ada:so\\:me\\\\\n")
    monkeypatch.setenv("PGPASSFILE", str(kept))
    kept.chmod(0o600)
    assert _kept_password(read_address("postgresql://ada@db.example/m")) == "so:me\\"
    assert _kept_password(read_address("postgresql://eve@db.example/m")) is None
    kept.chmod(0o644)
    assert _kept_password(read_address("postgresql://ada@db.example/m")) is None


def test_an_admin_moves_it_and_all_the_care_of_a_store_goes_on(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(engine: Engine, name: str, *args: object, **options: object) -> object:
        return asyncio.run(getattr(engine, name)(*args, **options))

    secret = "correct horse battery staple"
    engine = Engine(tmp_path)
    run(engine, "init", development=True)
    run(engine, "login", "alice", "password123")
    with pytest.raises(Denied):
        run(engine, "store_copy", database)
    run(engine, "login", "admin", "admin123")
    told = run(engine, "store_copy", database)
    assert told["verified"]["ok"] and told["variable"] == place.VARIABLE and told["variable_set"]
    with pytest.raises(NotFound):
        run(engine, "whoami")
    monkeypatch.setenv(place.VARIABLE, database)
    assert run(engine, "whoami")["name"] == "admin"  # the login went with it
    record = run(engine, "audit_list", action="store.copy", actor="admin")["records"][0]
    assert (record["outcome"], record["detail"]) == ("done", {"to": "postgresql"})
    for name, password in (("admin", "wrong"), ("nobody", "wrong")):
        with pytest.raises(Denied):
            run(engine, "login", name, password)
    assert run(engine, "login", "admin", "admin123")["failures_before"] == 1
    checks = {check["name"]: check for check in run(engine, "doctor")["checks"]}
    of_ledger = {name: check["ok"] for name, check in checks.items() if "ledger" in name}
    assert of_ledger == {"one ledger": True, "ledger database": False, "ledger rules": True}
    assert "fsync is off" in checks["ledger database"]["says"]  # of the tests' own server that is so
    disk = run(engine, "disk")
    taken = {each["kind"]: each["bytes"] for each in disk["kinds"]}
    assert taken["database"] > 1_000_000 and disk["used"] == sum(taken.values())  # what an empty one takes
    made = run(engine, "backup", str(tmp_path / "b.age"), secret)
    assert run(engine, "restore", str(tmp_path / "b.age"), secret, check=True)["verified"]["ok"]
    run(engine, "users_add", "bob", "researcher")
    with pytest.raises(Busy):
        run(engine, "restore", str(tmp_path / "b.age"), secret)
    other = Engine(tmp_path, engine.token)
    assert run(other, "whoami")["name"] == "admin"
    assert run(engine, "restore", str(tmp_path / "b.age"), secret, replace=True)["restored"]
    with pytest.raises(Busy) as caught:
        run(other, "whoami")
    assert caught.value.code == "store_replaced"
    other.close()
    run(engine, "login", "admin", "admin123")
    assert "bob" not in [user["name"] for user in run(engine, "users_list")]
    found = run(engine, "audit_verify")
    assert found["ok"] and found["records"] > made["records"]
    assert run(engine, "audit_export", str(tmp_path / "log.jsonl"))["records"] > made["records"]
    assert run(engine, "store_copy", FILE)["variable_set"] is False
    monkeypatch.delenv(place.VARIABLE)
    assert run(engine, "whoami")["name"] == "admin" and run(engine, "audit_verify")["ok"]
    engine.close()
    assert not os.path.lexists(place.binding(tmp_path / "data" / "medsynth.sqlite3"))


def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    pytest.importorskip("pg8000", reason="the program that speaks to PostgreSQL is not installed")
    with Ledger.create(tmp_path / "medsynth.sqlite3") as ledger:
        with pytest.raises(LedgerError) as away:
            move(ledger, "postgresql://ada:hidden@127.0.0.1:1/studies", Admin(), "test")
        said = away.value.message + away.value.hint
        assert away.value.code == "database_unreachable" and "127.0.0.1:1, database studies" in said
        assert "hidden" not in said and "Nothing was changed" in said and place.VARIABLE not in said
        with ledger.read() as session:
            assert chain.head(session)["records"] == 1, "that it would move is not in the log either"
