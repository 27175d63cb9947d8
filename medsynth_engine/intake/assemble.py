"""Decoded items and typed rows become records: patients, duplicate groups, folds, schema."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from medsynth_engine.intake import folds
from medsynth_engine.intake.duplicates import Groups, link_duplicates
from medsynth_engine.intake.pseudonym import keyed, patient_of, uniform_of
from medsynth_engine.intake.tables.normalise import clean
from medsynth_engine.intake.ties import Tie, join_people

FIXED = ("record", "patient", "group", "fold", "file", "height", "width", "channels", "pixels", "phash", "blank")


@dataclass
class People:
    """Who each record is of.

    patient  pseudonyms; known  True where it came from a patient's own id
    studies  a label each, empty where there is none
    links    pairs of records that belong to one person although their patients differ
    ties     whatever else says whose a record is: the header's patient, the lesion, the study, the file
    """

    patient: np.ndarray
    known: np.ndarray
    studies: np.ndarray
    links: list[tuple[int, int]] = field(default_factory=list)
    ties: list[Tie] = field(default_factory=list)


@dataclass
class Placed:
    """group and fold of each record; duplicate: it is in a group of like pictures with an earlier one."""

    group: np.ndarray
    fold: np.ndarray
    duplicate: np.ndarray
    salt: int
    spanning: int = 0


def people_of(
    key: bytes,
    records: Sequence[str],
    identifiers: Sequence[str],
    headers: Sequence[str],
    groups: Sequence[str],
    studies: Sequence[str],
    files: Sequence[str],
) -> People:
    """The patient of each record: from the table, else the header, else the lesion, study or file, else the record.

    identifiers  the table's patient cell; headers  pseudonyms from DICOM; groups  the table's group cell; studies
    keyed study of DICOM; files  keyed digest of a file that gave several pictures. Empty strings where there is none.
    """
    memo: dict[str, str] = {}
    patient = []
    known = []
    ties: list[Tie] = []
    stacks: dict[str, str] = {}

    def named(of: str, word: str) -> str:
        return stacks.get(of + word) or stacks.setdefault(of + word, "p" + keyed(key, f"patient of {of}", word)[:16])

    called = {group: clean(group) for group in set(groups)}
    groups = [called[group] for group in groups]
    columns = zip(records, identifiers, headers, groups, studies, files, strict=True)
    for number, (record, identifier, header, group, study, file) in enumerate(columns):
        own = memo.get(identifier)
        if own is None:
            word = clean(identifier)
            own = memo.setdefault(identifier, patient_of(key, word) if word else "")
        names = [name for name in (own, header) if name]
        if group:
            names.append(named("group", group))
        names += [named("stack", stack) for stack in (study, file) if stack]
        found, *others = names or ["p" + keyed(key, "patient of record", record)[:16]]
        ties += [(number, other) for other in others if other != found]
        patient.append(found)
        known.append(bool(own or header))
    labels = [f"g\0{group}" if group else study for group, study in zip(groups, studies, strict=True)]
    return People(np.array(patient, dtype=object), np.array(known, bool), np.array(labels, dtype=object), ties=ties)


def group_of(key: bytes, patient: str) -> str:
    """The id of the group that is named after `patient`, the first of its patients."""
    return "g" + keyed(key, "group", patient)[:16]


def place(
    key: bytes,
    people: People,
    strata: pd.Series,
    alike: Groups,
    official: np.ndarray | None = None,
) -> Placed:
    """Group by patient, study and likeness; draw folds. `official` holds the fold names that the source gives."""
    count = len(people.patient)
    like = alike.labels()
    duplicate = like != np.arange(count)
    together = Groups(count)
    together.parent = like.copy()
    join_people(together, people.patient, people.ties)
    together.join_equal(people.studies.astype(str))
    for one, other in people.links:
        together.join(one, other)
    root = together.labels()
    # The patient whose pseudonym sorts first names the group: no order of files changes it.
    first = pd.Series(people.patient).groupby(root).transform("min").to_numpy(dtype=object)
    names, code = np.unique(first.astype(str), return_inverse=True)
    group_ids = np.array([group_of(key, name) for name in names], dtype=object)
    uniforms = np.array([uniform_of(key, name) for name in names], dtype=np.uint64)
    if official is not None:
        spread = pd.Series(official).groupby(like).transform("nunique").to_numpy()
        return Placed(group_ids[code], official.astype(object), duplicate, 0, int((duplicate & (spread > 1)).sum()))
    salt = folds.choose_salt(uniforms, code, strata)
    fold = np.array(folds.FOLDS, dtype=object)[folds.draw(uniforms, salt)]
    return Placed(group_ids[code], fold[code], duplicate, salt)


def likeness(
    base: pd.DataFrame,
    thumbnails: Callable[[np.ndarray], np.ndarray],
    tick: Callable[[int, int], None],
) -> Groups:
    """Groups of like pictures among the records of `base` (columns pixels, phash, blank, cell)."""
    cells = base["cell"].to_numpy(np.int64)
    return link_duplicates(
        base["pixels"].to_numpy(dtype=object),
        base["phash"].to_numpy(np.uint64),
        base["blank"].to_numpy(bool),
        lambda which: thumbnails(cells[which]),
        tick,
    )


def image_frame(listed: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """The image columns of the records, one row an answer that has pixels, in the order of the items.

    place is the number of the answer among all that were submitted, ordinal that of its item (several for a stack).
    """
    places = [place for place, answer in enumerate(listed) if "cell" in answer]
    answers = [listed[place] for place in places]
    frame = pd.DataFrame(
        {
            "place": np.array(places, dtype=np.int64),
            "ordinal": np.array([answer["ordinal"] for answer in answers], dtype=np.int64),
            "record": [answer["record"] for answer in answers],
            "code": [answer["code"] for answer in answers],
            **{name: [answer[name] for answer in answers] for name in ("height", "width", "channels", "bits")},
            "pixels": [answer["pixels"] for answer in answers],
            "phash": np.array([answer["phash"] for answer in answers], dtype=np.uint64),
            "blank": np.array([answer["blank"] for answer in answers], dtype=bool),
            "cell": np.array([answer["cell"] for answer in answers], dtype=np.int64),
            "frames": [answer["frames"] for answer in answers],
            "header_patient": [answer["patient"] for answer in answers],
            "study": [answer["group"] for answer in answers],
            "stack": [answer["digest"] if answer["frames"] > 1 else "" for answer in answers],
            "series": [answer["series"] for answer in answers],
            "attributes": [answer["attributes"] for answer in answers],
        }
    )
    for name in ("height", "width", "channels", "bits", "frames"):
        frame[name] = frame[name].astype("Int32")
    return frame


def row_frame(frame: pd.DataFrame, key: bytes) -> tuple[pd.DataFrame, Groups]:
    """Records of a table alone. A record's id is the keyed digest of its row; equal rows count as duplicates."""
    hashes = pd.util.hash_pandas_object(frame, index=False).to_numpy(np.uint64)
    order = pd.Series(hashes).groupby(hashes).cumcount().to_numpy()
    records = [
        "r" + keyed(key, "row", f"{value}\0{nth}")[:16]
        for value, nth in zip(hashes.tolist(), order.tolist(), strict=True)
    ]
    empty = len(frame)
    rows = np.arange(empty)
    base = pd.DataFrame({"record": records, "place": rows, "ordinal": rows, "code": [""] * empty})
    for name in ("height", "width", "channels"):
        base[name] = pd.array([pd.NA] * empty, dtype="Int32")
    base["pixels"] = pd.Series([None] * empty, dtype="str")
    base["phash"] = pd.array([pd.NA] * empty, dtype="UInt64")
    base["blank"] = False
    groups = Groups(empty)
    groups.join_equal(hashes.astype(str))
    return base, groups


