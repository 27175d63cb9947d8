"""What `datasets scan`, `add`, `list` and `show` say: what is kept, dropped and why, how it was read, what is next."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from medsynth_engine.intake.report.report import to_keep
from medsynth_tui import intake_words
from medsynth_tui.cli import datasets, intake, show
from medsynth_tui.cli.face import Face, Manner

HOSTILE = "\x1b[2J[bold]boo[/bold]\u202e"
UNREAD = [{"code": "text_unread", "count": 5, "sentence": "The text check has not read these pictures yet."}]
SCANNED: dict[str, Any] = {
    **{"dataset": "flu", "submitted": 61, "accepted": 60, "quarantined": 0, "rejected": 1, "patients": 60},
    **{"train": 36, "validation": 5, "holdout": 19, "duplicates": 26, "reasons": {"no_pixels": 1}},
    "columns": {"patient": "patient_id", "age": "AGE", "sex": "gender", "condition": "ward"},
    "roles": [
        {"role": "patient", "column": "patient_id", "guessed_by": "name", "distinct": 60, "repeated": 0},
        {"role": "age", "column": "AGE", "guessed_by": "values", "sample": []},
        {"role": "sex", "column": "gender", "guessed_by": "mapped", "sample": []},
    ],
    "dropped_columns": {"zip": "Its name says that it identifies people.", HOSTILE: "It is empty."},
    "value_maps": {
        "sex": {"male": "M", "w": "F", **{f"f{number}": "F" for number in range(8)}},
        "dose": {"1,234": "1234"},
    },
    "unreadable": {"age": {"late": 29}},
    "schema": {
        "columns": [
            {"name": "age", "role": "age", "kind": "number"},
            {"name": "sex", "role": "sex", "kind": "category", "values": ["F", "M"]},
            {"name": "ward", "role": "condition", "kind": "category", "values": ["a", "b"]},
            {"name": "dose", "role": "column", "kind": "number"},
        ],
        "image": None,
    },
    "look_at": [{"code": "needs_review", "count": 2, "sentence": "A person must look."}],
    "warnings": ["2 x needs review: A person must look.", "1 x no_pixels: None.", "The holdout is small."],
}


def told(show_it: Callable[[Face, Any], None], document: Any) -> str:
    """What is printed, in lines of 80 columns, with blanks made one."""
    text = io.StringIO()
    face = Face(Manner(home=Path("nowhere")))
    face.out = face.messages = Console(file=text, width=80, highlight=False)
    show_it(face, document)
    assert all(len(line) <= 80 for line in text.getvalue().splitlines())
    return " ".join(text.getvalue().split())


def test_a_scan_says_what_is_kept_and_who_said_so() -> None:
    said = told(intake.show_scan, SCANNED)
    assert "patient_id patient: one pseudonym each guessed by its name" in said
    assert "AGE age: number guessed by its values: check it" in said
    assert "gender sex: category you said so" in said
    assert "ward category pictures obey it" in said and "dose number" in said


def test_what_a_stored_dataset_keeps_of_its_roles_says_who_said_so_too() -> None:
    stored = to_keep(SCANNED)
    assert "roles" not in stored
    kept = intake_words.kept(stored)
    assert kept == intake_words.kept(SCANNED) and "guessed by its name" in kept[0]


def test_a_scan_says_what_is_dropped_and_why() -> None:
    said = told(intake.show_scan, SCANNED)
    assert "zip Its name says that it identifies people." in said
    assert "[bold]boo[/bold]" in said and "\x1b" not in said and "\u202e" not in said


def test_a_scan_says_how_values_were_read_in_short() -> None:
    said = told(intake.show_scan, SCANNED)
    assert "male -> M, w -> F" in said and "f5 -> F, and 2 more" in said and "f6" not in said
    assert "1,234 ->" not in said  # no role: how it is written is nobody's doubt
    assert "age late (29)" in said


def test_folds_are_counts_of_records_and_duplicates_are_explained() -> None:
    said = told(intake.show_scan, SCANNED)
    assert "36 records for training, 5 for validation, 19 held out" in said
    assert "26 (kept, never split over folds)" in said


def test_codes_are_words_and_what_is_looked_at_is_said_once() -> None:
    said = told(intake.show_scan, SCANNED)
    assert "_pixels" not in said and "1 x no pixels: None." in said
    assert said.count("A person must look.") == 1


def test_a_wide_table_is_cut() -> None:
    many = {f"c{number}": "It is empty." for number in range(intake.MOST_COLUMNS + 3)}
    said = told(intake.show_scan, {**SCANNED, "dropped_columns": many})
    assert "And 3 columns more; --json lists all." in said and f"c{intake.MOST_COLUMNS} " not in said


@pytest.mark.parametrize(
    ("facts", "steps"),
    [
        ({"accepted": 0, "quarantined": 3, "schema": {"image": None}}, ["review list"]),
        ({"accepted": 5, "quarantined": 3, "schema": {"image": {}}}, ["review list", "train flu"]),
        ({"accepted": 5, "quarantined": 0, "schema": {"image": {}}}, ["train flu"]),
        ({"accepted": 5, "quarantined": 0, "schema": {"image": {}}, "look_at": UNREAD}, ["jobs list", "train flu"]),
        ({"accepted": 5, "quarantined": 0, "schema": {"image": None}}, ["generate COHORT -n 500 --dataset flu"]),
        ({"accepted": 0, "quarantined": 0, "schema": {"image": None}}, []),
    ],
)
def test_quarantined_pictures_come_before_all_that_is_made_from_the_others(
    facts: dict[str, Any], steps: list[str]
) -> None:
    said = told(intake.show_added, {**SCANNED, **facts})
    assert said.count("Next: ") == len(steps)
    assert [f"Next: medsynth {step}" in said for step in steps] == [True] * len(steps)


def test_after_a_scan_comes_the_same_with_add() -> None:
    assert "Next: medsynth datasets add NAME PATH" in told(intake.show_scan, SCANNED)


def test_a_dataset_lists_its_dropped_columns_and_explains_small_counts() -> None:
    kept = {key: value for key, value in SCANNED.items() if key not in ("roles", "value_maps", "unreadable")}
    composition = {"sex": {"F": 49, "M": "<11", "unknown": "hidden"}}
    said = told(datasets.show_dataset, {**kept, "version": 1, "composition": composition})
    assert "zip Its name says that it identifies people." in said
    assert intake_words.SMALL in said and intake_words.HIDDEN in said
    assert intake_words.SMALL not in told(show.composition, {"sex": {"F": 49}})


def test_the_list_says_what_waits_and_that_these_are_pictures() -> None:
    one = {"dataset": "us", "owner": "alice", "records": 0, "quarantined": 7, "patients": 0, "holdout": 0}
    said = told(datasets.show_list, [{**one, "images": False}])
    assert said.endswith("us alice 0 7 0 0 yes") and "accepted quarantined" in said
