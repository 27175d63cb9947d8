"""The main job at the command line, from an empty store to a gated export, by three people in real processes."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from cli_people import Hospital
from PIL import Image

pytestmark = pytest.mark.slow  # one whole training, twice an evaluation: about a minute

EVIDENCE_KEYS = {"name", "value", "low", "high", "control", "n", "direction", "adversary", "reads_as", "method"}


@pytest.fixture(scope="module")
def intake(hospital: Hospital, pictures: Path) -> Any:
    source, table = pictures / "images", pictures / "metadata.csv"
    scan = hospital.alice.gets("datasets", "scan", source, "--metadata", table)
    assert hospital.alice.gets("datasets", "list") == []  # a scan stores nothing
    added = hospital.alice.gets("datasets", "add", "discs", source, "--metadata", table)
    assert {key: scan[key] for key in ("submitted", "accepted", "patients")} == {
        key: added[key] for key in ("submitted", "accepted", "patients")
    }
    return added


@pytest.fixture(scope="module")
def run(hospital: Hospital, intake: Any) -> Any:
    return hospital.alice.gets(
        "train", "discs", "--name", "first", "--preset", "nano32", "--kimg", "0.256", "--seed", "3", "--wait"
    )


@pytest.fixture(scope="module")
def cohort(hospital: Hospital, run: Any) -> Any:
    return hospital.alice.gets("generate", "c1", "--run", "first", "-n", "300", "--balance", "sex")


@pytest.fixture(scope="module")
def evaluation(hospital: Hospital, cohort: Any) -> Any:
    return hospital.alice.gets("evaluate", "c1")


@pytest.fixture(scope="module")
def release(hospital: Hospital, evaluation: Any) -> Any:
    assert hospital.alice.asks("export", "c1", "--audience", "internal").code == 5
    hospital.alice.gets("pia", "draft", "c1", "--audience", "internal")
    hospital.alice.gets("pia", "submit", "c1")
    assert hospital.alice.asks("pia", "approve", "c1").code == 3
    hospital.auditor.gets("pia", "opinion", "c1", "--concur", "--note", "Good enough inside the house.")
    assert hospital.admin.gets("pia", "approve", "c1")["state"] == "approved"
    return hospital.alice.gets("export", "c1", "--format", "folder", "--audience", "internal")


def test_intake_counts_add_up(intake: Any) -> None:
    assert intake["dataset"] == "discs"
    assert intake["accepted"] + intake["quarantined"] + intake["rejected"] == intake["submitted"] == 240
    assert intake["train"] + intake["validation"] + intake["holdout"] == intake["accepted"]
    assert intake["patients"] == 120
    keys = {"reasons", "duplicates", "identifiers_removed", "unmatched_rows", "columns", "warnings"}
    assert keys <= set(intake)
    assert intake["columns"]["sex"] == "sex"


def test_a_run_ends_with_its_document(hospital: Hospital, run: Any) -> None:
    assert (run["run"], run["state"], run["preset"]) == ("first", "finished", "nano32")
    assert {"device", "kimg", "images_per_second", "seconds", "metrics", "best", "path"} <= set(run)
    assert run["kimg"] == 0.256
    shown = hospital.alice.gets("runs", "show", "first")
    assert shown["state"] == "finished" and Path(shown["path"]).is_dir()
    assert hospital.alice.gets("runs", "watch", "first")["state"] == "finished"


def test_a_cohort_has_what_was_asked_for(hospital: Hospital, cohort: Any) -> None:
    assert (cohort["cohort"], cohort["n"]) == ("c1", 300)
    assert {"path", "seconds", "images_per_second"} <= set(cohort)
    table = pd.read_csv(Path(cohort["path"]) / "metadata.csv")
    assert table["sex"].value_counts().to_dict() == {"F": 150, "M": 150}


def test_small_cells_are_refused_with_4_and_named_then_broadened(hospital: Hospital, run: Any) -> None:
    wish = ("generate", "c2", "--run", "first", "-n", "60", "--balance", "ethnicity")
    refused = hospital.alice.asks(*wish)
    assert (refused.code, refused.document["error"]["code"]) == (4, "small_cells")
    assert "C" in refused.document["error"]["hint"]
    assert [one["cohort"] for one in hospital.alice.gets("cohorts", "list")].count("c2") == 0
    broadened = hospital.alice.gets(*wish, "--small-cells", "broaden")
    assert broadened["n"] == 60 and broadened["mergers"]


def test_rows_alone_can_be_drawn(hospital: Hospital, intake: Any) -> None:
    drawn = hospital.alice.gets("generate", "rows", "--dataset", "discs", "-n", "50", "--given", "sex=F")
    assert set(pd.read_csv(Path(drawn["path"]) / "metadata.csv")["sex"]) == {"F"}


def test_evidence_is_whole(evaluation: Any) -> None:
    assert {"cohort", "digest", "evidence", "gauge"} <= set(evaluation)
    assert all(set(one) >= EVIDENCE_KEYS for one in evaluation["evidence"])
    names = {one["name"] for one in evaluation["evidence"]}
    assert {"fidelity.fd_ratio", "privacy.image.copies", "privacy.rows.close_match"} <= names
    assert any(name.startswith("bias.representation.sex=") for name in names)
    assert all({"reading", "band", "driver"} <= set(one) for one in evaluation["gauge"].values())


def test_the_gate_says_why_not_and_what_to_do(hospital: Hospital, evaluation: Any, release: Any) -> None:
    answer = hospital.alice.asks("export", "c1", "--audience", "public")
    assert answer.code == 5
    assert all(set(one) >= {"code", "why", "what_to_do"} for one in answer.document["refused"])
    assert answer.document["refused"] and answer.document["error"]["code"]
    assert hospital.alice.gets("gate", "show", "c1", "--audience", "public")["open"] is False
    spoken = hospital.alice.types("export", "c1", "--audience", "public", "--home", hospital.home)
    assert (spoken.code, spoken.out) == (5, "")
    assert answer.document["refused"][0]["why"].split()[0] in spoken.err


def test_what_was_exported_loads_as_an_imagefolder_and_in_pandas(release: Any) -> None:
    assert {"release", "path", "files"} <= set(release)
    folder = Path(release["path"])
    table = pd.read_csv(folder / "metadata.csv")
    assert table.columns[0] == "file_name" and len(table) == 300
    for name in table["file_name"].head(5):  # the rule of imagefolder: file_name is relative to metadata.csv
        with Image.open(folder / name) as picture:
            assert picture.size == (32, 32)
    assert {path.name for path in folder.iterdir()} >= {"images", "CARD.md", "croissant.json", "evidence.json"}
    assert len(pd.read_parquet(next(folder.glob("*.parquet")))) == 300
    json.loads((folder / "croissant.json").read_text())
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split(maxsplit=1)
        assert hashlib.sha256((folder / name.strip("* ")).read_bytes()).hexdigest() == digest


def test_a_release_is_in_the_list_and_on_record(hospital: Hospital, release: Any) -> None:
    (told,) = hospital.auditor.gets("releases")
    assert told["release"] == release["release"] and told["marks"] == ["DEVELOPMENT"]
    assert told["assessment"] == hospital.auditor.gets("pia", "show", "c1")["id"]
    (record,) = hospital.auditor.gets("audit", "list", "--action", "cohorts.released")["records"]
    assert record["detail"]["assessment"] == told["assessment"]
    (asked,) = hospital.auditor.gets("audit", "list", "--action", "cohorts.export", "--outcome", "done")["records"]
    assert asked["detail"]["begun"] is True and "begun" not in record["detail"]
    verified = hospital.auditor.gets("audit", "verify")
    assert verified["ok"] and not verified["problems"]
    actions = {one["action"] for one in hospital.auditor.gets("audit", "list", "--limit", "500")["records"]}
    assert {"datasets.add", "runs.train", "cohorts.generate", "cohorts.evaluate"} <= actions


def test_a_report_is_one_html_file(hospital: Hospital, evaluation: Any) -> None:
    report = Path(hospital.alice.gets("report", "c1")["path"]).read_text()
    assert "<html" in report.lower() and "http://" not in report.replace("http://www.w3.org", "")


def test_people_see_every_result_in_80_columns(hospital: Hospital, release: Any) -> None:
    for words in (
        ("datasets", "list"),
        ("datasets", "show", "discs"),
        ("runs", "list"),
        ("runs", "show", "first"),
        ("jobs", "list"),
        ("cohorts", "list"),
        ("cohorts", "show", "c1"),
        ("evaluate", "c1"),
        ("pia", "list"),
        ("pia", "show", "c1"),
        ("gate", "show", "c1"),
        ("releases",),
        ("weights", "list"),
        ("audit", "list"),
        ("audit", "verify"),
    ):
        answer = hospital.alice.types(*words, "--ascii", "--home", hospital.home)
        assert answer.code == 0, (words, answer.err)
        assert answer.out and answer.out.isascii(), words
        assert all(len(line) <= 80 or "/" in line for line in answer.out.splitlines()), words


def test_a_table_keeps_its_row_per_image(cohort: Any) -> None:
    with (Path(cohort["path"]) / "metadata.csv").open(newline="") as stream:
        names = [row["file_name"] for row in csv.DictReader(stream)]
    assert len(set(names)) == 300 and all((Path(cohort["path"]) / name).is_file() for name in names)
