"""Evidence on the command line: words and verdicts in 80 columns; cohorts side by side."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from medsynth_engine.governance.comparison import Judged, compare
from medsynth_tui.cli.evidence import show_comparison, show_evaluation
from medsynth_tui.cli.face import Face, Manner

FOUND: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[1] / "studio" / "documents" / "evaluation.json").read_text()
)


def shown(view: Any, document: Any, folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    with Face(Manner(home=folder, plain=True)) as face:
        view(face, document)
    return capsys.readouterr().out


def test_an_evaluation_says_each_number_in_words_with_its_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = shown(show_evaluation, {**FOUND, "outdated": ["Evaluate again."]}, tmp_path, capsys)
    assert text.startswith("Out of date: Evaluate again.")
    for words in ("fidelity", "Coverage", "! worse", "= no gap shown", "? not enough", "Attribute inference"):
        assert words in text
    assert "privacy.rows.copies" not in text
    assert all(len(line) <= 80 for line in text.splitlines())


def test_cohorts_side_by_side_show_what_is_told_apart_and_count_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    one = Judged("plain", 300, "chest v1", "2026-11-26", FOUND)
    better = {**FOUND["evidence"][0], "value": 1.0, "low": 0.9, "high": 1.1}
    other = replace(one, cohort="good", document={**FOUND, "evidence": [better, *FOUND["evidence"][1:]]})
    text = shown(show_comparison, compare([one, other]), tmp_path, capsys)
    (line,) = (line for line in text.splitlines() if "Fréchet ratio" in line)
    assert line.split()[-4:] == ["!", "126", "+", "1.00"]
    assert "no difference is shown" in text
    assert "training" in text and "sex F" in text
