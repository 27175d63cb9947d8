"""The names of columns: plain, on one line, none twice, and never a person, whom a wide table may have as a column."""

from __future__ import annotations

import re
from collections import Counter

import pandas as pd

from medsynth_engine.intake.tables import shapes
from medsynth_engine.intake.tables.identifying import NAME_WORDS, kind_by_name, words_of
from medsynth_engine.intake.tables.surnames import is_surname
from medsynth_engine.kernel.escape import plain

LONGEST = 80
HIDDEN = "{} column names look like identifiers of people; those columns have numbers for names."
_CODE = re.compile(r"\d{5}|[^\W\d_]\d{4,}[^\W\d_]")
"""`feature_0001` and `icd10_2019` are names of columns, `ZX54321` and `ZX5432A` are none."""
TELLING = frozenset().union(*(known for _, known in NAME_WORDS))


def look_like_values(names: list[str]) -> bool:
    """Whether half of the names or more are numbers or dates."""
    return sum(_is_value(name) for name in names) * 2 >= len(names)


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
    return bool(person or shapes.kind_inside(name) or (shapes.has_code(name) and _CODE.search(name)))


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
