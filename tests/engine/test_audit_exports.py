"""The audit log leaves in four forms that no hostile name can break; its oldest part is archived and proved."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
from collections.abc import Coroutine
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from db import checkpoints, exported
from db.ledger import Ledger
from db.note import Signer
from medsynth_engine.engine import Engine
from medsynth_engine.kernel.errors import BadInput, CheckFailed, Denied, NotFound
from medsynth_engine.kernel.home import Home
from medsynth_engine.operations import audit_formats

HOSTILE = (
    "=cmd|' /C calc'!A0", "+1+1", "@SUM(A1)", "-2+3", "\x1b[31mred\x1b]0;title\x07", "a|b\\c=d", "line\nbreak\r\n",
    "\u202egnp.exe", "\u2066x\u2069", "<script>alert(1)</script>", "x" * 5000, "[link=file:///etc/passwd]x[/]",
    'quote"comma,semi;', "\x00null", "\ud800", "é ü 漢",
)  # fmt: skip


def run(asked: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asked)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A store whose log has a record of each hostile name, and one for each way in which things end."""
    made = Home(tmp_path / "home")
    run(Engine(made.root).init(development=True))
    with Ledger.open(made.ledger) as ledger:
        for name in HOSTILE:
            with ledger.write("cli") as change:
                change.record(
                    actor=name, role="researcher", action="datasets.add", object_=name, reason=name,
                    outcome="failed", detail={"name": name, name: [name]},
                )  # fmt: skip
        for action, outcome in (("session.login", "denied"), ("cohorts.export", "refused"), ("weird.thing", "odd")):
            with ledger.write() as change:
                change.record(actor="", action=action, outcome=outcome)
    return made


def of(home: Home, name: str = "auditor") -> Engine:
    engine = Engine(home.root)
    run(engine.login(name, {"alice": "password123"}.get(name, f"{name}123")))
    return engine


def export(home: Home, path: Path, form: str) -> str:
    told = run(of(home).audit_export(str(path), form))
    text = path.read_bytes().decode()
    assert told["records"] >= 24
    lines = [line for line in text.split("\n") if line]
    assert len(lines) == told["records"] + (form == "csv")  # no name breaks a line
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text.replace("\r\n", "\n"))
    return text


def test_a_table_holds_no_formula(home: Home, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(export(home, tmp_path / "a.csv", "csv"))))
    assert all(not cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row.values())
    assert rows[0]["action"] == "store.create" and [int(row["seq"]) for row in rows] == list(range(1, len(rows) + 1))


def test_cef_can_be_taken_apart_again(home: Home, tmp_path: Path) -> None:
    records = [json.loads(line) for line in export(home, tmp_path / "a.jsonl", "jsonl").splitlines()]
    lines = export(home, tmp_path / "a.cef", "cef").splitlines()
    for line, record in zip(lines, records, strict=False):
        header = re.split(r"(?<!\\)\|", line, maxsplit=7)
        assert header[:3] == ["CEF:0", "MedSynth", "MedSynth"] and header[4] == record["action"]
        assert 0 <= int(header[6]) <= 10
        pairs = dict(re.findall(r"(\w+)=((?:\\.|[^\\=])*?)(?= \w+=|$)", header[7]))
        told = {key: re.sub(r"\\(.)", r"\1", value) for key, value in pairs.items()}
        assert told["externalId"] == str(record["seq"]) and told["outcome"] == record["outcome"]
        assert told.get("suser", "") == record["actor"] and told.get("cs1", "") == record["object"]
        assert json.loads(told.get("cs3", "{}")) == record["detail"]


def test_fhir_is_what_the_published_schema_asks_for(home: Home, tmp_path: Path) -> None:
    """Of R4B, whose AuditEvent is that of R4; the codes are of the value sets that R4 binds."""
    audit_event = pytest.importorskip("fhir.resources.R4B.auditevent").AuditEvent
    lines = export(home, tmp_path / "a.ndjson", "fhir").splitlines()
    outcomes = set()
    for line in lines:
        event = audit_event.model_validate_json(line)
        assert event.action in "CRUDE" and event.outcome in ("0", "4", "8", "12")
        assert event.type.system == audit_formats.DICOM and event.agent[0].requestor is True
        assert datetime.fromisoformat(json.loads(line)["recorded"]).tzinfo
        assert re.fullmatch(r"[A-Za-z0-9.-]{1,64}", event.id)
        outcomes.add(event.outcome)
    assert outcomes == {"0", "4", "8"} and len({json.loads(line)["id"] for line in lines}) == len(lines)


