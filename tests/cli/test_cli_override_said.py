"""What `gate override` prints: whose vote counts, and from which day on it would have."""

from __future__ import annotations

from typing import Any

from medsynth_tui.cli.face import Face, Manner
from medsynth_tui.cli.governance import show_override

VOTE = {"at": "2026-11-27T09:00:00+00:00", "reason": "Court order 12/26"}
ADA = {**VOTE, "admin": "ada", "counts": True, "would_count_from": None}
BEA = {**VOTE, "admin": "bea", "counts": False, "would_count_from": "2026-12-26T08:30:00+00:00"}


def printed(capsys: Any, *votes: dict[str, Any]) -> str:
    counted = sum(vote["counts"] for vote in votes)
    show_override(Face(Manner(plain=True)), {"overrides": list(votes), "counted": counted, "needed": 2})
    return " ".join(capsys.readouterr().out.split())


def test_an_admin_whose_vote_does_not_count_reads_from_which_day_on_it_would(capsys: Any) -> None:
    said = printed(capsys, BEA, ADA)
    assert "bea's votes count beside these from 2026-12-26 08:30 on; the one given here never will." in said
    assert "ada's votes" not in said and "More admins are needed: 1." in said


def test_no_day_is_named_where_waiting_changes_nothing(capsys: Any) -> None:
    owner = {**BEA, "admin": "alice", "would_count_from": None}
    assert "votes count beside" not in printed(capsys, owner, ADA)
