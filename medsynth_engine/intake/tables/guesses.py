"""Guesses a column's role from what stands in it, where its name says nothing. A guess is shown as one.

Nothing is guessed from values that could mean something else: 0 and 1 may be anything, and so is no sex.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

from medsynth_engine.intake.tables import normalise
from medsynth_engine.intake.tables.naming import kind_by_name, words_of
from medsynth_engine.intake.tables.shapes import kind_of
from medsynth_engine.intake.tables.words import listed

SOMEBODY_ELSE = listed(
    "mother father maternal paternal spouse partner child baby donor physician doctor operator reader gestational bone "
    "onset caregiver sibling"
)
"""`mother_age` is not the patient's."""
AGE_WORDS = listed("age ages alter edad età eta idade leeftijd âge lebensalter patientage")
ID_WORDS = listed(
    "id ids patient pat subject subj person participant pseudonym case fall proband nr no number code kennung"
)
LEVEL_WORDS = listed("type class code stage grade source site ward disposition status category procedure test drug")
ETHNICITIES = listed(
    "white black asian hispanic latino latina caucasian caucasoid african african-american europid pacific islander "
    "native american indian alaska hawaiian mixed multiracial other or and non-hispanic not"
)
SURE_ETHNICITIES = listed("white black asian hispanic latino latina caucasian african-american african")
FINDING_WORDS = (
    "normal|no finding|pneumonia|covid|effusion|edema|oedema|atelectasis|cardiomegaly|pneumothorax|nodule|mass|"
    "melanoma|nevus|naevus|keratosis|carcinoma|sarcoma|glioma|tumor|tumour|cancer|benign|malignan|metasta|fracture|fibrosis|"
    "emphysema|consolidation|infiltrat|hernia|tuberculosis|stroke|hemorrhage|haemorrhage|infarct|retinopathy|glaucoma|"
    "drusen|lymphoma|adenoma|arthritis|osteo|stenosis|embol|lesion|healthy|ards|sars"
)
_FINDING = re.compile(FINDING_WORDS, re.I)
_DICOM_AGE = re.compile(r"\d{3}[DWMY]")
_CODED_ID = re.compile(r"(?=.*[A-Za-z])(?=(.*\d){3})[A-Za-z0-9]+([_.-][A-Za-z0-9]+){0,4}")
_NUMBER_ID = re.compile(r"\d{1,20}(\.0)?")
MOST_LEVELS = 30
LONGEST_ID = 64
LONGEST_LEVEL = 200
ENOUGH = 0.9
SAMPLE = 2000


def by_values(frame: pd.DataFrame, role: str, free: Iterable[str]) -> str | None:
    """The first free column whose values can hardly be anything but the role; None where there is none."""
    looks = {
        "sex": _is_sex,
        "age": _is_age,
        "ethnicity": _is_ethnicity,
        "finding": _is_finding,
        "patient": _is_patient,
    }.get(role)
    if looks is None:
        return None
    return next((name for name in free if not SOMEBODY_ELSE & set(words_of(name)) and looks(name, frame[name])), None)


def _levels(column: pd.Series) -> list[str]:
    """Its distinct values, none where one is a text: a role is told by words."""
    values = column.unique()[:SAMPLE]
    if any(len(value) > LONGEST_LEVEL for value in values):
        return []
    return [word for word in map(normalise.clean, values) if word]


def _is_sex(name: str, column: pd.Series) -> bool:
    words = [word.casefold() for word in _levels(column)]
    read = {normalise.SEX_WORDS.get(word, "") for word in words}
    return 0 < len(words) <= 12 and {"F", "M"} <= read and "" not in read


def _is_age(name: str, column: pd.Series) -> bool:
    """`065Y`, or under a name with an age in it whatever reads as one from 0 to 120."""
    words = _levels(column)
    if not words:
        return False
    if sum(bool(_DICOM_AGE.fullmatch(word)) for word in words) > ENOUGH * len(words):
        return True
    if not AGE_WORDS & set(words_of(name)):
        return False
    paired = normalise.without_sex(words)
    words = [paired.get(word, word) for word in words]
    return sum(normalise.age_interval(word) is not None for word in words) >= ENOUGH * len(words)


def _is_ethnicity(name: str, column: pd.Series) -> bool:
    words = [word.casefold() for word in _levels(column)]
    if not 2 <= len(words) <= MOST_LEVELS:
        return False
    parts = [set(re.split(r"[\s/,&()]+", word)) - {""} for word in words]
    sure = sum(bool(part & SURE_ETHNICITIES) for part in parts)
    return (
        sure >= 2
        and any("asian" in part or "hispanic" in part or "caucasian" in part for part in parts)
        and all(part <= ETHNICITIES for part in parts)
    )


def _is_finding(name: str, column: pd.Series) -> bool:
    words = _levels(column)
    return (
        2 <= len(words) <= MOST_LEVELS
        and not kind_by_name(name)
        and sum(bool(_FINDING.search(word)) for word in words) * 2 > len(words)
        and sum(map(len, words)) / len(words) <= 60
    )


def _is_patient(name: str, column: pd.Series) -> bool:
    """Ids of letters and digits, or of digits under a name like an id, of which many repeat and none is everybody's."""
    given = column[column.str.strip() != ""]
    counts = given.value_counts()
    if len(counts) < 20 or len(counts) > ENOUGH * len(given) or counts.iloc[0] > max(50, 0.05 * len(given)):
        return False
    words = [normalise.clean(value) for value in counts.index[:SAMPLE]]
    if any(kind_of(word) for word in words[:200]):
        return False
    if max(map(len, words)) > LONGEST_ID:
        return False
    coded = sum(bool(_CODED_ID.fullmatch(word)) for word in words) > ENOUGH * len(words)
    one_length = len({len(word) for word in words}) <= 3
    if coded and one_length and kind_by_name(name) in ("", "record_numbers", "other_identifiers"):
        return True
    numbers = sum(bool(_NUMBER_ID.fullmatch(word)) for word in words) > ENOUGH * len(words)
    words_of_name = set(words_of(name))
    said = (
        ID_WORDS & words_of_name
        and not LEVEL_WORDS & words_of_name
        and kind_by_name(name) in ("record_numbers", "other_identifiers")
    )
    return bool(numbers and said and counts.iloc[0] > 1)