def test_json_lines_prove_themselves_without_the_store_or_a_login(home: Home, tmp_path: Path) -> None:
    export(home, tmp_path / "a.jsonl", "jsonl")
    verified = run(Engine(tmp_path / "nowhere").audit_verify_file(str(tmp_path / "a.jsonl")))
    assert verified["ok"] and verified["signed"] == verified["records"] and len(verified["keys"]) == 1
    assert not verified["key_known"]  # the file itself is the only one that says whose key it is
    key = run(of(home).audit_checkpoint())["key"]
    verified = run(Engine(tmp_path / "nowhere").audit_verify_file(str(tmp_path / "a.jsonl"), key=f" {key}\n"))
    assert verified["ok"] and verified["key_known"]
    other = Signer(key.split("+")[0], bytes(32)).verifier
    assert not run(Engine(tmp_path / "nowhere").audit_verify_file(str(tmp_path / "a.jsonl"), key=other))["ok"]
    with pytest.raises(BadInput):
        run(Engine(tmp_path / "nowhere").audit_verify_file(str(tmp_path / "a.jsonl"), key="medsynth"))
    assert run(of(home).audit_verify())["key_known"]


def test_a_form_without_proof_is_said_to_be_none_and_not_to_have_been_changed(home: Home, tmp_path: Path) -> None:
    for form in ("csv", "cef", "fhir"):
        export(home, tmp_path / f"a.{form}", form)
        verified = run(Engine(tmp_path).audit_verify_file(str(tmp_path / f"a.{form}")))
        assert not verified["ok"] and verified["unreadable"] == "no_log" and "jsonl" in verified["problems"][0]
    export(home, tmp_path / "a.jsonl", "jsonl")
    good = (tmp_path / "a.jsonl").read_text()
    (tmp_path / "a.jsonl").write_text(good[:-40])
    assert run(Engine(tmp_path).audit_verify_file(str(tmp_path / "a.jsonl")))["unreadable"] == "damaged"
    (tmp_path / "a.jsonl").write_text("{" + good)  # bent in its first line; what lies beside it says what it was
    assert run(Engine(tmp_path).audit_verify_file(str(tmp_path / "a.jsonl")))["unreadable"] == "damaged"


def test_what_does_not_fit_is_not_said_to_be_missing(home: Home, tmp_path: Path) -> None:
    auditor = of(home)
    code = str(run(auditor.audit_checkpoint())["code"])
    wrong = run(auditor.audit_verify(code=code[:-1] + ("0" if code[-1] != "0" else "1")))
    assert not wrong["ok"] and wrong["anchor_fits"] is False and wrong["notes"] == []
    assert run(auditor.audit_verify(code=code))["anchor_fits"] is True
    alone = run(auditor.audit_verify())
    assert alone["anchor_fits"] is None and "Without an anchor" in alone["notes"][0] and len(alone["notes"]) == 1


def test_a_researcher_carries_out_their_own_records_which_say_that_they_are_an_extract(
    home: Home, tmp_path: Path
) -> None:
    told = run(of(home, "alice").audit_export(str(tmp_path / "mine.jsonl")))
    names = {json.loads(line)["actor"] for line in (tmp_path / "mine.jsonl").read_text().splitlines()}
    assert names == {"alice"} and told["records"] >= 1
    verified = run(Engine(tmp_path).audit_verify_file(str(tmp_path / "mine.jsonl")))
    assert verified["ok"] and "what is missing" in verified["notes"][0] and not verified["anchored"]
    bent = (tmp_path / "mine.jsonl").read_text().replace('"actor": "alice"', '"actor": "ALICE"', 1)
    (tmp_path / "mine.jsonl").write_text(bent)
    assert not run(Engine(tmp_path).audit_verify_file(str(tmp_path / "mine.jsonl")))["ok"]


