"""What `generate` and `cohorts show` print of a cohort: who learned it, what is private, what it lacks."""

from __future__ import annotations

from typing import Any

import pytest

from medsynth_engine.work.generate import poor_rows
from medsynth_tui.cli.cohorts import show_cohort, show_generated
from medsynth_tui.cli.face import Face, Manner

COHORT: dict[str, Any] = {
    "cohort": "c1",
    "n": 1500,
    "seconds": 1.0,
    "path": "/store/c1",
    "seed": 7,
    "row_model": {
        "learner": "dp",
        "says": "Rows are differentially private.",
        "privacy": {"epsilon": 2.0, "learnings": 2, "epsilon_spent": 3.1},
    },
    "generator": {"privacy": {"epsilon": 3.0, "delta": 1e-5, "unit": "patient", "covers": "images"}},
    "asked": {"given": {"sex": "F"}, "balance": [], "population": None},
    "mergers": [{"attribute": "ethnicity", "value": "C", "merged_with": "B", "cell": {}}],
    "not_drawn": [{"attribute": "sex", "values": 1, "named": [], "of": "rows"}],
    "warnings": poor_rows("dp", 999),
}


def printed(capsys: pytest.CaptureFixture[str], printer: Any, document: dict[str, Any]) -> str:
    printer(Face(Manner(plain=True)), document)
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("printer", [show_generated, show_cohort])
def test_both_say_what_is_private_what_was_merged_and_what_is_not_drawn(capsys: Any, printer: Any):
    said = printed(capsys, printer, COHORT)
    assert "Private: Rows are differentially private." in said
    assert "Private: The generator was trained with differential privacy for each patient: epsilon 3" in said
    assert "Merged: ethnicity C with B" in said and "together: epsilon 3.1" in said
    assert "Not drawn: sex: 1 value of fewer than 11 training patients is not drawn" in said
    assert "Careful: Private rows of fewer than 1,000 training patients" in said


def test_a_cohort_shows_its_learner_and_what_was_asked_for(capsys: Any):
    said = printed(capsys, show_cohort, COHORT)
    for expected in ("rows by dp", "epsilon of rows 2.00", "epsilon of images 3.00", "given sex=F", "seed 7"):
        assert expected in said


def test_an_earlier_cohort_that_says_none_of_it_is_shown(capsys: Any):
    assert "Private" not in printed(capsys, show_cohort, {"cohort": "old", "n": 5})


def test_only_private_rows_of_few_patients_are_warned_of():
    assert poor_rows("dp", 1000) == poor_rows("trees", 50) == []
