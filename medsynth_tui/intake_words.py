"""What an intake says of columns, values, folds and what comes next, in words that both faces share. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from medsynth_engine.kernel.escape import plain
from medsynth_tui.words import counted

Document = Mapping[str, Any]
READ_MOST = 8
"""Raw values of a column that are shown: the commonest."""
HOW = {"mapped": "you said so", "name": "guessed by its name", "values": "guessed by its values: check it"}
NOT_STORED = {
    "file": "finds the picture, not stored",
    "patient": "one pseudonym each",
    "group": "stays together, not stored",
}
SMALL = "<11: of fewer than 11 records or patients."
HIDDEN = "hidden: not told, so that no subtraction tells a small one."
ROLES = {
    "file": "names the picture",
    "patient": "who it belongs to",
    "age": "age in years",
    "sex": "sex of the patient",
    "ethnicity": "ethnicity of the patient",
    "finding": "what the image shows",
    "group": "lesion or study",
    "condition": "pictures obey it",
    "column": "the rows keep it",
    "drop": "left out",
}
"""Roles of a column, and what each means; those from `condition` on may name several."""
QUESTIONS = {
    "file": "Which column names the picture?",
    "patient": "Which column says who it belongs to?",
    "age": "Which column is the age in years?",
    "sex": "Which column is the sex?",
    "ethnicity": "Which column is the ethnicity?",
    "finding": "Which column says what the image shows?",
    "group": "Which column is the lesion or study?",
    "condition": "Which columns do pictures obey?",
    "column": "Which columns do the rows keep?",
    "drop": "Which columns are left out?",
}
SEVERAL = ("condition", "column", "drop")
ROLES_OF_PEOPLE = ("age", "sex", "ethnicity", "finding")


def words(code: Any) -> str:
    """`needs_review` as `needs review`."""
    return plain(str(code), 60).replace("_", " ")


def looked_at(code: Any) -> str:
    """What a person must look at, in a few words; `patients unknown` over a number of patients would deny it."""
    return "without a patient id" if code == "patients_unknown" else words(code)


def who_is_known(document: Document) -> str:
    """Of the number of patients: how many are known by an id, and what the others are. Empty where all are, and where
    a document does not tell: records without an id are no measure of it, since those of one file are of one patient."""
    patients, known = document.get("patients"), document.get("patients_with_id")
    if not isinstance(patients, int) or not isinstance(known, int) or known >= patients:
        return ""
    grouped = "group" in (document.get("columns") or {})
    unit = "a lesion or study, or a record without one" if grouped else "a record, or a whole file, study or group"
    if not known:
        return f"no ids: each is {unit}"
    return f"{known:,} known by an id, {patients - known:,} only by {unit}"


def roles_explained() -> str:
    """Each role with its meaning, on one line."""
    return "; ".join(f"{role}: {meaning}" for role, meaning in ROLES.items())


def kept(document: Document) -> list[tuple[str, str, str]]:
    """The columns that are used: its name, what it is read as, and who said so (empty where nobody had to)."""
    schema = {column["name"]: column for column in (document.get("schema") or {}).get("columns") or []}
    by = {each["role"]: each.get("guessed_by") for each in document.get("roles") or []}
    how = {role: HOW.get(who, "") for role, who in (by or document.get("guessed_by") or {}).items()}
    found = []
    roles = document.get("columns") or {}
    for role, name in roles.items():
        if role == "condition":  # names of columns that stand in the schema too
            continue
        kind = schema.pop(role, {}).get("kind")
        told = NOT_STORED.get(role) or (words(kind) if kind else "nothing of it was left")
        found.append((plain(name, 80), f"{words(role)}: {told}", how.get(role, "")))
    for name, column in schema.items():
        role = column.get("role")
        said = ROLES["condition"] if role == "condition" else "from DICOM headers" if role in ROLES_OF_PEOPLE else ""
        found.append((plain(name, 80), words(column.get("kind")), said))
    return found


def dropped(document: Document) -> list[tuple[str, str]]:
    """The table's columns that are not kept, and why."""
    return [(plain(name, 80), plain(why, 200)) for name, why in (document.get("dropped_columns") or {}).items()]


def readings(document: Document) -> list[tuple[str, str]]:
    """For each role that was read: `male -> M, w -> F`, the commonest first."""
    roles = document.get("columns") or {}
    maps = document.get("value_maps") or {}
    return [
        (words(role), _few(f"{plain(raw, 40)} -> {_value(value)}" for raw, value in read.items()))
        for role, read in maps.items()
        if role in roles and read
    ]


def unreadable(document: Document) -> list[tuple[str, str]]:
    """For each column with values that could not be read: `late (29), old (2)`; they count as missing."""
    found = document.get("unreadable") or {}
    return [
        (plain(name, 60), _few(f"{plain(raw, 40)} ({number:,})" for raw, number in values.items()))
        for name, values in found.items()
        if values
    ]


def _value(value: Any) -> str:
    return plain(value, 40) if value not in (None, "") else "missing"


def _few(parts: Iterable[str]) -> str:
    whole = list(parts)
    more = f", and {len(whole) - READ_MOST} more" if len(whole) > READ_MOST else ""
    return ", ".join(whole[:READ_MOST]) + more


def split(document: Document) -> str | None:
    """`36 records for training, 5 for validation, 19 held out`; None where nothing was split."""
    training, validation, holdout = (document.get(key) for key in ("train", "validation", "holdout"))
    if training is None:
        return None
    return f"{counted(training, 'record')} for training, {validation or 0:,} for validation, {holdout or 0:,} held out"


def duplicates(document: Document) -> str | None:
    """None where there are none."""
    number = document.get("duplicates")
    return f"{number:,} (kept, never split over folds)" if number else None


def suppressed(composition: Mapping[str, Mapping[str, Any]]) -> str:
    """What the words among the counts mean; empty where all counts are told."""
    said = {str(count) for counts in composition.values() for count in counts.values()}
    parts = [SMALL if any(word.startswith("<") for word in said) else "", HIDDEN if "hidden" in said else ""]
    return " ".join(part for part in parts if part)


def next_steps(document: Document) -> list[str]:
    """The commands after an intake: quarantined pictures come first, and nothing is made from nothing.

    While pictures are read for text it is waited for: a generator that learned text does not leave.
    """
    steps = ["medsynth review list"] if document.get("quarantined") else []
    if document.get("accepted"):
        steps += ["medsynth jobs list"] if text_waits(document) else []
        has_images = (document.get("schema") or {"image": True}).get("image") is not None
        verb = "train" if has_images else "generate COHORT -n 500 --dataset"
        steps.append(f"medsynth {verb} {document['dataset']}")
    return steps


def text_waits(document: Document) -> bool:
    """Whether an intake left pictures that are still to be read for burned-in text."""
    return any(row["code"] == "text_unread" for row in document.get("look_at") or [])


def came_back(applied: Document) -> str:
    """Of an applied review: the pictures that wait again; empty where none does."""
    number = int(applied.get("to_quarantine") or 0)
    if not number:
        return ""
    return f"{counted(number, 'picture')} came back: masked, and text was read again."


WAITS = "waits for other work on this dataset"
MOMENT = 2.0
"""Seconds. Every job is queued for the blink that its process takes to begin."""


def waits_for_dataset(job: Document) -> bool:
    """Whether a job (of `jobs_show`) is queued behind others of its dataset."""
    return job.get("state") == "queued" and str(job.get("subject") or "").startswith("dataset:")
