"""`medsynth selftest deid`: it passes here, and it fails where an intake leaks."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from medsynth_engine.intake import take_in as taking
from medsynth_engine.intake.selftest import show, suite
from medsynth_engine.intake.selftest.canaries import DICOM, FAMILIES, NEEDED, Aviary
from medsynth_tui.cli.main import answer

LEAKY_WORKER = """
import sys
if "medsynth_engine.intake.worker" in " ".join(sys.orig_argv):
    from medsynth_engine.intake import deidentify
    from medsynth_engine.intake.formats import dicom_tags
    whole = dicom_tags.identifying
    kept = []
    def forgetful(dataset, data):
        kept[:] = [str(dataset.get("PatientName", "")).encode()]
        return whole(dataset, data)[0], ()
    def talkative(pixels, attributes, identifiers=()):
        return deidentify.png(pixels) + kept[0] if kept else deidentify.png(pixels)
    dicom_tags.identifying = forgetful
    deidentify.checked = talkative
    deidentify.checked_png = lambda pixels, identifiers: talkative(pixels, {}, identifiers)
"""
"""A decoding process that forgets its self-check and writes the patient's name behind the picture."""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, ...]:
    """What the suite planted, searched and took in, before it judges."""
    kept: list[tuple[Any, ...]] = []
    judged = suite._document
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(suite, "_document", lambda *parts: kept.append(parts) or judged(*parts))
        suite.run(tmp_path_factory.mktemp("selftest"))
    return kept[0]


@pytest.fixture(scope="module")
def told(found: tuple[Any, ...]) -> dict[str, Any]:
    return suite._document(*found)


def test_nothing_planted_comes_out(told: dict[str, Any]) -> None:
    assert told["ok"], (told["families"], told["outcomes"])
    assert [one["family"] for one in told["families"]] == list(FAMILIES)
    for one in told["families"]:
        assert one["leaked"] == []
        assert one["places"] >= NEEDED[one["family"]], one["family"]
        assert one["seen_in_the_source"] >= NEEDED[one["family"]], one["family"]  # they are really there


def test_unfinished_work_was_searched_as_well(told: dict[str, Any]) -> None:
    assert told["searched"]["stopped_midway"] >= 3
    assert told["searched"]["files"] > 100


def test_the_score_counts_what_applies_and_nothing_else(told: dict[str, Any]) -> None:
    score = told["score"]
    assert score["score"] >= 0.999
    assert score["weights"] == {"HIPAA": 70, "DICOM": 20, "best practice": 10}
    actions = {one["action"]: one for one in score["actions"]}
    assert len(actions) == 10
    assert {name for name, one in actions.items() if not one["checks"]} == {"tag_retained", "text_notnull"}
    assert actions["text_removed"]["checks"] >= 300
    assert actions["pixels_retained"]["checks"] == 24


def test_the_rules_are_named_and_the_lines_fit_a_terminal(told: dict[str, Any]) -> None:
    assert (told["rules"]["edition"], told["rules"]["rows"]) == ("2024e", 621)
    lines = list(show.lines(told))
    assert all(len(line) <= 80 and line.isascii() for line in lines)
    assert "De-identification holds" in lines[-1]


def test_an_intake_that_tells_of_a_cell_in_its_report_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = taking.write_json

    def talkative(path: Path, document: Any, *more: Any) -> None:
        if path.name == "report.json" and "surname" in (document.get("dropped_columns") or {}):
            first = (tmp_path / "in" / "people" / "people.csv").read_text().splitlines()[1]
            document = {**document, "warnings": [f"The first row is {first}"]}
        write(path, document, *more)

    monkeypatch.setattr(taking, "write_json", talkative)
    told = suite.run(tmp_path)
    leaked = {one["family"]: one["leaked"] for one in told["families"]}
    assert not told["ok"]
    assert "column surname" in leaked["table"] and "column phone" in leaked["table"]
    assert leaked["picture"] == []
    assert "DOES NOT HOLD" in list(show.lines(told))[-1]


def test_a_decoding_process_that_leaks_fails_with_exit_code_9(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sitecustomize.py").write_text(LEAKY_WORKER)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(Path(suite.__file__).parents[3])]))
    assert answer(["selftest", "deid", "--json"]) == 9
    told = json.loads(capsys.readouterr().out)
    leaked = {one["family"]: one["leaked"] for one in told["families"]}
    assert "PatientName" in leaked["dicom"]
    assert told["score"]["score"] < 0.999
    assert next(one for one in told["score"]["actions"] if one["action"] == "text_removed")["passed"] < 351


def test_the_command_says_which_table_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["about", "deid", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["edition"], told["rows"], len(told["sha256"])) == ("2024e", 621, 64)


def test_a_source_that_is_not_taken_in_proves_nothing(
    found: tuple[Any, ...], told: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told["ok"] and told["astray"] == []
    monkeypatch.setitem(suite.EXPECTED, "pictures", {"accepted": 6, "quarantined": 0, "rejected": 0})
    again = suite._document(*found)
    assert not again["ok"] and again["astray"] == ["pictures"]


def test_canaries_are_all_different() -> None:
    aviary = Aviary()
    for number in range(1300):
        aviary.text(DICOM, f"place {number}")
        aviary.date(DICOM, "date")
        aviary.uid(DICOM, "uid")
        aviary.name(DICOM, "name")
        aviary.digits(DICOM, "digits", "###-##-####")
    assert len({canary.text for canary in aviary.made}) == len(aviary.made)
