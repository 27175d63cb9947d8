"""A draft is complete from the start, bound to what it judges, and takes a person's answers but no wishes."""

import json
import tomllib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from governance_people import ADMIN, ALICE, NOW

from db.canonical import digest
from medsynth_engine.governance import assessment
from medsynth_engine.governance.assessment import Subject
from medsynth_engine.governance.gate import GateInputs, Signed, judge
from medsynth_engine.governance.risks import register, score_level
from medsynth_engine.governance.workflow import act
from medsynth_engine.kernel.errors import BadInput


def risk(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(row for row in document["risks"] if row["id"] == name)


def answer(document: dict[str, Any], name: str) -> str:
    return next(f["answer"] for section in document["sections"] for f in section["fields"] if f["id"] == name)


def test_a_draft_has_the_seven_steps_the_facts_and_the_digests(draft: dict[str, Any]) -> None:
    assert [section["number"] for section in draft["sections"]] == [1, 2, 3, 4, 5, 6, 7]
    assert "55 patients" in answer(draft, "processing.scope")
    assert draft["subject"]["digest"] == "c" * 64
    assert draft["evaluation"]["digest"] == "e" * 64
    assert "{" not in json.dumps([f["answer"] for s in draft["sections"] for f in s["fields"]])


def test_a_draft_does_not_call_patients_what_was_counted_without_a_patient_id(subject: Subject) -> None:
    author = {"user_id": "u1", "name": "alice"}
    made = assessment.draft(replace(subject, stand_ins="lesions or studies"), "internal", author, NOW)
    for question in ("need.why_assessed", "processing.scope"):
        said = answer(made, question)
        assert "an unknown number of patients (there is no patient id; 55 lesions or studies)" in said
        assert "55 patients" not in said


def test_likelihoods_come_from_the_measured_bands(draft: dict[str, Any]) -> None:
    assert risk(draft, "singling_out")["proposed_likelihood"] == 1
    assert risk(draft, "membership")["proposed_likelihood"] == 3
    assert risk(draft, "image_copy")["basis"] == "not enough evidence"
    assert len(draft["risks"]) == 11


GROUP = {"value": "80+", "ratio": 1.0, "low": 0.9, "high": 1.1, "flag": "even"}
FAR_OFF = {**GROUP, "ratio": 0.27, "low": 0.2, "high": 0.4, "flag": "red"}
OFF = {**GROUP, "value": "0-17", "ratio": 1.5, "low": 1.3, "high": 1.7, "flag": "amber"}
UNMEASURED = {**GROUP, "value": "18-39", "ratio": None, "low": None, "high": None, "flag": "grey"}


def bias_risk(audience: str, *rows: dict[str, Any]) -> dict[str, Any]:
    tables = [{"attribute": "age_band", "reference": "uniform", "rows": list(rows)}]
    return next(row for row in register(None, audience, tables) if row["id"] == "bias_harm")


@pytest.mark.parametrize("audience", ["internal", "recipient", "public"])
def test_groups_that_are_off_their_goal_are_a_risk_that_no_audience_makes_low(audience: str) -> None:
    found = bias_risk(audience, GROUP, FAR_OFF, OFF, UNMEASURED)
    assert found["basis"] == "far too few: age_band 80+; too many: age_band 0-17"
    assert (found["likelihood"], found["level"], found["residual_level"]) == (3, "high", "medium")


def test_groups_that_could_not_be_measured_are_no_low_risk_of_bias() -> None:
    found = bias_risk("internal", GROUP, {**UNMEASURED, "reference": None, "synthetic": 0.0})
    assert found["basis"] == "not enough evidence on 1 group"
    assert found["residual_level"] == "medium"


def test_where_no_group_is_off_its_goal_the_risk_of_bias_says_so() -> None:
    unasked = {**UNMEASURED, "reference": 0.0, "synthetic": 0.0}
    found = bias_risk("internal", GROUP, {**GROUP, "value": "65-79"}, unasked)
    assert found["basis"] == "no group is off its goal beyond what is tolerated"
    assert (found["likelihood"], found["residual_level"]) == (2, "low")


def test_a_draft_takes_the_risk_of_bias_from_the_evaluation(subject: Subject, evaluation: dict[str, Any]) -> None:
    author = {"user_id": "u1", "name": "alice"}
    judged = {**evaluation, "bias": [{"attribute": "age_band", "reference": "uniform", "rows": [FAR_OFF]}]}
    made = assessment.draft(subject, "internal", author, NOW, evaluation=judged)
    assert risk(made, "bias_harm")["basis"] == "far too few: age_band 80+"
    assert made["thresholds"] == assessment.draft(subject, "internal", author, NOW)["thresholds"]


def test_a_grey_gauge_proposes_significant(subject: Subject) -> None:
    grey = {"gauge": {"data": {"band": "grey", "components": []}}, "evidence": []}
    made = assessment.draft(subject, "internal", {"user_id": "u1", "name": "alice"}, NOW, evaluation=grey)
    assert risk(made, "singling_out")["proposed_likelihood"] == 3
    assert made["residual"] == "medium"


def test_severity_four_is_never_below_medium() -> None:
    assert (score_level(1, 4), score_level(3, 3), score_level(1, 3)) == ("medium", "high", "low")


def test_an_internal_draft_can_be_submitted_with_open_questions_a_wider_one_cannot(
    draft: dict[str, Any], subject: Subject, evaluation: dict[str, Any]
) -> None:
    assert "need.purpose" in draft["open"]
    assert assessment.blocking(draft) == ()
    wide = assessment.draft(
        subject,
        "recipient",
        {"user_id": "u1", "name": "alice"},
        NOW,
        evaluation=evaluation,
        evaluation_digest="e" * 64,
    )
    with pytest.raises(BadInput, match="cannot be submitted") as refused:
        assessment.demand_complete(wide)
    assert "necessity.lawful_basis" in refused.value.hint
    texts = {name.split(".")[1]: "as agreed" for name in wide["open"]}
    sections: dict[str, dict[str, str]] = {}
    for name in wide["open"]:
        section, key = name.split(".")
        sections.setdefault(section, {})[key] = texts[key]
    assert assessment.blocking(assessment.merge(wide, sections)) == ()


ANSWERS = """
[need]
purpose = "Teach students to read chest images"

[[risk]]
id = "membership"
likelihood = 2
reason = "Membership of this study is public anyway"
owner = "head of radiology"
"""


def test_answers_fill_what_only_a_person_knows(draft: dict[str, Any]) -> None:
    merged = assessment.merge(draft, tomllib.loads(ANSWERS))
    assert answer(merged, "need.purpose") == "Teach students to read chest images"
    assert (risk(merged, "membership")["likelihood"], risk(merged, "membership")["level"]) == (2, "medium")
    assert "need.purpose" not in merged["open"]
    assert assessment.changed(draft, merged)["membership.likelihood"] == (3, 2)
    assert digest(merged) != digest(draft)


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({"need": {"wish": "x"}}, "no_such_question"),
        ({"evidence": "fine"}, "no_such_question"),
        ({"need": {"purpose": 3}}, "answers_wrong"),
        ({"need": {"purpose": "x" * 6000}}, "answers_wrong"),
        ({"risk": "none"}, "answers_wrong"),
        ({"risk": [{"id": "aliens"}]}, "no_such_risk"),
        ({"risk": [{"id": "membership", "likelihood": 7}]}, "answers_wrong"),
        ({"risk": [{"id": "membership", "likelihood": True}]}, "answers_wrong"),
        ({"risk": [{"id": "membership", "basis": "I know"}]}, "answers_wrong"),
        ({"risk": [{"id": "membership", "likelihood": 1}]}, "reason_missing"),
        ({"risk": [{"id": "membership", "residual_likelihood": 1}]}, "reason_missing"),
        ({"risk": [{"id": "membership", "severity": 2}]}, "reason_missing"),
        ({"risk": [{"id": "membership", "residual_severity": 1}]}, "reason_missing"),
        ({"risk": [{"id": "membership", "severity": 4, "residual_severity": 3}]}, "reason_missing"),
        ({"risk": [{"id": "membership", "likelihood": 4, "residual_likelihood": 2}]}, "reason_missing"),
    ],
)
def test_answers_that_do_not_fit_are_refused(draft: dict[str, Any], answers: dict[str, Any], code: str) -> None:
    with pytest.raises(BadInput) as refused:
        assessment.merge(draft, answers)
    assert refused.value.code == code


