"""What `audit`, `releases` and their kin print for a person who judges others by it."""

from __future__ import annotations

from typing import Any

import pytest

from medsynth_tui.cli.audit import show_verified
from medsynth_tui.cli.face import Face, Manner

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


def test_an_anchor_that_does_not_fit_is_said_not_to(capsys: Any) -> None:
    assert "anchor does not fit" in printed(capsys, show_verified, {**VERIFIED, "anchor_fits": False})
    assert "anchored no" in printed(capsys, show_verified, VERIFIED)
