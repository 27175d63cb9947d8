"""What a release says of what drew it."""

from __future__ import annotations

from typing import Any

import pytest

from medsynth_engine.work.export import learned_from, made_by

PROMISE = {
    **{"epsilon": 3.0, "delta": 1e-5, "unit": "patient", "clip": 1.0, "sigma": 1.5, "steps": 900},
    **{"sampling_rate": 0.01, "conditions_sigma": None, "covers": "images and list of conditions"},
}


def test_a_private_generators_promise_is_said_and_what_it_covers():
    said = made_by({"row_model": {"learner": "trees"}, "generator": {"privacy": PROMISE}}, imported=False)
    assert "sequential trees" in said
    assert "Images were learned with differential privacy for each patient: epsilon 3 at delta 1e-05" in said
    assert "images and the list of conditions" in said


def test_the_promise_of_an_imported_file_is_its_own_word():
    said = made_by({"row_model": {"learner": "trees"}, "generator": {"privacy": PROMISE}}, imported=True)
    assert "Its file says that images were learned" in said


def test_nothing_private_is_claimed_where_nothing_was_promised():
    for document in ({}, {"row_model": {"learner": "gan"}, "generator": {"privacy": None}}, {"generator": None}):
        assert "differential" not in made_by(document, imported=False)


def test_private_rows_say_their_sentence():
    said = made_by({"row_model": {"learner": "dp", "says": "Rows are differentially private."}}, imported=False)
    assert said == "Rows were drawn by a private tree of MedSynth. Rows are differentially private."


@pytest.mark.parametrize("epsilon", ["small", None, float("nan"), -5, 10**400, [1], "\x1b[2J"])
def test_a_promise_that_is_none_is_not_said(epsilon: Any):
    said = made_by({"generator": {"privacy": {**PROMISE, "epsilon": epsilon}}}, imported=True)
    assert "differential" not in said and "\x1b" not in said
    assert "differential" not in made_by({"generator": {"privacy": {"epsilon": 1}}}, imported=True)


SUMMARY = {"patients": 1258, "train": 900, "validation": 150, "holdout": 450}


def test_patients_are_named_where_they_are_known():
    said = learned_from({**SUMMARY, "patients_known": True})
    assert (
        said == "Learned from real, de-identified records of about 1260 patients, of which about 30 % were held out "
        "to judge it."
    )
    assert learned_from(SUMMARY) == said, "an older dataset's summary does not say whether they are"


@pytest.mark.parametrize(("columns", "counted"), [({"group": "lesion_id"}, "lesions or studies"), ({}, "records")])
def test_what_has_no_patient_id_is_not_called_a_patient(columns: dict[str, str], counted: str):
    said = learned_from({**SUMMARY, "patients_known": False, "columns": columns})
    assert f"about 1260 {counted}, of which" in said
    assert "1260 patients" not in said and "of how many patients is not known" in said


def test_a_split_that_the_source_brought_is_not_told_as_thirty_percent():
    assert "about 10 % were held out" in learned_from({**SUMMARY, "train": 900, "validation": 0, "holdout": 100})
    assert "held out" not in learned_from({"patients": 40})
