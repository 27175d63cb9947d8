"""What was cut off, closed or misspelt is told with the next step."""

from __future__ import annotations

from typing import Any

import pytest

from medsynth_tui.cli.face import Face, Manner
from medsynth_tui.cli.jobs import show_job
from medsynth_tui.cli.runs import show_run


def printed(capsys: pytest.CaptureFixture[str], printer: Any, document: Any) -> str:
    printer(Face(Manner(plain=True)), document)
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(("state", "told"), [("interrupted", True), ("paused", True), ("running", False)])
def test_a_run_that_can_go_on_says_how(capsys: Any, state: str, told: bool) -> None:
    said = printed(capsys, show_run, {"run": "t1", "state": state})
    assert ("Next: medsynth runs resume t1" in said) is told


@pytest.mark.parametrize(
    ("kind", "subject", "says"),
    [("train", "run:t1", "Next: medsynth runs resume t1"), ("intake", "dataset:chest", "Next: ask for it again")],
)
def test_a_job_that_was_cut_off_says_what_to_do(capsys: Any, kind: str, subject: str, says: str) -> None:
    document = {"job": "j1", "kind": kind, "subject": subject, "state": "interrupted"}
    assert says in printed(capsys, show_job, document)
    assert "Next" not in printed(capsys, show_job, {**document, "state": "finished"})
