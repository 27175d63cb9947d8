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
from medsynth_tui.closing import conclusions, next_step

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
    end = text[text.index("what it comes to") :]
    for words in (
        "Faithful: 6 of 6 measures are worse",
        "Fair: 4 of 36",
        "and 1 more",
        "Private: not enough evidence on",
    ):
        assert words in end
    assert end.rstrip().endswith("Next: medsynth gate show even")
    assert all(len(line) <= 80 for line in text.splitlines())


def test_the_closing_sentences_say_no_more_than_the_verdicts_and_the_gauge() -> None:
    good = {"name": "fidelity.coverage", "value": 0.9, "low": 0.8, "high": 1.0, "direction": "higher", "control": 0.9}
    bands = {"data": "low", "generator": "low", "insider": "high"}
    gauge = {who: {"band": band, "driver": "privacy.rows.inference"} for who, band in bands.items()}
    told = dict(conclusions({"evidence": [good], "gauge": gauge}))
    assert told["Faithful"] == "no gap to real data is shown in 1 measure."
    assert told["Fair"].startswith("not known")
    assert told["Private"] == (
        "low risk from who holds the cohort, who holds the generator too (Attribute inference); "
        "high risk from who knows records besides (Attribute inference)."
    )
    assert next_step({"cohort": "c1", "gauge": gauge}) == next_step({"cohort": "c1"}) == "medsynth gate show c1"
    safe = {who: {"band": "low"} for who in bands}
    assert next_step({"cohort": "c1", "gauge": safe}) == "medsynth pia draft c1"
    assert dict(conclusions({"gauge": safe}))["Private"] == "low risk from any of the three attackers."


def test_the_closing_sentences_hide_no_cross_behind_a_grey_band_and_tell_a_poor_generator_from_a_good_one() -> None:
    def one(name: str, value: float, half: float, control: float, direction: str) -> dict[str, Any]:
        facts = {"name": name, "value": value, "low": value - half, "high": value + half}
        return {**facts, "control": control, "direction": direction}

    copies = one("privacy.rows.copies", 0.56, 0.03, 0.456, "lower")
    repeated = one("privacy.rows.repeated", 0.118, 0.02, 0.0, "lower")
    taught = one("utility.tstr_auc", 0.61, 0.05, 0.86, "higher")
    coverage = one("fidelity.coverage", 0.1, 0.02, 0.95, "higher")
    gauge = {who: {"band": "grey", "driver": None} for who in ("data", "generator", "insider")}

    def told(ratio: float) -> dict[str, str]:
        measured = [coverage, one("fidelity.fd_ratio", ratio, 0.05, 1.0, "one"), copies, repeated, taught]
        return dict(conclusions({"evidence": measured, "gauge": gauge}))

    assert told(77.8)["Private"] == (
        "not enough evidence on any of the three attackers; 2 measures are worse than where nothing leaks: "
        "Identical training rows 0.56 against 0.456, Training rows drawn repeatedly 0.118 against 0."
    )
    assert told(77.8)["Faithful"] == (
        "2 of 2 measures are worse than real data would be: Fréchet ratio 77.8 against 1, Coverage; "
        "a classifier trained on it reaches AUC 0.61 on images (real data: 0.86)."
    )
    assert "Fréchet ratio 17.1 against 1" in told(17.1)["Faithful"]
    near = dict(conclusions({"evidence": [one("fidelity.fd_ratio", 1.02, 0.05, 1.0, "one")]}))["Faithful"]
    assert near == "no gap to real data is shown in 1 measure, at a Fréchet ratio of 1.02."


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
