"""Which row belongs to which file: by exact name, then by name without folder, then by stem, then without case."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import numpy as np
import pandas as pd

from medsynth_engine.intake.pseudonym import patient_of
from medsynth_engine.intake.sources import Item

AMBIGUOUS = -2
_SEPARATOR = re.compile(r"[_\-. ]")


class Names:
    """Looks a table's word up among the items of a source."""

    def __init__(self, items: Iterable[Item]) -> None:
        self.exact: dict[str, int] = {}
        self.loose: list[dict[str, int]] = [{}, {}, {}, {}]
        for item in items:
            self.exact[item.name] = item.ordinal
            for known, word in zip(self.loose, _forms(item.name), strict=True):
                known[word] = AMBIGUOUS if word in known else item.ordinal

    def find(self, word: str) -> int:
        """The ordinal of the item, -1 for none, and -1 where several files could be meant."""
        word = word.strip().replace("\\", "/").removeprefix("./")
        if not word:
            return -1
        found = self.exact.get(word)
        if found is not None:
            return found
        for known, form in zip(self.loose, _forms(word), strict=True):
            found = known.get(form)
            if found is not None:
                return found if found >= 0 else -1
        return -1

    def share(self, words: Iterable[str]) -> float:
        """Which share of some words names files; an exact name counts a little more than a stem."""
        score = count = 0.0
        for word in words:
            count += 1
            if word in self.exact or _forms(word)[0] in self.loose[0]:
                score += 1
            elif self.find(word) >= 0:
                score += 0.99
        return score / count if count else 0.0


def _forms(name: str) -> tuple[str, str, str, str]:
    """Name without folder, without ending, and both without case."""
    path = PurePosixPath(name)
    known = path.suffix.lower() in (".png", ".jpg", ".jpeg", ".dcm", ".dicom", ".npz", ".tif", ".tiff", ".bmp", ".ima")
    stem = path.stem if known else path.name
    return path.name, stem, path.name.casefold(), stem.casefold()


@dataclass
class Match:
    """Which row each file has.

    by         `file`, `patient` (one row a patient), `header` (the patient of DICOM, known after decoding), or `none`
    row_of     item ordinal -> row number
    unmatched  rows that name no item
    twice      items that several rows name; links: pairs of such rows
    """

    by: str = "none"
    row_of: dict[int, int] = field(default_factory=dict)
    unmatched: int = 0
    twice: int = 0
    links: list[tuple[int, int]] = field(default_factory=list)


def by_file(words: pd.Series, names: Names) -> Match:
    """The first row that names an item is its row."""
    match = Match("file")
    twice: set[int] = set()
    for row, word in enumerate(words.tolist()):
        ordinal = names.find(word)
        if ordinal < 0:
            match.unmatched += 1
        elif ordinal in match.row_of:
            twice.add(ordinal)
            match.links.append((match.row_of[ordinal], row))
        else:
            match.row_of[ordinal] = row
    match.twice = len(twice)
    return match


def by_patient(words: pd.Series, items: Iterable[Item]) -> Match:
    """A table with one row a patient: the patient's id is a folder of the path, or the start of the file's name."""
    rows = {word.strip().casefold(): row for row, word in reversed(list(enumerate(words.tolist()))) if word.strip()}
    match = Match("patient")
    for item in items:
        row = _patient_row(item, rows)
        if row is not None:
            match.row_of[item.ordinal] = row
    match.unmatched = len(words) - len(set(match.row_of.values()))
    return match


def _patient_row(item: Item, rows: dict[str, int]) -> int | None:
    *folders, base = item.name.casefold().split("/")
    stem = PurePosixPath(base).stem
    candidates = [stem, *reversed(folders)]
    ends = [found.start() for found in _SEPARATOR.finditer(stem)]
    candidates += [stem[:end] for end in reversed(ends)]
    return next((rows[word] for word in candidates if word in rows), None)


def by_header(words: pd.Series, key: bytes, patients: dict[int, str]) -> Match:
    """A table with one row a patient, and files whose headers name the patient: ordinal -> pseudonym."""
    rows = {patient_of(key, word): row for row, word in reversed(list(enumerate(words.tolist()))) if word.strip()}
    match = Match("header")
    match.row_of = {ordinal: rows[patient] for ordinal, patient in patients.items() if patient in rows}
    match.unmatched = len(words) - len(set(match.row_of.values()))
    return match


def group_codes(columns: list[pd.Series], count: int) -> np.ndarray:
    """One code a row from the first of `columns` that has a value there; rows without any are alone."""
    labels = np.array([f"row\0{row}" for row in range(count)], dtype=object)
    for column in reversed(columns):
        given = column.str.strip()
        labels = np.where(given != "", given.to_numpy(dtype=object), labels)
    return pd.factorize(labels)[0]
