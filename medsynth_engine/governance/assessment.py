"""The document of a privacy impact assessment: a complete draft, what a person adds to it, what is still open.

Pure functions on JSON documents; who may do what with one is in `workflow`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from db.canonical import digest
from medsynth_engine.governance.asked import AUDIENCES, SUBJECTS
from medsynth_engine.governance.gate import scenario_for
from medsynth_engine.governance.pia import NATURE, ORGANISATIONAL, QUESTIONS, RECIPIENTS, STEPS
from medsynth_engine.governance.rating import LONGEST_ANSWER, RISK_NUMBERS, RISK_TEXTS, changed_risk
from medsynth_engine.governance.risks import register, worst_residual
from medsynth_engine.governance.thresholds import in_force
from medsynth_engine.governance.workflow import Assessment
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.escape import plain

FORMAT = 1
_YES_AND = re.compile(r"\s*yes\b\W+\w.{3,}", re.IGNORECASE | re.DOTALL)
"""What counts as the regulator having been consulted: yes, and at least some words about it."""


@dataclass(frozen=True)
class Subject:
    """What is assessed, with the facts that fill a draft.

    kind        cohort, generator or dataset
    digest      of the thing itself: the assessment is bound to it
    patients, records  of the real data behind it (training fold for a model)
    stand_ins   what was counted as patients, where there was no patient id: records, lesions or studies
    identifiers_removed  kind of identifier to how many were removed at intake
    quasi       columns by which somebody might be recognised
    """

    kind: str
    name: str
    digest: str
    records: int = 0
    patients: int = 0
    stand_ins: str = ""
    columns: tuple[str, ...] = ()
    images: bool = False
    identifiers_removed: Mapping[str, int] = field(default_factory=dict)
    quasi: tuple[str, ...] = ("age", "sex", "ethnicity")


def draft(
    subject: Subject,
    audience: str,
    author: Mapping[str, str],
    now: datetime,
    *,
    evaluation: Mapping[str, Any] | None = None,
    evaluation_digest: str | None = None,
    answers: Mapping[str, Any] | None = None,
    version: int = 1,
) -> dict[str, Any]:
    """A complete draft from the evidence and the defaults, with `answers` merged in.

    author      `user_id` and `name`
    evaluation  the document of the subject's evaluation (keys `evidence`, `gauge`, `bias`), None for a dataset
    answers     see `merge`
    Raises BadInput for an unknown audience or kind, and whatever `merge` raises.
    """
    if audience not in AUDIENCES:
        raise BadInput("no_such_audience", "There is no such audience.", f"One of: {', '.join(AUDIENCES)}.")
    if subject.kind not in SUBJECTS:
        raise BadInput("no_such_subject", "This cannot be assessed.", f"One of: {', '.join(SUBJECTS)}.")
    facts = _facts(subject, audience)
    gauge = (evaluation or {}).get("gauge") or {}
    reading = gauge.get(scenario_for(subject.kind))
    document = {
        "format": FORMAT,
        "subject": {"kind": subject.kind, "name": plain(subject.name), "digest": subject.digest},
        "audience": audience,
        "version": version,
        "author": {"user_id": author["user_id"], "name": plain(author["name"])},
        "created": now.isoformat(timespec="seconds"),
        "sections": [
            {
                "number": step.number,
                "id": step.id,
                "title": step.title,
                "fields": [
                    {
                        "id": question.id,
                        "question": question.text,
                        "answer": question.default.format_map(facts),
                        "source": "default" if question.default else "open",
                        "person_only": question.person_only,
                    }
                    for question in step.questions
                ],
            }
            for step in STEPS
        ],
        "risks": register(reading, audience, (evaluation or {}).get("bias") or ()),
        "evaluation": {
            "digest": evaluation_digest,
            "gauge": gauge,
            "evidence": list((evaluation or {}).get("evidence") or ()),
        },
        "thresholds": in_force(),
    }
    return merge(document, answers or {})


def merge(document: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, Any]:
    """`document` with a person's answers: `[section] field = "text"` tables and `[[risk]]` rows with an `id`.

    Evidence, gauge, subject, audience and author cannot be answered away. A likelihood or severity under the proposed
    one needs a `reason`; less residual risk needs a reason or another measure. Raises BadInput naming the first thing
    that does not fit.
    """
    texts, risks = _split(answers)
    sections = []
    for section in document["sections"]:
        fields = [
            {**asked, "answer": texts[asked["id"]], "source": "author"} if asked["id"] in texts else dict(asked)
            for asked in section["fields"]
        ]
        sections.append({**section, "fields": fields})
    rows = [dict(row) for row in document["risks"]]
    by_id = {row["id"]: index for index, row in enumerate(rows)}
    for change in risks:
        index = by_id.get(str(change.get("id")))
        if index is None:
            raise BadInput("no_such_risk", "A risk names no row of the register.", f"Ids: {', '.join(by_id)}.")
        rows[index] = changed_risk(rows[index], change)
    merged = {**document, "sections": sections, "risks": rows}
    return {**merged, "residual": worst_residual(rows), "open": list(open_questions(merged))}


def open_questions(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Ids of fields that nobody has answered yet."""
    return tuple(
        asked["id"]
        for section in document["sections"]
        for asked in section["fields"]
        if not str(asked["answer"]).strip() and asked["id"] != "outcome.regulator_consulted"
    )


