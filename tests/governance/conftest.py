"""A finished draft for the tests of governance."""

from typing import Any

import pytest
from governance_people import ALICE, NOW

from medsynth_engine.governance import assessment as document_of
from medsynth_engine.governance.assessment import Subject


@pytest.fixture
def subject() -> Subject:
    return Subject(
        "cohort",
        "c1",
        "c" * 64,
        records=2019,
        patients=55,
        columns=("age", "sex", "ethnicity", "finding"),
        images=True,
        identifiers_removed={"names": 55},
    )


@pytest.fixture
def evaluation() -> dict[str, Any]:
    parts = [
        {"name": "privacy.rows.singling_out", "value": 0.0, "low": -0.03, "high": 0.03},
        {"name": "privacy.rows.membership_auc", "value": 0.05, "low": 0.0, "high": 0.10},
    ]
    reading = {"reading": 0.10, "low": 0.0, "high": 0.10, "band": "guarded", "driver": parts[1]["name"]}
    return {"evidence": [], "gauge": {"data": {**reading, "components": parts}}}


@pytest.fixture
def draft(subject: Subject, evaluation: dict[str, Any]) -> dict[str, Any]:
    return document_of.draft(
        subject,
        "internal",
        {"user_id": ALICE.user_id, "name": ALICE.name},
        NOW,
        evaluation=evaluation,
        evaluation_digest="e" * 64,
    )
