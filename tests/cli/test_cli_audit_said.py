"""What `audit`, `releases` and their kin print for a person who judges others by it."""

from __future__ import annotations

from typing import Any

import pytest

from medsynth_tui.cli.audit import show_verified
from medsynth_tui.cli.audit_list import show_records
from medsynth_tui.cli.face import Face, Manner
from medsynth_tui.cli.governance import show_releases

VERIFIED: dict[str, Any] = {
    "ok": False, "records": 0, "head": "0" * 64, "anchored": False, "problems": ["This is it."], "notes": [],
}  # fmt: skip


def printed(capsys: pytest.CaptureFixture[str], printer: Any, document: Any) -> str:
    printer(Face(Manner(plain=True)), document)
    return " ".join(capsys.readouterr().out.split())


def test_what_cannot_be_read_is_not_said_to_have_been_changed(capsys: Any) -> None:
    foreign = printed(capsys, show_verified, {**VERIFIED, "unreadable": "no_log"})
    assert foreign == "Not a file that can be verified. Problem: This is it."
    damaged = printed(capsys, show_verified, {**VERIFIED, "unreadable": "damaged"})
    assert damaged.startswith("The record cannot be read.") and "changed" not in damaged


def test_a_file_that_is_older_than_its_anchor_is_not_said_to_have_been_changed_and_a_store_is(capsys: Any) -> None:
    apart = {**VERIFIED, "anchor_fits": False, "anchor_apart": True}
    show_verified(Face(Manner(plain=True)), apart, of_file=True)
    assert capsys.readouterr().out.startswith("The anchor does not fit this file: one may be older")
    assert printed(capsys, show_verified, apart).startswith("The record has been changed.")


def test_an_anchor_that_does_not_fit_is_said_not_to(capsys: Any) -> None:
    assert "anchor does not fit" in printed(capsys, show_verified, {**VERIFIED, "anchor_fits": False})
    assert "anchored no" in printed(capsys, show_verified, VERIFIED)


RECORD: dict[str, Any] = {
    "seq": 1024, "at": "2026-11-27T04:42:41.000+00:00", "actor": "alice", "action": "cohorts.released",
    "object": "assessment:e72f953b62d9", "outcome": "refused",
    "detail": {"audience": "public", "codes": ["not_approved", "no_opinion"]},
}  # fmt: skip


def test_no_name_in_the_log_is_broken_at_80_columns_and_a_refusal_says_why(
    capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    long = {**RECORD, "actor": "somebody.with.a.long.name", "outcome": "done", "detail": {}}
    show_records(Face(Manner(plain=True)), {"records": [RECORD, long], "next": None})
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 80 for line in lines) and "2026 UTC" in lines[0]
    for whole in ("cohorts.released", "assessment:e72f953b62d9", "for public; not_approved, no_opinion"):
        assert any(whole in line for line in lines)
    earlier = {**RECORD, "at": "2025-12-31T23:59:00.000+00:00"}
    show_records(Face(Manner(plain=True)), {"records": [RECORD, earlier], "next": None})
    assert "2025-12-31 23:59" in capsys.readouterr().out


def test_a_name_without_its_kind_is_answered_with_what_is_called_so(capsys: Any) -> None:
    said = printed(capsys, show_records, {"records": [], "next": None, "near_objects": ["cohort:balanced"]})
    assert said == "No records. Objects on record of that name: cohort:balanced"
    said = printed(capsys, show_records, {"records": [], "next": None, "own_alone": True})
    assert said == "No records. You see your own records alone."


def test_who_had_no_login_and_what_was_only_begun_are_said_so(capsys: Any) -> None:
    begun = {**RECORD, "outcome": "done", "detail": {"begun": True}}
    anyone = {**RECORD, "actor": "anyone", "outcome": "denied", "detail": {}}
    said = printed(capsys, show_records, {"records": [begun, anyone], "next": None})
    assert " begun" in said and "no login" in said and "anyone" not in said


RELEASE: dict[str, Any] = {
    "release": "0123456789ab", "subject": "c1", "audience": "recipient", "format": "folder", "actor": "alice",
    "at": "2026-11-27T04:42:41+00:00", "assessment": "e72f953b62d9", "approved_by": ["admin"], "overridden": False,
    "marks": ["DEVELOPMENT"],
}  # fmt: skip


def test_what_left_says_for_whom_and_who_let_it(capsys: Any) -> None:
    said = printed(
        capsys, show_releases, [RELEASE, {**RELEASE, "overridden": True, "approved_by": ["a", "b"], "marks": None}]
    )
    assert "c1 for recipient" in said and "by alice; approved by admin; assessment e72f953b62d9" in said
    assert "overridden by a, b" in said and "marks DEVELOPMENT" in said and "marks not on record" in said
    assert printed(capsys, show_releases, []) == "Nothing has left."