def test_an_extract_is_compared_with_the_anchor_of_its_checkpoint_and_nothing_invented_passes(
    home: Home, tmp_path: Path
) -> None:
    mine, admin = tmp_path / "mine.jsonl", of(home, "admin")
    (tmp_path / "away").mkdir()
    run(admin.settings_set("anchor_file", str(tmp_path / "away" / "anchor")))
    run(of(home, "alice").audit_export(str(mine)))
    anchor = str(tmp_path / "away" / "anchor")
    verify = lambda: run(Engine(tmp_path).audit_verify_file(str(mine), anchor=anchor))  # noqa: E731
    assert verify()["ok"] and verify()["anchored"] and verify()["key_known"]
    good, beside = mine.read_bytes(), exported.proof_path(mine).read_text()
    first, *others = exported.read(mine)
    invented = first._replace(action="cohorts.export", object="cohort:never")
    invented = invented._replace(hash=invented.expected_hash())
    moved = first._replace(seq=first.seq - 1)
    moved = moved._replace(hash=moved.expected_hash())
    for records in ([invented, *others], [moved, *others], [first, first, *others], others, []):
        mine.write_bytes(b"".join(map(exported.line, records)))
        assert not verify()["ok"]
        assert not run(Engine(tmp_path).audit_verify_file(str(mine)))["ok"]
    mine.write_bytes(good)
    for bent in ({"extract_of": "alice"}, {**json.loads(beside), "extract_of": "eve"}, {"extract_of": 1, "proof": 2}):
        exported.proof_path(mine).write_text(json.dumps(bent))
        assert not verify()["ok"]
    exported.proof_path(mine).write_text(beside)
    run(admin.settings_set("anchor_file", str(tmp_path / "away" / "later")))
    run(admin.audit_checkpoint())
    anchor = str(tmp_path / "away" / "later")
    assert "None of the anchors" in verify()["problems"][0] and verify()["anchor_apart"]
    mine.write_bytes(b"".join(map(exported.line, [invented, *others])))
    assert not verify()["anchor_apart"]  # that is wrong whatever the anchor says


def test_a_file_that_an_anchor_alone_speaks_against_is_told_from_one_that_was_changed(
    home: Home, tmp_path: Path
) -> None:
    auditor, file, anchor = of(home), tmp_path / "a.jsonl", tmp_path / "anchor"
    run(auditor.audit_export(str(file)))
    anchor.write_text(run(auditor.audit_checkpoint())["note"])
    verify = lambda: run(Engine(tmp_path).audit_verify_file(str(file), anchor=str(anchor)))  # noqa: E731
    assert not verify()["ok"] and verify()["anchor_apart"] and len(verify()["problems"]) == 1
    good, (*_, last) = file.read_text(), exported.read(file)
    file.write_text("".join(good.splitlines(keepends=True)[:-1]))  # its own signature knows of more
    assert not verify()["anchor_apart"]
    file.write_text(good.replace('"actor": "auditor"', '"actor": "eve"', 1))
    assert not verify()["anchor_apart"]
    added = last._replace(seq=last.seq + 1, prev=last.hash, action="cohorts.export")
    added = added._replace(hash=added.expected_hash())
    file.write_text(good + exported.line(added).decode())
    assert not verify()["anchor_apart"]  # nobody signed its end
    file.write_text(good)
    exported.proof_path(file).unlink()
    anchor.write_text(json.dumps({"records": 2, "head": "00" * 32}))
    assert verify()["anchor_fits"] is False and not verify()["anchor_apart"]  # not the records that were anchored


def test_one_record_is_shown_to_be_in_what_was_signed(home: Home) -> None:
    auditor = of(home)
    signed = run(auditor.audit_checkpoint())
    for number in (1, 2, 17, signed["records"]):
        proof = run(auditor.audit_prove(number))
        assert (proof["holds"] and f"\n{signed['records']}\n" in proof["checkpoint"]) or number < 17
    for number in (0, -1, 10_000, 2**70):
        with pytest.raises(NotFound):
            run(auditor.audit_prove(number))
    assert run(auditor.audit_list(action="weights.found", limit=0)) == {"records": [], "next": None}
    assert run(auditor.audit_list(since="0001-01-01", until="9999-12-31", before=2**70, limit=0))["next"]
    with pytest.raises(NotFound):
        run(of(home, "alice").audit_prove(1))  # somebody else's


