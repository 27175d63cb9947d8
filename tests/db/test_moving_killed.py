"""Moves that are really killed around the moment of the switch, and what lies about afterwards; a server that goes."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from postgres import Server

from db import place
from db.errors import LedgerError
from db.ledger import Ledger
from db.move import FILE, into_database, move
from db.postgres_ledger import PostgresLedger
from medsynth_engine.kernel.home import Home
from medsynth_engine.operations import doctor_ledger
from medsynth_engine.operations.put_back import put_in_place

CHILD = """
import os, sys
from pathlib import Path
from db import move, place

path, to, when = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
ledger = place.open_store(path)
with ledger.write() as change:
    change.record(actor="ada", action="test.before")

def dead(*_):
    os.kill(os.getpid(), 9)

def renames(last):
    real = Path.rename
    def rename(self, target):
        real(self, target)
        if self.name == last:
            dead()
    Path.rename = rename

if when == "before the switch":
    place.bind = place.unbind = dead
elif when == "after the switch":
    move._aside = dead
else:
    renames(path.name + {"the file is aside": "", "its log is aside": "-wal"}[when])
move.move(ledger, to, "ada", "cli")
"""


@pytest.fixture
def database(server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.delenv(place.VARIABLE, raising=False)
    return server.database()


def killed(path: Path, to: str, when: str) -> None:
    found = subprocess.run([sys.executable, "-c", CHILD, str(path), to, when], capture_output=True, text=True)
    assert found.returncode == -9, found.stderr


def written(ledger: Ledger, count: int) -> None:
    for _ in range(count):
        with ledger.write() as change:
            change.record(actor="ada", action="test.write")


@pytest.mark.parametrize("when", ["after the switch", "the file is aside", "its log is aside"])
def test_what_a_killed_move_leaves_behind_spoils_no_file_that_comes_later(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    path = tmp_path / "data" / "medsynth.sqlite3"
    Ledger.create(path, "development").close()
    killed(path, database, when)
    left = {each.name for each in path.parent.glob("medsynth.sqlite3*")}
    assert (
        left
        == {
            "after the switch": {path.name, f"{path.name}-wal", f"{path.name}-shm"},
            "the file is aside": {f"{path.name}-wal", f"{path.name}-shm"},
            "its log is aside": {f"{path.name}-shm"},
        }[when]
    )
    monkeypatch.setenv(place.VARIABLE, database)
    told = doctor_ledger.checks(SimpleNamespace(home=Home(tmp_path), store=None))[0]  # type: ignore[arg-type]
    assert not told["ok"] and all(name in str(told["what_to_do"]) for name in left)
    with place.open_store(path) as there:
        assert isinstance(there, PostgresLedger)
        written(there, 40)
        back = move(there, FILE, "ada", "cli")
    monkeypatch.delenv(place.VARIABLE)
    with place.open_store(path) as again:
        found = again.verify()
        assert (found.ok, found.head) == (True, back.verification.head)
        written(again, 1)
        assert again.verify().records == found.records + 1
    assert len([each for each in path.parent.iterdir() if ".left-" in each.name]) == len(left)


def test_a_move_killed_just_before_the_switch_leaves_the_old_place_in_charge(
    tmp_path: Path, server: Server, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "data" / "medsynth.sqlite3"
    Ledger.create(path, "development").close()
    killed(path, database, "before the switch")
    with place.open_store(path) as ledger:
        records = ledger.verify().records
        written(ledger, 1)
        move(ledger, database, "ada", "cli", replace=True)
    monkeypatch.setenv(place.VARIABLE, database)
    killed(path, FILE, "before the switch")
    with place.open_store(path) as there:
        assert isinstance(there, PostgresLedger) and there.verify().records == records + 3
        written(there, 40)
        back = move(there, FILE, "ada", "cli")
    monkeypatch.delenv(place.VARIABLE)
    with place.open_store(path) as again:
        assert again.verify().ok and again.verify().head == back.verification.head


def test_a_restore_says_as_it_was_only_where_the_database_is_so(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(place.VARIABLE, database)
    home = Home(tmp_path / "home")
    with place.create_store(home.ledger, "development") as before:
        head = before.verify().head
    staging = home.data / ".partial-restore-x"
    staging.mkdir()

    def restored(source: Ledger) -> None:
        with into_database(source, home.ledger, database, replace=True, locked=False) as switch:
            put_in_place(home, staging, switch)

    with Ledger.create(tmp_path / "other" / "medsynth.sqlite3", "development") as source:
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", no_room)
            with pytest.raises(Exception, match="the store is as it was"):
                restored(source)
        with place.open_store(home.ledger) as same:
            assert same.verify().head == head
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", no_room)
            with pytest.raises(LedgerError, match=r"holds the backup.* its schema before_") as caught:
                restored(source)
        assert caught.value.code == "half_restored"
        restored(source)
        with place.open_store(home.ledger) as other:
            assert other.store_id == source.store_id


def no_room(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_lost_connection_is_told_in_words_and_the_next_change_goes_on(
    server: Server, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(place.VARIABLE, database)
    with place.create_store(tmp_path / "data" / "medsynth.sqlite3", "development") as ledger:

        def cut() -> None:
            of_ours = "FROM pg_stat_activity WHERE application_name = 'medsynth'"
            assert server.run(f"SELECT pg_terminate_backend(pid, 60000) {of_ours}")  # waits until they are gone

        records = ledger.verify().records
        for again in (True, False):
            with pytest.raises(LedgerError) as caught, ledger.write() as change:
                change.record(actor="ada", action="test.lost")
                change.session.flush()
                cut()
                if again:
                    change.record(actor="ada", action="test.lost")
            assert caught.value.code == "database_unreachable"
        with pytest.raises(LedgerError) as caught, ledger.read() as session:
            connection = session.connection()
            cut()
            connection.exec_driver_sql("SELECT 1")
        assert caught.value.code == "database_unreachable"
        written(ledger, 1)
        found = ledger.verify()
        assert found.ok and found.records == records + 1
    assert "Traceback" not in capfd.readouterr().err


def test_a_log_bent_into_other_kinds_is_no_ledger_and_not_an_error_of_the_program(
    server: Server, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from db.postgres import read_address

    monkeypatch.setenv(place.VARIABLE, database)
    name = read_address(database).database
    with place.create_store(tmp_path / "data" / "medsynth.sqlite3", "development") as ledger:
        for bent in ("checkpoint ALTER note TYPE bytea USING '\\x00'", "audit DROP COLUMN reason"):
            server.run(f"ALTER TABLE medsynth.{bent}", database=name)
            found = ledger.verify()
            assert not found.ok and "no" in found.problems[0]


def test_a_certificate_that_nobody_trusts_and_a_server_that_is_none_are_unreachable(tmp_path: Path) -> None:
    pytest.importorskip("pg8000", reason="the optional driver is not installed: pip install 'medsynth[postgres]'")
    program = shutil.which("openssl")
    if program is None or not sys.platform.startswith("linux"):
        pytest.skip("no openssl here that makes a certificate, or no second address of this machine")
    key, made = tmp_path / "key", tmp_path / "made"
    subprocess.run(
        [program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", made, "-subj", "/CN=x"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)

    def serve(listening: socket.socket) -> None:
        for answer in (b"S", b"HTTP/1.1 400"):
            caller, _ = listening.accept()
            with caller, suppress(OSError):
                caller.recv(8)
                caller.sendall(answer)
                if answer == b"S":
                    context.wrap_socket(caller, server_side=True)

    with socket.socket() as listening:
        listening.bind(("127.0.0.2", 0))  # not one of the names that count as this machine
        listening.listen()
        thread = threading.Thread(target=serve, args=(listening,), daemon=True)
        thread.start()
        said = []
        for name in "ab":
            with pytest.raises(LedgerError) as caught, Ledger.create(tmp_path / name / "m.sqlite3") as ledger:
                move(ledger, f"postgresql://u:hidden@127.0.0.2:{listening.getsockname()[1]}/d", "ada", "cli")
            assert caught.value.code == "database_unreachable" and "hidden" not in str(caught.value)
            said.append("certificate" in caught.value.message)
        thread.join(60)
    assert said == [True, False]
