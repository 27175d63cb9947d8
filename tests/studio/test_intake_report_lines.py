"""The intake document in the studio: what only a person can settle comes first; nothing of it steers the terminal."""

from __future__ import annotations

from typing import Any

import pytest

from medsynth_tui.glyphs import UNICODE
from medsynth_tui.intake_words import who_is_known
from medsynth_tui.option_words import in_fields
from medsynth_tui.screens.intake_report import report

DOCUMENT: dict[str, Any] = {
    **{"submitted": 214, "accepted": 39, "quarantined": 81, "rejected": 94, "duplicates": 18, "patients": 19},
    "reasons": {"needs_review": 81, "no_pixels": 94},
    "look_at": [{"code": "needs_review", "count": 81, "sentence": "A person must look."}],
    "categories": [
        {"safe_harbor": "A", "short": "Names", "found": 1270},
        {"safe_harbor": "E", "short": "Fax", "found": 0},
        {"safe_harbor": "-", "short": "Hiding places", "found": 7},
    ],
    "rules": {"edition": "2024e", "rows": 621},
    "identifiers_removed": {"names": 1270, "exif": 7},
    "warnings": ["81 x needs_review: A person must look.", "94 x no_pixels: No pixels.", "The holdout has 2 patients."],
}


def lines_of(document: dict[str, Any]) -> list[str]:
    return [line.plain.rstrip() for line in report(document, UNICODE)]


def test_what_a_person_must_look_at_is_on_the_first_screen_and_said_once() -> None:
    lines = lines_of(DOCUMENT)
    assert lines.index("A person must look at") < 10
    assert lines.index("A person must look at") < lines.index("Not taken") < lines.index("Split")
    assert sum("needs review" in line for line in lines) == 1
    assert sum("A person must look." in line for line in lines) == 1
    assert any(line.startswith("no pixels") and line.endswith("94") for line in lines)
    assert any("The holdout has 2 patients." in line for line in lines)


def test_categories_that_were_found_are_listed_with_their_letters_and_the_table() -> None:
    lines = lines_of(DOCUMENT)
    assert any(line.startswith("A Names") and line.endswith("1,270") for line in lines)
    assert any(line.startswith("- Hiding places") for line in lines)
    assert not any("Fax" in line for line in lines)
    assert any("edition 2024e, 621 rows" in line for line in lines)


def test_documents_of_an_earlier_version_show_kinds() -> None:
    lines = lines_of({"submitted": 3, "accepted": 3, "identifiers_removed": {"file_names": 3}})
    assert any(line.startswith("file names") for line in lines)
    assert "A person must look at" not in lines
    assert "none found" in lines_of({"submitted": 3})


@pytest.mark.parametrize("key", ["code", "sentence"])
def test_what_a_document_says_cannot_steer_the_terminal(key: str) -> None:
    hostile = {"code": "x", "count": 1, "sentence": "y", key: "\x1b[2J[bold]boo[/bold]\u202e"}
    text = "\n".join(lines_of({**DOCUMENT, "look_at": [hostile]}))
    assert "\x1b" not in text and "\u202e" not in text
    assert "[bold]" in text  # shown as it is, never as markup


def test_what_is_kept_dropped_and_how_it_was_read_is_said() -> None:
    scanned = {
        **{"train": 36, "validation": 5, "holdout": 19, "columns": {"sex": "gender"}},
        "roles": [{"role": "sex", "column": "gender", "guessed_by": "name"}],
        "schema": {"columns": [{"name": "sex", "role": "sex", "kind": "category"}]},
        "dropped_columns": {"zip\x1b[2J": "Its name says that it identifies people."},
        "value_maps": {"sex": {"male": "M", "w": "F"}},
        "unreadable": {"sex": {"?": 2}},
    }
    lines = lines_of({**DOCUMENT, **scanned})
    assert "gender: sex: category, guessed by its name" in lines
    assert "sex: category" in lines_of({**DOCUMENT, **scanned, "columns": {"sex": "sex"}, "roles": []})
    assert any(line.startswith("zip") and line.endswith("identifies people.") for line in lines)
    assert "sex: male -> M, w -> F" in lines and "sex: ? (2)" in lines
    assert "\x1b" not in "".join(lines)
    numbers = [line for line in lines if line.endswith((" 36", " 5", " 19")) and "patients" not in line]
    assert [line.rsplit(maxsplit=1)[0] for line in numbers] == ["records for training", "for validation", "held out"]


def test_duplicates_and_codes_are_in_words() -> None:
    lines = lines_of(DOCUMENT)
    assert lines[lines.index("kept, never split over folds") - 1].split() == ["duplicates", "18"]
    assert any("94 x no pixels: No pixels." in line for line in lines)
    assert not any("_" in line for line in lines)


def test_of_the_patients_it_says_how_many_are_known_by_an_id_and_never_that_each_other_is_a_record() -> None:
    few = [{"code": "patients_unknown", "count": 6, "sentence": "There is no patient id for these records."}]
    lines = lines_of({**DOCUMENT, "patients_with_id": 17, "look_at": few})
    assert any(line.split() == ["without", "a", "patient", "id", "6"] for line in lines)
    assert "17 known by an id, 2 only by a record, or a whole file, study or group" in lines
    assert not any("unknown" in line for line in lines)
    assert "no ids: each is a record, or a whole file, study or group" in lines_of({**DOCUMENT, "patients_with_id": 0})
    for all_of_them in (19, None):  # and where a document does not tell, nothing is said
        lines = lines_of({**DOCUMENT, "patients_with_id": all_of_them, "patients_known": False, "look_at": few})
        assert not any("known by" in line or "no ids" in line for line in lines)
    assert who_is_known({"patients": "<11", "patients_with_id": 3}) == ""
    lesions = {"patients": 1118, "patients_with_id": 0, "columns": {"group": "lesion_id"}}
    assert who_is_known(lesions) == "no ids: each is a lesion or study, or a record without one"


def test_an_option_of_the_command_line_is_called_as_the_form_calls_it() -> None:
    lines = lines_of(
        {**DOCUMENT, "warnings": ["Another one is named with --metadata.", "3 rows were left out by --where."]}
    )
    assert any(line.endswith("Another one is named with the field Table.") for line in lines)
    assert any("left out by the field Only rows where" in line for line in lines)
    assert in_fields("From wider cells (--small-cells broaden).") == "From wider cells (Small cells: broaden)."
    for kept in ("medsynth generate COHORT --dataset NAME", "It takes --append.", "a--metadata"):
        assert in_fields(kept) == kept
