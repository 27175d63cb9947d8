"""Which row belongs to which file: by exact name, then by name without folder, then by stem, then without case."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import numpy as np
import pandas as pd

from medsynth_engine.intake.items import Item
from medsynth_engine.intake.pseudonym import patient_of
from medsynth_engine.kernel.errors import BadInput

AMBIGUOUS = -2
FOLDERS = ("top", "up")
PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".npz", ".nii", ".gz")
RIVAL_SHARE = 0.2
"""Numbers of slices can cover more files than ids of which some are not in the table."""
ENOUGH_ROWS = 10
_SEPARATOR = re.compile(r"[_\-. ]")


class Names:
    """Looks a table's word up among the items of a source."""

    def __init__(self, items: Iterable[Item]) -> None:
        self.exact: dict[str, int] = {}
        self.loose: list[dict[str, int]] = [{}, {}, {}, {}]
        self.name_of: dict[int, str] = {}
        for item in items:
            self.name_of[item.ordinal] = item.name
            self.exact[item.name] = item.ordinal
            for known, word in zip(self.loose, _forms(item.name), strict=True):
                known[word] = AMBIGUOUS if word in known else item.ordinal

    def find(self, word: str) -> int:
        """The ordinal of the item, -1 for none, and -1 where several files could be meant.

        Where both the word and the item have folders, those must agree: `train/0.png` is not `test/0.png`.
        """
        word = _slashed(word)
        if not word:
            return -1
        found = self.exact.get(word)
        if found is not None:
            return found
        parts = word.split("/")
        for start in range(1, len(parts)):
            found = self.exact.get("/".join(parts[start:]))
            if found is not None:
                return found
        for known, form in zip(self.loose, _forms(word), strict=True):
            found = known.get(form)
            if found is not None:
                return found if found >= 0 and _agree(word, self.name_of[found]) else -1
        return -1

    def is_exact(self, word: str) -> bool:
        """Whether a word is the whole name of an item."""
        return _slashed(word) in self.exact

    def share(self, words: Iterable[str]) -> float:
        """Which share of some words names files; an exact name counts a little more than a stem."""
        score = count = 0.0
        for word in words:
            count += 1
            if self.find(word) >= 0:
                score += 1 if self.is_exact(word) or _forms(_slashed(word))[0] in self.loose[0] else 0.99
        return score / count if count else 0.0


def _slashed(word: str) -> str:
    return word.strip().replace("\\", "/").removeprefix("./")


def _agree(one: str, other: str) -> bool:
    """Whether the folders of one path are the last folders of the other."""
    ours, theirs = ([*reversed(path.casefold().split("/")[:-1])] for path in (one, other))
    return all(mine == yours for mine, yours in zip(ours, theirs, strict=False))


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
    """The first row that names an item is its row; one that names it exactly comes before all others."""
    match = Match("file")
    twice: set[int] = set()
    for row, word in sorted(enumerate(words.tolist()), key=lambda one: not names.is_exact(one[1])):
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
    """A table with one row a patient: the patient's id is a folder of the path, or the file's name or a part of it.

    It stands at one position in the whole source, see `_position`. Raises BadInput where pictures could be those of
    different patients; DICOM files are then left to their headers.
    """
    rows = {word.strip().casefold(): row for row, word in reversed(list(enumerate(words.tolist()))) if word.strip()}
    every = list(items)
    read = _read_at_positions(every, rows)
    match = Match("patient")
    chosen = _position(read, len(every), len(rows))
    if chosen is None and any(read.values()):
        if any(PurePosixPath(item.name).suffix.lower() in PICTURES for item in every):
            raise BadInput(
                "ambiguous_patients",
                "The patients' ids stand at several places of the files' names, and these say different patients.",
                "Give the table a column with the files' names, or the patients ids that are no numbers of slices.",
            )
    elif chosen is not None:
        match.row_of = read[chosen]
    match.unmatched = len(words) - len(set(match.row_of.values()))
    return match


Position = tuple[str, int]
"""`top` or `up` and a folder's number from there; `stem`, `start` or `end` of the file's name and 0."""


def _read_at_positions(items: list[Item], rows: dict[str, int]) -> dict[Position, dict[int, int]]:
    """For each position the row of every item that has a patient's id there."""
    read: dict[Position, dict[int, int]] = defaultdict(dict)
    even = len({item.name.count("/") for item in items}) == 1  # then a level is the same from both ends
    for item in items:
        *folders, base = item.name.casefold().split("/")
        stem = PurePosixPath(base).stem
        marks = list(_SEPARATOR.finditer(stem))
        words: dict[Position, list[str]] = {("top", level): [name] for level, name in enumerate(folders)}
        if not even:
            words |= {("up", level): [name] for level, name in enumerate(reversed(folders))}
        words["stem", 0] = [stem]
        words["start", 0] = [stem[: mark.start()] for mark in marks]
        words["end", 0] = [stem[mark.end() :] for mark in marks]
        for position, candidates in words.items():
            found = {rows[word] for word in candidates if word in rows}
            if len(found) == 1:
                read[position][item.ordinal] = found.pop()
    return read


def _position(read: dict[Position, dict[int, int]], files: int, rows: int) -> Position | None:
    """The position that covers most files, None where another one may be meant.

    It may where it covers a fifth as many and says other patients. That is settled where a folder and a part of the
    name say the same, or where one position alone has every patient of the table and every file (a name: once each):
    numbers of slices do not come out so.
    """
    if not read:
        return None
    best = max(read, key=lambda position: len(read[position]))
    rivals = [one for one in read if len(read[one]) >= RIVAL_SHARE * len(read[best])]
    if not any(_differ(read[best], read[one]) for one in rivals):
        return best
    said_twice = [
        one
        for one in rivals
        if any(
            (one[0] in FOLDERS) != (other[0] in FOLDERS) and _same(read[one], read[other], files) for other in rivals
        )
    ]
    complete = [one for one in rivals if rows >= ENOUGH_ROWS and _is_complete(one, read[one], files, rows)]
    for settled in (said_twice, complete):
        if settled:
            clash = any(_differ(read[settled[0]], read[other]) for other in settled)
            return None if clash else settled[0]
    return None


def _differ(one: dict[int, int], other: dict[int, int]) -> bool:
    return any(other.get(ordinal, row) != row for ordinal, row in one.items())


def _same(one: dict[int, int], other: dict[int, int], files: int) -> bool:
    """Whether two positions say the same of all files, and of more than one patient."""
    return len(one) == len(other) == files and len(set(one.values())) > 1 and not _differ(one, other)


def _is_complete(position: Position, read: dict[int, int], files: int, rows: int) -> bool:
    complete = len(read) == files and len(set(read.values())) == rows
    return complete and (position[0] in FOLDERS or files == rows)


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