def test_the_measure_that_was_there_before_explains_nothing_and_a_new_one_does(draft: dict[str, Any]) -> None:
    lowered = {"id": "membership", "residual_severity": 2}
    with pytest.raises(BadInput, match="without a measure"):
        assessment.merge(draft, {"risk": [{**lowered, "measures": risk(draft, "membership")["measures"]}]})
    kept = assessment.merge(draft, {"risk": [{**lowered, "measures": "Findings are drawn in three classes."}]})
    assert risk(kept, "membership")["residual_severity"] == 2


@pytest.mark.parametrize(
    ("said", "holds"),
    [
        ("Yes, on 2026-11-01, no objection", True),
        ("yes: ref. 12/26", True),
        ("", False),
        ("Yes", False),
        ("yes.", False),
        ("No, nobody asked them.", False),
        ("Not yet", False),
        ("yesterday perhaps", False),
    ],
)
def test_only_yes_with_a_reference_says_that_the_regulator_was_consulted(
    draft: dict[str, Any], said: str, holds: bool
) -> None:
    assert assessment.consulted(assessment.merge(draft, {"outcome": {"regulator_consulted": said}})) is holds


def test_escape_characters_in_an_answer_are_gone(draft: dict[str, Any]) -> None:
    merged = assessment.merge(draft, {"need": {"purpose": "a\x1b[31mred\u202e"}})
    assert answer(merged, "need.purpose") == "a[31mred"


