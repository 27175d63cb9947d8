"""What `rules propose` and `rules confirm` print."""

from __future__ import annotations

from typing import Any

import pytest

from medsynth_tui.cli.face import Face, Manner
from medsynth_tui.cli.rows import show_confirmed, show_proposed

RULE = {"name": "order", "state": "confirmed", "rows": 90, "broken": 0}
RULES = [
    {**RULE, "id": "aaaaaa", "sentence": "a is at most b"},
    {**RULE, "id": "bbbbbb", "name": "other", "sentence": "z"},
]


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(("looked_at", "rows"), [(1234, "1,234 rows"), (None, "fewer than 11 rows")])
def test_a_search_that_finds_no_rule_says_how_far_it_looked(capsys: Any, looked_at: Any, rows: str):
    show_proposed(Face(Manner()), {"dataset": "chest", "rules": [], "looked_at": looked_at, "found": 0})
    out = said(capsys)
    assert f"Looked at {rows}: no rule held well enough to propose." in out and "Look for some" not in out


def test_confirming_says_which_rules_bind_now(capsys: Any):
    show_confirmed(Face(Manner()), {"dataset": "chest", "rules": RULES}, ["aaaaaa"])
    assert said(capsys).endswith("1 rule binds drawn rows from now on: aaaaaa a is at most b")
    show_confirmed(Face(Manner()), {"dataset": "chest", "rules": RULES}, ["all"])
    assert "2 rules bind drawn rows from now on:" in said(capsys)
