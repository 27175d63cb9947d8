"""Being somebody at the command line: sessions, roles, kiosks."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cli_people import Hospital, Person

CHOSEN = "plinth oyster gable 93"


def kept(person: Person) -> list[Path]:
    return list((Path(person.environment["XDG_STATE_HOME"]) / "medsynth" / "sessions").glob("*"))


def test_nobody_is_asked_to_log_in_with_3(hospital: Hospital) -> None:
    answer = hospital.nobody.asks("datasets", "list")
    assert (answer.code, answer.document["error"]["code"]) == (3, "not_logged_in")


def test_a_sentence_and_a_hint_for_people(hospital: Hospital) -> None:
    answer = hospital.nobody.types("datasets", "list", "--home", hospital.home)
    assert (answer.code, answer.out) == (3, "")
    assert "medsynth login" in answer.err


@pytest.mark.parametrize("words", [("users", "list"), ("settings", "list"), ("pia", "approve", "c1")], ids=" ".join)
def test_the_wrong_role_ends_with_3(hospital: Hospital, words: tuple[str, ...]) -> None:
    answer = hospital.alice.asks(*words)
    assert (answer.code, answer.document["error"]["code"]) == (3, "not_permitted")


@pytest.mark.parametrize(
    "words",
    [("datasets", "show", "x"), ("runs", "show", "x"), ("cohorts", "show", "x"), ("jobs", "show", "x")],
    ids=" ".join,
)
def test_what_does_not_exist_ends_with_6(hospital: Hospital, words: tuple[str, ...]) -> None:
    assert hospital.alice.asks(*words).code == 6


def test_whoami_tells_who(hospital: Hospital) -> None:
    document = hospital.auditor.gets("whoami")
    assert (document["name"], document["role"], document["stamp"]) == ("auditor", "auditor", "development")


def test_the_session_is_kept_privately_and_its_folder_names_no_store(hospital: Hospital) -> None:
    (file,) = kept(hospital.alice)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert hospital.home.name not in file.name


def test_login_prints_no_token(hospital: Hospital, tmp_path: Path) -> None:
    person = Person(hospital.home, tmp_path)
    answer = person.asks("login", "alice", "--password-stdin", stdin="password123\n")
    assert answer.code == 0
    assert "token" not in answer.document
    assert set(answer.document) >= {"name", "role", "stamp"}


def test_a_session_that_others_could_have_read_is_not_used(hospital: Hospital, tmp_path: Path) -> None:
    person = Person(hospital.home, tmp_path)
    person.asks("login", "alice", "--password-stdin", stdin="password123\n")
    kept(person)[0].chmod(0o644)
    assert person.asks("whoami").code == 3


def test_a_kiosk_keeps_and_accepts_no_session(hospital: Hospital, tmp_path: Path) -> None:
    person = Person(hospital.home, tmp_path)
    person.asks("login", "alice", "--password-stdin", stdin="password123\n")
    person.environment["MEDSYNTH_KIOSK"] = "1"
    assert person.asks("whoami").code == 3
    answer = person.asks("login", "alice", "--password-stdin", stdin="password123\n")
    assert (answer.code, answer.document["error"]["code"]) == (3, "kiosk")


def test_logging_out_and_in_as_somebody_else(hospital: Hospital, tmp_path: Path) -> None:
    person = Person(hospital.home, tmp_path)
    person.asks("login", "alice", "--password-stdin", stdin="password123\n")
    person.asks("login", "admin", "--password-stdin", stdin="admin123\n")
    assert person.gets("whoami")["name"] == "admin"
    assert person.gets("logout") == {"name": "admin"}
    assert kept(person) == []
    assert person.asks("whoami").code == 3


def test_a_wrong_password_ends_with_3_and_keeps_nothing(hospital: Hospital, tmp_path: Path) -> None:
    person = Person(hospital.home, tmp_path)
    assert person.asks("login", "alice", "--password-stdin", stdin="wrong\n").code == 3
    assert kept(person) == []


def test_a_store_without_dev_is_opened_with_an_activation_code(tmp_path: Path) -> None:
    person = Person(tmp_path / "store", tmp_path / "user")
    made = person.asks("init", "--admin", "carla").document
    assert made["stamp"] == "production"
    code = made["activation"]["code"]
    assert person.asks("activate", "carla", "--password-stdin", stdin=f"{code}\n{CHOSEN}\n").code == 0
    assert person.asks("activate", "carla", "--password-stdin", stdin=f"{code}\n{CHOSEN}\n").code != 0
    assert person.asks("login", "carla", "--password-stdin", stdin=f"{CHOSEN}\n").code == 0
    invited = person.gets("users", "add", "dora", "--role", "researcher")
    assert invited["code"]
    assert {one["name"] for one in person.gets("users", "list")} == {"carla", "dora"}
    assert person.asks("passwd", "--password-stdin", stdin=f"{CHOSEN}\n{CHOSEN}-new\n").code == 0
    assert person.asks("login", "carla", "--password-stdin", stdin=f"{CHOSEN}-new\n").code == 0


def test_settings_are_changed_by_an_admin(hospital: Hospital) -> None:
    before = hospital.admin.gets("settings", "list")[0]
    wanted = int(before["value"]) + 1
    assert hospital.admin.gets("settings", "set", before["key"], str(wanted))["value"] == wanted
    told = {one["key"]: one["value"] for one in hospital.admin.gets("settings", "list")}
    assert told[before["key"]] == wanted
    assert hospital.admin.asks("settings", "set", "no_such_thing", "6").code == 4


def test_denials_are_in_the_audit_log_and_the_log_verifies(hospital: Hospital) -> None:
    hospital.alice.asks("users", "list")
    records = hospital.auditor.gets("audit", "list", "--actor", "alice", "--action", "users.list")["records"]
    assert records[0]["outcome"] == "denied"
    verified = hospital.auditor.gets("audit", "verify")
    assert verified["ok"] and set(verified) >= {"ok", "records", "head", "anchored", "problems"}


def test_the_audit_log_is_exported_into_a_file(hospital: Hospital, tmp_path: Path) -> None:
    told = hospital.auditor.gets("audit", "export", tmp_path / "audit.csv", "--format", "csv")
    lines = (tmp_path / "audit.csv").read_text().splitlines()
    assert len(lines) >= told["records"] > 3
    assert lines[0].startswith("seq,")
    part = hospital.auditor.gets("audit", "export", tmp_path / "part.csv", "--actor", "auditor")
    assert 0 < part["records"] < told["records"]
    assert hospital.auditor.asks("audit", "verify", tmp_path / "part.csv").code == 4


def test_a_tampered_record_ends_with_9(hospital: Hospital, tmp_path: Path) -> None:
    import sqlite3

    from db import migrate

    store = tmp_path / "tampered"
    (store / "data").mkdir(parents=True, mode=0o700)
    migrate.copy(hospital.home / "data" / "medsynth.sqlite3", store / "data" / "medsynth.sqlite3")
    with sqlite3.connect(store / "data" / "medsynth.sqlite3") as ledger:
        table = ledger.execute("select name from sqlite_master where name like '%audit%' and type='table'").fetchone()[
            0
        ]
        for (trigger,) in ledger.execute("select name from sqlite_master where type='trigger'").fetchall():
            ledger.execute(f"drop trigger {trigger}")
        ledger.execute(f"update {table} set actor = 'mallory' where seq = 2")
    person = Person(store, tmp_path / "user")
    assert person.asks("login", "auditor", "--password-stdin", stdin="auditor123\n").code == 0
    answer = person.asks("audit", "verify")
    assert answer.code == 9
    assert answer.document["ok"] is False and answer.document["problems"]


def test_the_doctor_says_what_is_missing(tmp_path: Path) -> None:
    answer = Person(tmp_path / "empty", tmp_path / "user").asks("doctor")
    assert answer.code == 9
    assert any(not check["ok"] and check["what_to_do"] for check in answer.document["checks"])


def test_the_doctor_measures_nothing_where_it_is_not_asked_to(tmp_path: Path) -> None:
    person = Person(tmp_path / "empty", tmp_path / "user")
    assert person.asks("doctor").document["fit"] is None  # a program that looks after stores costs nothing


@pytest.mark.whole("tests/gan/test_fits.py measures the same steps")
def test_the_doctor_measures_what_fits_the_machine_where_it_is_asked_to(tmp_path: Path) -> None:
    person = Person(tmp_path / "empty", tmp_path / "user")
    said = person.types("doctor", "--measure", "--home", tmp_path / "empty")
    assert "Ctrl-C skips it" in said.err and "an hour gives" in said.out
