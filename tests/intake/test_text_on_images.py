"""Synthetic images are read for burned-in text as real ones were, a sample of them, and only counts are told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
import pytest
from intake_pieces import always, quiet
from text_pieces import film, written

from medsynth_engine.evidence.inputs import Inputs
from medsynth_engine.intake.text.forms import has_form
from medsynth_engine.intake.text.readers import UNREAD, Task
from medsynth_engine.kernel.errors import Interrupted, MedSynthError
from medsynth_engine.kernel.evidence import Evidence
from medsynth_engine.kernel.folders import JobFolder
from medsynth_engine.work.desk import Desk
from medsynth_engine.work.text_on_images import MOST, read_images, text_on_images

pytestmark = pytest.mark.usefixtures("readers_that_wait_for_nobody")
SIDE = 128
BIRTHDAY = written(film(1, SIDE), "12/03/1957", at=(8, 30), size=20)
SHORT = written(film(2, SIDE), "eudn", at=(20, 60), size=24)
MARKER = written(film(3, SIDE), "R", size=40)


def inputs(made: list[np.ndarray], real: list[np.ndarray], patients: list[str] | None = None) -> Inputs:
    """A cohort of `made` images beside held-out `real` ones."""
    tables = [pd.DataFrame({"sex": ["F"] * len(stack)}) for stack in (real, real, made)]
    if patients is not None:
        tables[1]["patient"] = patients
    schema = {"columns": [], "image": {"channels": 1}}
    return Inputs(*tables, schema, *(np.stack(stack) for stack in (real, real, made)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dataset")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    job = JobFolder(tmp_path_factory.mktemp("jobs") / "j1")
    job.create()
    return Desk(job)


@pytest.fixture(scope="module")
def found(desk: Desk, folder: Path) -> dict[str, Evidence]:
    """Five synthetic images: a date, a short word and a marker on three of them; three real ones without text."""
    made = [film(4, SIDE), BIRTHDAY, SHORT, MARKER, film(5, SIDE)]
    told = text_on_images(desk, folder, inputs(made, [film(number, SIDE) for number in (6, 7, 8)]))
    return {value.name: value for value in told}


def test_drawn_text_is_found_and_a_marker_is_let_pass(found: dict[str, Evidence]) -> None:
    text = found["privacy.image.burned_in_text"]
    assert (text.value, text.n, text.control) == (2 / 5, 5, 0.0)
    assert text.low is not None and text.high is not None and 0 < text.low < 0.4 < text.high
    assert text.direction == "lower" and text.adversary
    assert "2 of 5" in text.reads_as and "3 unseen real ones" in text.reads_as


def test_only_what_reads_like_an_identifier_counts_as_one_and_its_record_is_named(found: dict[str, Evidence]) -> None:
    forms = found["privacy.image.identifying_text"]
    assert forms.value == 1 / 5
    assert "record 2 of the cohort" in forms.reads_as


def test_what_was_read_is_nowhere(found: dict[str, Evidence], desk: Desk, folder: Path) -> None:
    kept = [path.read_bytes() for path in desk.folder.path.rglob("*") if path.is_file()]
    assert kept  # its progress
    said = "".join(value.reads_as + value.method for value in found.values())
    assert not any(word in said for word in ("1957", "eudn"))
    assert not any(word in content for word in (b"1957", b"eudn") for content in kept)
    assert not list(folder.iterdir())  # no picture is left behind


def test_cancelled_it_leaves_no_picture_and_no_process(tmp_path: Path) -> None:
    job = JobFolder(tmp_path / "j2")
    job.create()
    job.set_wish("stop")
    (tmp_path / "set" / ".reading-j2").mkdir(parents=True)
    (tmp_path / "set" / ".reading-j2" / "holdout-1.png").write_bytes(b"of a process that was killed")
    with pytest.raises(Interrupted) as stopped:
        text_on_images(Desk(job), tmp_path / "set", inputs([film(1, SIDE)] * 2, [film(2, SIDE)] * 2))
    assert stopped.value.code == "cancelled"
    assert not list((tmp_path / "set").iterdir())
    assert not psutil.Process().children()


def test_small_images_are_exempt_and_that_is_said(tmp_path: Path) -> None:
    (told,) = read_images(inputs([film(1, 64)] * 2, [film(2, 64)] * 2), tmp_path / "place", quiet, always)
    assert (told.name, told.value, told.n) == ("privacy.image.burned_in_text", None, 0)
    assert "under 96 pixels" in told.reads_as
    assert not (tmp_path / "place").exists()


def test_a_sample_is_read_each_file_only_while_it_is_and_one_image_of_every_patient_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def one_by_one(tasks: Iterable[Task], count: int, _wanted: object) -> Iterator[dict[str, Any]]:
        for task in tasks:
            assert list(task.file.parent.iterdir()) == [task.file]
            seen.append(task.record)
            yield {"record": task.record, "verdict": "clean", "read": []}
        assert count == len(seen)

    monkeypatch.setattr("medsynth_engine.work.text_on_images.read_all", one_by_one)
    blank = np.zeros((96, 96), np.uint8)
    owners = ["p0"] * 300 + [f"p{number}" for number in range(1, 150)]
    told, _ = read_images(inputs([blank] * 350, [blank] * 449, owners), tmp_path / "place", quiet, always)
    assert told.n == MOST == sum(record.startswith("synthetic") for record in seen)
    assert "a random sample of 350" in told.reads_as
    real = {int(record.split(":")[1]) for record in seen if record.startswith("holdout")}
    assert len(real) == MOST and set(range(300, 449)) <= real


def test_where_most_images_cannot_be_read_nothing_is_concluded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unread(tasks: Iterable[Task], *_: object) -> Iterator[dict[str, Any]]:
        return ({"record": task.record, "verdict": UNREAD, "read": []} for task in tasks)

    monkeypatch.setattr("medsynth_engine.work.text_on_images.read_all", unread)
    with pytest.raises(MedSynthError) as failed:
        read_images(inputs([film(1, SIDE)] * 2, [film(2, SIDE)] * 2), tmp_path / "place", quiet, always)
    assert failed.value.code == "text_unread"


@pytest.mark.parametrize(
    "line",
    ["12/03/1957", "DOB 1957-3-12", "16Septemke", "88213-04", "MARLOWE EDITH", "MARLOWEEDITH", "MRN: 4", "山田太郎"],
)
def test_dates_numbers_names_and_labels_have_the_form_of_an_identifier(line: str) -> None:
    assert has_form(line)


@pytest.mark.parametrize("line", ["eudn", "day1", "1024", "R", "AP SUPINE PORTABLE", "SEMI-ERECT", "3.5", "LxI", ""])
def test_markers_short_words_and_small_numbers_have_not(line: str) -> None:
    assert not has_form(line)
