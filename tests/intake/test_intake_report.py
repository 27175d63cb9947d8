"""The report of an intake: what it says, and the page that is made of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from intake_pieces import photograph
from PIL import Image

from medsynth_engine.intake.options import Options
from medsynth_engine.intake.report import report, report_page
from medsynth_engine.intake.report.look_at import look_at
from medsynth_engine.intake.rules import profile
from medsynth_engine.intake.selftest import dicom
from medsynth_engine.intake.selftest.canaries import Aviary

HOSTILE = "<script>alert(1)</script>\u202e\x1b[31m"


@pytest.fixture
def headers(tmp_path: Path) -> Path:
    """Two slices of one MR series, one of another, and a screen capture."""
    folder = tmp_path / "headers"
    folder.mkdir()
    for number, (series, part) in enumerate((("1.2.3.1", "CHEST"), ("1.2.3.1", "CHEST"), ("1.2.3.2", "HIP"))):
        path = folder / f"{number}.dcm"
        dataset = dicom.new(path, dicom.MR, Aviary())
        dataset.SeriesInstanceUID, dataset.BodyPartExamined = series, part
        dataset.PatientName, dataset.PatientID, dataset.PatientSex = "Doe^Jane", f"MRN{number}", "F"
        dicom.picture(dataset, np.random.default_rng(number).integers(0, 255, (128, 96), dtype=np.uint8))
        dataset.save_as(path, enforce_file_format=True)
    dicom.screen_capture(folder / "capture.dcm", Aviary())
    return folder


def looked(document: dict[str, Any]) -> dict[str, int]:
    return {one["code"]: one["count"] for one in document["look_at"]}


def test_the_report_counts_by_category_and_names_the_table(headers: Path, take: Callable) -> None:
    document, folder = take(headers)
    categories = {one["safe_harbor"]: one for one in document["categories"]}
    assert list(categories) == [*"ABCDEFGHIJKLMNOPQR", "-"]
    assert categories["A"]["found"] == document["identifiers_removed"]["names"] >= 4
    assert sum(one["found"] for one in categories.values()) == sum(document["identifiers_removed"].values())
    assert document["rules"] == profile.edition().document()
    assert document["rules"]["edition"] == "2024e"
    assert json.loads((folder / "report.json").read_text())["rules"] == document["rules"]


def test_series_are_listed_by_keyed_ids(headers: Path, look: Callable) -> None:
    series = look(headers)["series"]
    found = sorted((one["modality"], one["body_part"], one["files"], one["pictures"]) for one in series)
    assert found == [("MR", "CHEST", 2, 2), ("MR", "HIP", 1, 1), ("OT", "", 1, 1)]
    assert "1.2.3" not in json.dumps(series)


def test_what_a_person_must_look_at_is_listed_with_its_count(headers: Path, look: Callable) -> None:
    document = look(headers, characteristics=("sex",))
    assert looked(document) | {"characteristics_kept": 1} == {
        "needs_review": 1,
        "text_unread": 3,
        "characteristics_kept": 1,
        "small_cells": 1,
    }
    assert all(one["sentence"].endswith(".") for one in document["look_at"])


def test_each_thing_to_look_at_is_there_only_where_there_is_any() -> None:
    records = pd.DataFrame({"height": [96, 95, 200], "width": [300, 300, 96]})
    reasons = {"needs_review": 4, "unreadable": 2, "identifier_left": 1}
    unreadable = {"age": {"late": 2, "old": 1}}
    found = look_at(reasons, {"head_slices": 7, "dates": 9}, records, 3, 2, unreadable, Options(dates="shift"))
    assert [(one["code"], one["count"]) for one in found] == [
        ("identifier_left", 1),
        ("needs_review", 4),
        ("head_slices", 7),
        ("text_unread", 2),
        ("patients_unknown", 3),
        ("dates_shifted", 3),
        ("small_cells", 2),
        ("unreadable_values", 3),
    ]
    assert look_at({"unreadable": 2}, {}, records.iloc[:0], 0, 0, {}, Options(dates="shift")) == []


def test_small_pictures_are_exempt_and_unknown_patients_are_said(tmp_path: Path, look: Callable) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for number in range(3):
        Image.fromarray(photograph(number, (95, 200))).save(source / f"{number}.png")
    assert looked(look(source)) == {"patients_unknown": 3}


def test_shifted_dates_are_never_called_safe_harbor() -> None:
    assert "not Safe Harbor" in report.done_otherwise(Options(dates="shift"))["C"]
    assert "years" in report.done_otherwise(Options(dates="year"))["C"]
    assert report.done_otherwise(Options()) == {}


def test_pictures_of_one_file_are_said_as_such(tmp_path: Path, look: Callable) -> None:
    path = tmp_path / "in" / "a.dcm"
    path.parent.mkdir()
    dataset = dicom.new(path, dicom.MR, Aviary())
    dicom.picture(dataset, np.random.default_rng(1).integers(0, 255, (64, 64), dtype=np.uint8))
    dataset.NumberOfFrames, dataset.PixelData = 3, dataset.PixelData * 3
    dataset.save_as(path, enforce_file_format=True)
    document = look(path.parent, slices="middle")
    assert "1 file holds several pictures (3 in all); 1 of these was taken." in document["warnings"]


class Page(HTMLParser):
    """Reads a page strictly enough to see what is open, and what it would fetch."""

    VOID = frozenset({"meta", "br", "img", "link"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_fetches_nothing(headers: Path, take: Callable) -> None:
    document, _ = take(headers)
    text = report_page.html(document, ("DEVELOPMENT",))
    page = Page(text)
    assert page.open == []
    assert not {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe", "object", "form"}
    targets = [attributes.get("href") or "" for _, attributes in page.tags if "href" in attributes]
    assert targets and all(target.startswith("#") for target in targets)
    assert {target[1:] for target in targets} <= {attributes.get("id") for _, attributes in page.tags}
    assert "url(" not in text and "http:" not in text and "https:" not in text
    assert "DEVELOPMENT" in text and profile.edition().sha256 in text
    assert "Full-face photographs" in text and "needs review" in text
    assert "Doe" not in text


def test_the_page_escapes_all_that_comes_from_outside(headers: Path, look: Callable) -> None:
    document = look(headers)
    document |= {"dataset": HOSTILE, "warnings": [HOSTILE], "dropped_columns": {HOSTILE: HOSTILE}}
    document["value_maps"], document["unreadable"] = {"sex": {HOSTILE: "F"}}, {HOSTILE: {HOSTILE: 3}}
    document["schema"] = {
        "columns": [{"name": HOSTILE, "role": HOSTILE, "kind": HOSTILE, "values": [HOSTILE]}],
        "image": {"channels": 1, "modality": HOSTILE},
    }
    document["look_at"] = [{"code": HOSTILE, "count": 1, "sentence": HOSTILE}]
    text = report_page.html(document)
    assert "<script" not in text and "\x1b" not in text and "\u202e" not in text
    assert Page(text).open == []


def test_levels_that_are_told_are_those_of_many_patients(headers: Path, look: Callable) -> None:
    """A stored dataset's schema has no rare levels, so their number is not the column's."""
    document = look(headers, characteristics=("sex",))
    assert "at least 11 patients" not in report_page.html(document)
    assert ">Levels with at least 11 patients<" in report_page.html({**document, "composition": {}})


def test_codes_and_folds_are_in_words(headers: Path, look: Callable) -> None:
    document = look(headers)
    assert any(one.startswith("1 x needs review: ") for one in document["warnings"])
    text = report_page.html(document)
    assert "needs_review" not in text and "held back" not in text
    assert ">for training<" in text and ">held out<" in text


def test_a_document_of_an_earlier_version_still_makes_a_page() -> None:
    text = report_page.html({"dataset": "old", "submitted": 3, "accepted": 3, "quarantined": 0, "rejected": 0})
    assert Page(text).open == []
    assert "earlier version" in text


def test_the_page_is_made_without_pandas() -> None:
    told = (
        "import sys; from medsynth_engine.intake.report import report_page; report_page.html({});"
        "print([name for name in ('pandas', 'torch', 'numpy', 'pydicom') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
