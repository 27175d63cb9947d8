"""What is listed as released and signed is compared with the log, which who owns the ledger's file cannot rewrite."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from governance_clinic import Clinic
from sqlmodel import select
from test_what_left import ANSWERS

from db.tables import User
from medsynth_engine.operations import on_record
from medsynth_engine.operations.declare import Recorded, record_as
from medsynth_engine.work.letting_out import Passage
from medsynth_tui.audit_words import verdict


def forge(home: Path, *statements: str) -> None:
    """Write into the ledger's file as its owner can: without the rules, which are put back afterwards."""
    with closing(sqlite3.connect(home / "data" / "medsynth.sqlite3")) as ledger:
        rules = ledger.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in rules:
            ledger.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            assert ledger.execute(statement).rowcount == 1
        for _, sql in rules:
            ledger.execute(sql)
        ledger.commit()


def let_out(clinic: Clinic, release: str, assessment: str) -> None:
    """As a job does at its end; `release` is its id."""
    subject = SimpleNamespace(kind="dataset", name="chest", cohort_id=None)
    passage: Any = Passage(subject, "recipient", SimpleNamespace(marks=("DEVELOPMENT",), overridden=False), assessment)  # type: ignore[arg-type]
    with clinic.ledger() as ledger, ledger.write() as change:
        row = change.session.exec(select(User).where(User.name == "alice")).one()
        alice: Any = SimpleNamespace(user_id=row.id, name=row.name, role=row.role, session_id="")
        recorded = Recorded(change.session, change, "dataset:chest")
        passage.record(SimpleNamespace(actor=alice), recorded, release, "dataset.zip", "bundle", "d" * 64)
        record_as(change, alice, "job", "datasets.bundled", recorded.object_, detail=recorded.detail)


@pytest.fixture
async def left(clinic: Clinic) -> Clinic:
    """Two releases under an assessment that was signed by three."""
    await clinic.alice.pia_draft("dataset:chest", "recipient", ANSWERS)
    await clinic.alice.pia_submit("dataset:chest")
    await clinic.auditor.pia_opinion("dataset:chest", True)
    assessment = (await clinic.admin.pia_approve("dataset:chest"))["id"]
    for release in ("one", "two"):
        let_out(clinic, release, assessment)
    return clinic


async def test_a_forged_release_or_signature_is_named_and_ends_the_check(left: Clinic) -> None:
    assert (await left.auditor.audit_verify())["ok"] and await doctor(left) == (True, "")
    second = "(SELECT id FROM user WHERE name = 'second')"
    forge(
        left.home,
        "DELETE FROM release WHERE id = 'one'",
        f"UPDATE release SET actor_id = {second}, audience = 'public' WHERE id = 'two'",
        f"UPDATE signature SET user_id = {second} WHERE kind = 'approve'",
        "UPDATE signature SET kind = 'dissent' WHERE kind = 'concur'",
    )
    found = await left.auditor.audit_verify()
    told = "\n".join(found["problems"])
    assert not found["ok"] and found["tables_alone"] and verdict(found).startswith("The record is whole, but")
    for words in (
        "Release one of dataset:chest (record ", "Release two is not as record ", "has it: who, for whom.",
        "pia.approve by admin (record ", "pia.approve by second is listed, and on no record",
        "pia.opinion by auditor is not of the kind",
    ):  # fmt: skip
        assert words in told
    well, says = await doctor(left)
    assert not well and says.startswith("5 of what is listed")
    assert "by admin" not in str((await left.alice.audit_verify())["problems"])  # her own records are all that she sees


async def test_an_added_release_is_told_and_what_an_earlier_program_left_out_is_none(left: Clinic) -> None:
    with left.ledger() as ledger, ledger.write() as change:
        change.record(actor="alice", action="datasets.bundled", object_="dataset:early", detail={"digest": "d"})
    copied = "assessment_id, audience, format, path, digest, actor_id, overridden, at FROM release WHERE id = 'one'"
    columns = "id, subject_kind, subject_name, assessment_id, audience, format, path, digest, actor_id, overridden, at"
    forge(left.home, f"INSERT INTO release ({columns}) SELECT 'three', 'dataset', 'early', {copied}")
    assert (await left.auditor.audit_verify())["ok"]
    forge(left.home, f"INSERT INTO release ({columns}) SELECT 'four', 'dataset', 'chest', {copied}")
    assert (await left.auditor.audit_verify())["problems"] == [
        "Release four of dataset:chest is listed, and on no record."
    ]


async def test_what_may_have_been_archived_is_not_called_forged(left: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    told = on_record._told
    monkeypatch.setattr(on_record, "_told", lambda *_: iter(()))
    with left.ledger() as ledger, ledger.read() as session:
        assert len(on_record.differences(session)) == 5
        since = max(each.record.at for each in told(session, on_record.RELEASED))
        monkeypatch.setattr(on_record, "_kept_since", lambda _: since)
        assert on_record.differences(session) == []


async def doctor(clinic: Clinic) -> tuple[bool, str]:
    (found,) = (each for each in (await clinic.admin.doctor())["checks"] if each["name"] == "releases and signatures")
    return found["ok"], "" if found["ok"] else found["says"]