def test_raising_a_risk_raises_what_remains_and_high_asks_for_the_regulator(draft: dict[str, Any]) -> None:
    raised = assessment.merge(draft, {"risk": [{"id": "insider", "likelihood": 4}]})
    assert risk(raised, "insider")["residual_likelihood"] == 4
    assert raised["residual"] == "high"
    assert "regulator" in assessment.blocking(raised)[0]
    told = assessment.merge(raised, {"outcome": {"regulator_consulted": "yes, on 2026-11-01, no objection"}})
    assert assessment.blocking(told) == ()
    assert assessment.begin(told).approvals_needed() == 2


def test_without_an_evaluation_a_cohort_cannot_be_submitted_but_a_dataset_can(subject: Subject) -> None:
    author = {"user_id": "u1", "name": "alice"}
    bare = assessment.draft(subject, "internal", author, NOW)
    assert "no evaluation" in assessment.blocking(bare)[0]
    dataset = Subject("dataset", "lgg", "a" * 64, records=10, patients=5, columns=("sex",))
    assert assessment.blocking(assessment.draft(dataset, "internal", author, NOW)) == ()


@pytest.mark.parametrize("wrong", [("cohort", "everybody"), ("person", "internal")])
def test_unknown_kinds_and_audiences_are_refused(wrong: tuple[str, str]) -> None:
    with pytest.raises(BadInput):
        assessment.draft(Subject(wrong[0], "x", "x"), wrong[1], {"user_id": "u1", "name": "a"}, NOW)


def test_from_draft_to_an_open_gate(draft: dict[str, Any]) -> None:
    assessment.demand_complete(draft)
    standing = act(act(assessment.begin(draft), "submit", ALICE, NOW), "approve", ADMIN, NOW, note="no auditor here")
    inputs = GateInputs(
        "cohort",
        "c" * 64,
        "internal",
        NOW + timedelta(days=1),
        evaluated_digest="c" * 64,
        evaluation_digest="e" * 64,
        band="guarded",
        assessment=Signed(standing, "c" * 64, "e" * 64, "internal"),
    )
    assert judge(inputs).open
