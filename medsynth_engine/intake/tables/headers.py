"""The names of columns: plain, on one line, none twice, and never a person, whom a wide table may have as a column."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

import pandas as pd

from medsynth_engine.intake.tables import shapes
from medsynth_engine.intake.tables.naming import NAME_WORDS, kind_by_name, words_of
from medsynth_engine.intake.tables.normalise import SEX_WORDS
from medsynth_engine.intake.tables.shapes import kind_of
from medsynth_engine.intake.tables.surnames import is_surname
from medsynth_engine.intake.tables.vocabulary import strange
from medsynth_engine.intake.tables.words import listed
from medsynth_engine.kernel.escape import plain

LONGEST = 80
SAMPLE = 500
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")
TITLES = listed("dr prof mr mrs miss herr herrn frau mme")
_LETTERS = re.compile(r"[^\W\d_]{4,}")
HIDDEN = "{} column names look like identifiers of people; those columns have numbers for names."
_CODE = re.compile(r"\d{5}|[^\W\d_]\d{4,}[^\W\d_]")
"""`feature_0001` and `icd10_2019` are names of columns, `ZX54321` and `ZX5432A` are none."""
TELLING = frozenset().union(*(known for _, known in NAME_WORDS))


def look_like_values(names: list[str]) -> bool:
    """Whether half of the names or more are numbers or dates."""
    return sum(_is_value(name) for name in names) * 2 >= len(names)


def is_a_row(header: list[str], frame: pd.DataFrame) -> bool:
    """Whether the first line is a patient: its words are of the kind of the cells below, a date or number in one
    column, or in two a letter of a sex or a level of the column itself. Numbers that count the columns are names."""
    numbers = [int(name) for name in header if name.strip().isdigit()]
    counted = len(numbers) > 1 and all(other - one == 1 for one, other in pairwise(numbers))
    alike = 0
    for place, raw in zip(frame.columns, header, strict=True):
        name = raw.strip()
        cells = [cell for cell in frame[place].iloc[:SAMPLE].str.strip() if cell]
        if not name or not cells:
            continue
        for of_kind in (_is_date, _is_number):
            told = of_kind(name) and sum(map(of_kind, cells)) > 0.8 * len(cells)
            if told and (of_kind is _is_date or not counted):
                return True
        alike += (_is_sex(name) and all(map(_is_sex, cells))) or cells.count(name) > 1
    return alike >= 2


def _is_date(text: str) -> bool:
    return kind_of(text) == "dates"


def _is_number(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text))


def _is_sex(text: str) -> bool:
    return text.casefold() in SEX_WORDS


def _is_value(name: str) -> bool:
    bare = name.replace(".", "").replace("-", "").replace("/", "").replace(":", "").replace(" ", "")
    return bare.isdigit() or name.strip() in ("?", "NA")


def named(header: list[str], frame: pd.DataFrame) -> tuple[list[str], int]:
    """A name a column of the frame (whose columns are numbered), and how many were hidden as they name somebody.

    A hidden name keeps the words that tell what the column is: `MRN 12345678` becomes `mrn 3`.
    """
    names: list[str] = []
    taken: set[str] = set()
    hidden = 0
    suspects = _in_cells(header, frame)
    for place, raw in enumerate(header, start=1):
        name = _without_brackets(plain(raw, LONGEST).strip())
        if name and (_is_somebody(name) or raw in suspects):
            hidden += 1
            name = " ".join([*(word for word in words_of(name) if word in TELLING), f"column {place}"])
        base, count = name or f"column {place}", 2
        name = base
        while name.casefold() in taken:
            name, count = f"{base} {count}", count + 1
        taken.add(name.casefold())
        names.append(name)
    return names, hidden


def _is_somebody(name: str) -> bool:
    person = shapes.COMMA_NAME.fullmatch(name) or is_surname(name) or shapes.is_given_name(name)
    return bool(
        person or _has_stranger(name) or shapes.kind_inside(name) or (shapes.has_code(name) and _CODE.search(name))
    )


def _has_stranger(name: str) -> bool:
    """Whether a word that no vocabulary knows is a surname, or stands behind a title: `BMI_Dr_Okonkwo`. `Wagner grade`
    is none."""
    words = re.findall(r"[^\W\d_]+", name)
    for place, word in enumerate(words):
        if not _LETTERS.fullmatch(word) or not strange(word):
            continue
        if place and words[place - 1].casefold() in TITLES:
            return True
        followed = words[place + 1].casefold() if place + 1 < len(words) else ""
        if is_surname(word.title()) and followed not in shapes.NO_SURNAMES:
            return True
    return False


def _without_brackets(name: str) -> str:
    """`(age)` is age; `(num) (the predicted attribute)` stays."""
    bare = name.strip("()[]\"'").strip()
    return name if set("()[]") & set(bare) else bare


def _in_cells(header: list[str], frame: pd.DataFrame) -> set[str]:
    """Names that also stand in the cells of another column, and are long enough for a person or a number, or in a
    column of names: the table of a pivot."""
    everybody = {name.strip().casefold(): name for name in header}
    people = [place for place, name in zip(frame.columns, header, strict=True) if kind_by_name(name) == "names"]
    named = {cell.strip().casefold() for place in people for cell in frame[place].unique()} & set(everybody)
    long = [name for name in header if len(name.split()) >= 2 or sum(map(str.isdigit, name)) >= 4]
    found: Counter[str] = Counter(everybody[name] for name in named if name)
    if not long:
        return set(found)
    for place in frame.columns:
        hits = frame[place].isin(long)
        if hits.any():
            found.update(frame.loc[hits, place].unique())
    return set(found)