def per_of(column: pd.Series, patients: np.ndarray, order: np.ndarray, known: bool) -> str:
    """`patient` where no patient has two values of the column, else `record`.

    patients: a code a row; order: the rows by patient, so that two values of one patient meet somewhere.
    """
    if not known:
        return "record"
    codes = pd.factorize(column)[0][order]
    people = patients[order][codes >= 0]
    codes = codes[codes >= 0]
    differs = (people[1:] == people[:-1]) & (codes[1:] != codes[:-1])
    return "record" if differs.any() else "patient"


def schema_of(
    records: pd.DataFrame, columns: Sequence[tuple[str, str, str]], known: bool, modality: str | None, bits: int
) -> dict[str, Any]:
    """schema.json of the accepted records. `columns` are (name, role, kind)."""
    described = []
    patients = pd.factorize(records["patient"])[0]
    order = np.argsort(patients, kind="stable")
    for name, role, kind in columns:
        column: dict[str, Any] = {"name": name, "role": role, "kind": kind}
        if kind == "category":
            column["values"] = sorted(records[name].dropna().unique().tolist())
        elif kind == "multi":
            column["values"] = sorted({part for word in records[name].dropna().unique() for part in word.split("|")})
        column["per"] = per_of(records[name], patients, order, known)
        described.append(column)
    image = None
    if records["file"].notna().any():
        colour = float((records["channels"] == 3).mean())
        image = {"channels": 3 if colour > 0.1 else 1, "modality": modality, "white": 2**bits - 1}
    return {"columns": described, "image": image, "patients_known": known}