def grown(home: Home, records: int) -> None:
    with Ledger.open(home.ledger) as ledger:
        for _ in range(records // 300):
            with ledger.write() as change:
                for number in range(300):
                    change.record(actor="ada", action="datasets.add", object_=f"dataset:{number}")


def test_the_oldest_records_are_archived_and_the_rest_still_verifies(home: Home, tmp_path: Path) -> None:
    grown(home, 1800)
    auditor, admin = of(home), of(home, "admin")
    anchor = tmp_path / "anchor"
    anchor.write_text(run(auditor.audit_checkpoint())["note"])
    with pytest.raises(Denied):
        run(auditor.audit_seal(str(tmp_path / "old.jsonl"), 1000))
    with pytest.raises(BadInput):
        run(admin.audit_seal(str(tmp_path / "old.jsonl"), 10))
    first = run(admin.audit_seal(str(tmp_path / "old.jsonl"), 1000))
    assert first["first"] == 1 and first["last"] >= 300
    grown(home, 900)
    second = run(admin.audit_seal(str(tmp_path / "older.jsonl"), 1000))
    assert second["first"] == first["last"] + 1
    verified = run(auditor.audit_verify(str(anchor)))
    assert verified["ok"] and verified["anchored"] and verified["sealed"] == second["last"]
    for name in ("old.jsonl", "older.jsonl"):
        alone = run(Engine(tmp_path).audit_verify_file(str(tmp_path / name)))
        assert alone["ok"] and alone["signed"] == alone["records"], alone["problems"]
    oldest = run(auditor.audit_list(limit=500, before=second["last"] + 5))
    assert oldest["records"][-1]["seq"] == second["last"] + 1
    assert run(auditor.audit_prove(second["last"] + 1))["holds"]
    run(auditor.audit_export(str(tmp_path / "rest.jsonl")))
    assert run(Engine(tmp_path).audit_verify_file(str(tmp_path / "rest.jsonl")))["ok"]
    with (
        Ledger.open(home.ledger) as ledger,
        pytest.raises(Exception, match="only ever added"),
        ledger.write() as change,
    ):
        change.session.connection().exec_driver_sql("DELETE FROM audit WHERE seq = (SELECT min(seq) FROM audit)")


def test_records_that_do_not_verify_are_not_archived(home: Home, tmp_path: Path) -> None:
    import sqlite3

    grown(home, 1500)
    with sqlite3.connect(home.ledger) as connection:
        connection.execute("DROP TRIGGER audit_no_update")
        connection.execute("UPDATE audit SET actor = 'eve' WHERE seq = 100")
    with pytest.raises(CheckFailed):
        run(of(home, "admin").audit_seal(str(tmp_path / "old.jsonl"), 1000))
    assert not (tmp_path / "old.jsonl").exists()
    with Ledger.open(home.ledger) as ledger, ledger.read() as session:
        assert session.connection().exec_driver_sql("SELECT min(seq) FROM audit").scalar() == 1
        assert checkpoints.sealed_peaks(session.connection()).size == 0


def test_the_anchor_is_carried_to_a_file_and_the_doctor_sees_where_it_stays_behind(home: Home, tmp_path: Path) -> None:
    admin, away = of(home, "admin"), tmp_path / "away"
    away.mkdir()
    (away / "link").symlink_to(home.weights)
    for beside in (home.data, home.root, home.weights, home.generated, away / "link"):
        with pytest.raises(BadInput, match=r"inside the store|in the store.s folder"):
            run(admin.settings_set("anchor_file", str(beside / "anchor")))
    run(admin.settings_set("anchor_file", str(away / "anchor")))
    grown(home, 600)
    auditor = of(home)
    verified = run(auditor.audit_verify(str(away / "anchor")))
    assert verified["anchored"] and (away / "anchor").read_text().count("medsynth/") == 2 * 3

    def anchor_says() -> str:
        return next(check["says"] for check in run(auditor.doctor())["checks"] if check["name"] == "anchor")

    assert "same disk" in anchor_says()
    (away / "anchor").rename(away / "gone")
    (away / "anchor").mkdir()  # it cannot be written now; the work goes on
    grown(home, 300)
    assert "cannot be read" in anchor_says()
    (away / "anchor").rmdir()
    (away / "gone").rename(away / "anchor")
    assert "behind" in anchor_says()
    run(auditor.audit_checkpoint())
    assert "same disk" in anchor_says()
    assert str(away) not in json.dumps(run(auditor.audit_list(limit=500)))