def blocking(document: Mapping[str, Any]) -> tuple[str, ...]:
    """What keeps the document from being submitted, as sentences; empty where nothing does.

    For the audience internal questions may stay open: the approver sees which. Whatever goes further must be whole.
    """
    found = []
    missing = open_questions(document)
    if document["audience"] != "internal" and missing:
        found.append(f"For the audience {document['audience']} these must be answered: {', '.join(missing)}.")
    if document["subject"]["kind"] != "dataset" and not document["evaluation"]["digest"]:
        found.append("There is no evaluation to rest on: evaluate the cohort first, then draft again.")
    if worst_residual(document["risks"]) == "high" and not consulted(document):
        found.append(
            "A residual risk is high: answer outcome.regulator_consulted with yes and a date or reference, "
            "or lower it by measures."
        )
    return tuple(found)


def demand_complete(document: Mapping[str, Any]) -> None:
    """Raise BadInput with everything that is missing before the document can be submitted."""
    found = blocking(document)
    if found:
        raise BadInput("assessment_incomplete", "The assessment cannot be submitted yet.", " ".join(found))


def consulted(document: Mapping[str, Any]) -> bool:
    """True where the author answered yes, and when, under which reference or with what result."""
    return any(
        asked["id"] == "outcome.regulator_consulted" and bool(_YES_AND.match(str(asked["answer"])))
        for section in document["sections"]
        for asked in section["fields"]
    )


def begin(document: Mapping[str, Any]) -> Assessment:
    """The workflow's first state for a document."""
    return Assessment(
        "draft",
        str(document["author"]["user_id"]),
        digest(document),
        worst_residual(list(document["risks"])),
        consulted(document),
    )


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What differs between two versions: field or `risk.field` to (before, after)."""
    old, new = _flat(before), _flat(after)
    return {
        key: (old.get(key), new.get(key)) for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key)
    }


def _flat(document: Mapping[str, Any]) -> dict[str, Any]:
    flat = {asked["id"]: asked["answer"] for section in document["sections"] for asked in section["fields"]}
    for row in document["risks"]:
        flat.update({f"{row['id']}.{name}": row[name] for name in (*RISK_NUMBERS, *RISK_TEXTS)})
    flat["audience"], flat["subject.digest"] = document["audience"], document["subject"]["digest"]
    flat["evaluation.digest"], flat["thresholds"] = document["evaluation"]["digest"], document.get("thresholds")
    return flat


def _facts(subject: Subject, audience: str) -> dict[str, Any]:
    removed = ", ".join(f"{plain(kind)} ({count})" for kind, count in subject.identifiers_removed.items())
    present = [name for name in subject.quasi if name in subject.columns] or list(subject.quasi)
    return {
        "patients": _people(subject),
        "records": subject.records or "An unknown number of",
        "columns": ", ".join(map(plain, subject.columns)) or "none",
        "images": "yes" if subject.images else "none",
        "identifiers": removed or "none were found",
        "quasi": ", ".join(map(plain, present)),
        "nature": NATURE[subject.kind],
        "recipients": RECIPIENTS[audience],
        "organisational": ORGANISATIONAL[audience],
    }


def _people(subject: Subject) -> str:
    """How many patients, in words; where there was no patient id that is not known, and what was counted is said."""
    if subject.stand_ins:
        return f"an unknown number of patients (there is no patient id; {subject.patients} {subject.stand_ins})"
    return f"{subject.patients or 'an unknown number of'} patients"


def _split(answers: Mapping[str, Any]) -> tuple[dict[str, str], list[Mapping[str, Any]]]:
    """Answers by question id, and the changes of risks. Takes nested tables and dotted keys."""
    texts: dict[str, str] = {}
    risks = answers.get("risk", [])
    if not isinstance(risks, list) or not all(isinstance(row, Mapping) for row in risks):
        raise BadInput(
            "answers_wrong", "Risks are written as [[risk]] tables.", 'For instance: [[risk]] id = "insider"'
        )
    for section, fields in answers.items():
        if section == "risk":
            continue
        named = {f"{section}.{key}": value for key, value in fields.items()} if isinstance(fields, Mapping) else None
        for key, value in (named if named is not None else {section: fields}).items():
            if key not in QUESTIONS:
                raise BadInput(
                    "no_such_question", f"No question is called {plain(key, 60)}.", f"Known: {', '.join(QUESTIONS)}."
                )
            if not isinstance(value, str) or len(value) > LONGEST_ANSWER:
                raise BadInput("answers_wrong", f"The answer to {key} is no text of at most {LONGEST_ANSWER} letters.")
            texts[key] = plain(value, LONGEST_ANSWER)
    return texts, risks
