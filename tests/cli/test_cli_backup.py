"""Backups and proofs by the command line: their exit codes, their JSON, and that a secret is never an argument."""

from __future__ import annotations

from pathlib import Path

from cli_people import Hospital, Person

from medsynth_engine.kernel import age

PASSPHRASE = "correct horse battery staple"


def test_a_backup_goes_out_and_comes_back_and_never_takes_a_stores_place_unasked(
    hospital: Hospital, tmp_path: Path
) -> None:
    file = tmp_path / "b.age"
    made = hospital.admin.asks("backup", file, "--passphrase-stdin", stdin=PASSPHRASE + "\n")
    assert made.code == 0, made.err
    assert {"path", "digest", "records", "files", "bytes", "parts"} <= set(made.document)
    unasked = hospital.admin.asks("restore", file, "--passphrase-stdin", stdin=PASSPHRASE + "\n")
    assert unasked.code == 7 and "--replace" in unasked.document["error"]["hint"]
    new = Person(tmp_path / "new", tmp_path / "user")
    back = new.asks("restore", file, "--passphrase-stdin", stdin=PASSPHRASE + "\n")
    assert back.code == 0 and back.document["restored"] and back.document["verified"]["ok"]
    file.write_bytes(file.read_bytes()[:-100])
    cut = hospital.nobody.asks("restore", file, "--check", "--passphrase-stdin", stdin=PASSPHRASE + "\n")
    assert cut.code == 4 and cut.document["error"]["code"] == "damaged_backup"


def test_a_backup_for_a_key_is_opened_with_the_file_of_that_key(hospital: Hospital, tmp_path: Path) -> None:
    identity, recipient = age.new_identity()
    key = tmp_path / "key.txt"
    key.write_text(f"# public key: {recipient}\n{identity}\n")  # as age-keygen writes it
    hospital.admin.gets("backup", tmp_path / "b.age", "--recipient", recipient)
    verified = hospital.nobody.gets("audit", "verify", tmp_path / "b.age", "--identity", key)
    assert verified["ok"] and verified["keys"]


def test_an_export_verifies_without_a_store_or_a_login(hospital: Hospital, tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    hospital.auditor.gets("audit", "export", file)
    code = hospital.auditor.gets("audit", "checkpoint")["code"]
    anyone = Person(tmp_path / "nowhere", tmp_path / "user")
    assert anyone.gets("audit", "verify", file)["ok"]
    later = anyone.asks("audit", "verify", file, "--code", code)  # the code knows more than the export
    assert later.code == 9 and "only" in later.document["problems"][0]


def test_who_is_asked_for_a_passphrase_is_told_so(hospital: Hospital, tmp_path: Path) -> None:
    file = tmp_path / "b.age"
    silent = hospital.admin.asks("backup", file)
    assert silent.document["error"]["hint"] == "Use --passphrase-stdin."
    hospital.admin.asks("backup", file, "--passphrase-stdin", stdin=PASSPHRASE + "\n")
    wrong = hospital.nobody.asks("restore", file, "--check", "--passphrase-stdin", stdin="another one\n")
    assert wrong.code == 3 and wrong.document["error"]["message"] == "That is not the passphrase of this backup."


def test_a_code_that_does_not_fit_accuses_nobody_first(hospital: Hospital) -> None:
    code = str(hospital.auditor.gets("audit", "checkpoint")["code"])
    mistyped = code[:-1] + ("0" if code[-1] != "0" else "1")
    answer = hospital.auditor.asks("audit", "verify", "--code", mistyped)
    assert answer.code == 9 and answer.document["code_alone"]
    assert hospital.auditor.gets("audit", "verify", "--code", code)["anchored"]


def test_a_word_that_is_no_action_finds_the_actions_that_contain_it(hospital: Hospital) -> None:
    hospital.auditor.gets("audit", "checkpoint")
    found = hospital.auditor.gets("audit", "list", "--action", "check")
    assert found["records"] == [] and "audit.checkpoint" in found["near"]
