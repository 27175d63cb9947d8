"""After decoding: answers and typed rows become the tables of a dataset and the document of its intake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from medsynth_engine.intake import assemble
from medsynth_engine.intake.append import Earlier, likeness_beside, place_beside
from medsynth_engine.intake.assemble import FIXED, People
from medsynth_engine.intake.duplicates import Groups
from medsynth_engine.intake.identified import Identified
from medsynth_engine.intake.merged import merged
from medsynth_engine.intake.plan import Plan
from medsynth_engine.intake.pseudonym import patient_of
from medsynth_engine.intake.reasons import Code, outcome
from medsynth_engine.intake.removed import removed_table
from medsynth_engine.intake.report import report
from medsynth_engine.intake.submitted import Submitted
from medsynth_engine.intake.tables.matching import by_header
from medsynth_engine.intake.tables.normalise import band_of_years
from medsynth_engine.intake.ties import kept, ties_of
from medsynth_engine.kernel.escape import plain

ATTRIBUTES: tuple[tuple[str, str, str], ...] = (
    ("age", "age", "number"),
    ("sex", "sex", "category"),
    ("ethnicity", "ethnicity", "category"),
)
ATTRIBUTES += (("modality", "column", "category"), ("body_part", "column", "category"), ("view", "column", "category"))
OF_ANOTHER_KIND = "{}: is of another kind than in the dataset; its new values are left out."


@dataclass
class Built:
    """What is written. quarantined has the columns of records, and `reason`. See ties.py and removed.py for those."""

    records: pd.DataFrame
    quarantined: pd.DataFrame
    submissions: pd.DataFrame
    schema: dict[str, Any]
    document: dict[str, Any]
    salt: int
    ties: pd.DataFrame
    removed: pd.DataFrame


def build(
    plan: Plan,
    answers: list[dict[str, Any]],
    thumbnails: Callable[[np.ndarray], np.ndarray],
    key: bytes,
    name: str,
    progress: Callable[[int, int | None, str], None],
    earlier: Earlier | None = None,
) -> Built:
    """Everything after the pool. `answers` has one entry a submitted picture (none for a table alone).

    earlier  the dataset that the records are added to
    """
    base, rows, equal_rows = _base(plan, answers, key)
    if plan.table_alone:
        submitted = Submitted.of_rows(base["record"].to_numpy(dtype=object))
    else:
        submitted = Submitted.of_answers(answers)
    if earlier is not None:
        there, why = earlier.holds(base["record"]), earlier.taken_out(base["record"])
        _refuse(base, submitted, there, Code.ALREADY_THERE)
        for code in sorted(set(why[why != ""])):
            _refuse(base, submitted, why == code, Code(code))
        left = ~(there | (why != ""))
        base, rows = base[left].reset_index(drop=True), rows[left]

    def tick(done: int, total: int) -> None:
        progress(done, total, "comparing pictures")

    people = _people(plan, base, rows, key)
    table, columns = _attributes(plan, base, rows)
    official = _official(plan, base)
    strata = table["finding"] if "finding" in table else pd.Series([""] * len(base))
    if earlier is not None:
        alike = likeness_beside(earlier, base, thumbnails, tick)
        placed, joins, waiting = place_beside(key, earlier, people, alike, official)
        earlier = replace(earlier, quarantined=waiting)
        _refuse(base, submitted, joins, Code.JOINS_FOLDS)
    else:
        alike = equal_rows or assemble.likeness(base, thumbnails, tick)
        placed = assemble.place(key, people, strata, alike, official)
    progress(len(base), len(base), "splitting by patient")
    base["patient"], base["group"], base["fold"] = people.patient, placed.group, placed.fold
    base["duplicate"], base["known"] = placed.duplicate, people.known
    found: Counter[str] = Counter()
    for answer in answers:
        found.update(answer.get("found", {}))
    whole = pd.concat([base[list(FIXED)], table], axis=1)
    ties = ties_of(base["record"], people.ties, earlier.ties if earlier is not None else None)
    return _finished(plan, submitted, found, base, whole, columns, placed, ties, earlier, name)


def _base(plan: Plan, answers: list[dict[str, Any]], key: bytes) -> tuple[pd.DataFrame, np.ndarray, Groups | None]:
    """One row a picture or table row, the number of its row in the table (-1 for none), and groups of equal rows."""
    if plan.table_alone:
        assert plan.frame is not None
        base, equal_rows = assemble.row_frame(plan.frame, key)
        base["file"] = pd.Series([None] * len(base), dtype="str")
        return base, np.arange(len(base)), equal_rows
    base = assemble.image_frame(answers)
    base["file"] = pd.Series([f"images/{record}.png" for record in base["record"]], dtype="str")
    if plan.header_match and plan.frame is not None:
        named = base[base["header_patient"] != ""]
        headers = dict(zip(named["ordinal"].tolist(), named["header_patient"].tolist(), strict=True))
        plan.match = by_header(plan.frame[plan.roles.single["patient"]], key, headers)
    rows = np.array([plan.match.row_of.get(ordinal, -1) for ordinal in base["ordinal"]], dtype=np.int64)
    return base, rows, None


def _refuse(base: pd.DataFrame, submitted: Submitted, which: np.ndarray, code: Code) -> None:
    base.loc[which, "code"] = code.value
    submitted.refuse(base.loc[which, "place"].to_numpy(), code)


def _finished(
    plan: Plan,
    submitted: Submitted,
    found: Counter[str],
    base: pd.DataFrame,
    whole: pd.DataFrame,
    columns: list[tuple[str, str, str]],
    placed: assemble.Placed,
    ties: pd.DataFrame,
    earlier: Earlier | None,
    name: str,
) -> Built:
    order = base["record"].argsort(kind="stable").to_numpy()
    codes = base["code"].to_numpy()[order]
    records = whole.iloc[order[codes == ""]].reset_index(drop=True)
    held = np.array([outcome(code) == "quarantined" for code in codes], dtype=bool)
    quarantined = whole.iloc[order[held]].assign(reason=codes[held]).reset_index(drop=True)
    if len(quarantined):
        quarantined["file"] = quarantined["file"].str.replace("images/", "quarantine/", regex=False)
    accepted = (base["code"] == "").to_numpy()
    share = float(base.loc[accepted, "known"].mean()) if accepted.any() else 0.0
    identified = Identified.of(base)
    bits = int(base["bits"].max()) if "bits" in base and len(base) and int(base["bits"].max()) > 8 else 16
    known = share >= 0.5
    if earlier is not None:
        identified = identified.beside(earlier.identified, base, earlier.records["patient"])
        records, columns, lost = merged(earlier.records, earlier.columns, records, columns)
        plan.warnings += [OF_ANOTHER_KIND.format(plain(column, 80)) for column in lost]
        quarantined = pd.concat([earlier.quarantined, quarantined], ignore_index=True)
        bits, known = max(bits, earlier.bits), known and earlier.known
    schema = assemble.schema_of(records, columns, known, _modality(records), bits)
    submissions = submitted.table()
    document = report.document(plan, submissions, found, base, records, quarantined, schema, identified, placed, name)
    removed = removed_table(earlier.removed if earlier is not None else {})
    return Built(
        records, quarantined, submissions, schema, document, placed.salt, kept(ties, records, quarantined), removed
    )


def _cell(plan: Plan, rows: np.ndarray, role: str) -> list[str]:
    """The table's text of a role for each record, empty where there is none."""
    if plan.frame is None or role not in plan.roles.single:
        return [""] * len(rows)
    texts = plan.frame[plan.roles.single[role]].to_numpy(dtype=object)
    return [texts[row] if row >= 0 else "" for row in rows]


def _people(plan: Plan, base: pd.DataFrame, rows: np.ndarray, key: bytes) -> People:
    empty = [""] * len(base)
    people = assemble.people_of(
        key,
        base["record"].tolist(),
        _cell(plan, rows, "patient"),
        base["header_patient"].tolist() if "header_patient" in base else empty,
        _cell(plan, rows, "group"),
        base["study"].tolist() if "study" in base else empty,
        base["stack"].tolist() if "stack" in base else empty,
    )
    if "header_patient" in base:
        _link_headers(plan, people, base["header_patient"])
    if plan.match.links and plan.frame is not None and "patient" in plan.roles.single:
        texts = plan.frame[plan.roles.single["patient"]].tolist()
        first_of = {patient: number for number, patient in reversed(list(enumerate(people.patient.tolist())))}
        record_of_row = {int(row): number for number, row in enumerate(rows) if row >= 0}
        for kept, other in plan.match.links:
            if kept in record_of_row and texts[other].strip():
                number = first_of.get(patient_of(key, texts[other]))
                if number is not None:
                    people.links.append((record_of_row[kept], number))
    return people


def _link_headers(plan: Plan, people: People, headers: pd.Series) -> None:
    """Pictures of one patient by their headers stay together, though the table calls that patient by several ids."""
    several = 0
    for places in headers[headers != ""].groupby(headers).groups.values():
        first_of: dict[str, int] = {}
        for place in places:
            first_of.setdefault(people.patient[place], int(place))
        kept, *others = first_of.values()
        people.links += [(kept, other) for other in others]
        several += bool(others)
    if several:
        plan.warnings.append(
            f"{several} patients of DICOM headers have several ids in the table: the pictures of each stay in one fold."
        )


def _attributes(plan: Plan, base: pd.DataFrame, rows: np.ndarray) -> tuple[pd.DataFrame, list[tuple[str, str, str]]]:
    """The typed columns of the table, and what headers gave, one row a record; and (name, role, kind) of each."""
    present = rows >= 0
    found: dict[str, pd.Series] = {}
    columns = []
    for typed in plan.described.typed:
        found[typed.name] = _taken(typed.series, rows, present)
        columns.append((typed.name, typed.role, typed.kind))
    if plan.described.age_band is not None:
        found["age_band"] = _taken(plan.described.age_band, rows, present)
    if "attributes" in base:
        for name, role, kind in ATTRIBUTES:
            values = [attributes.get(name) for attributes in base["attributes"]]
            if name in found or (name == "age" and "age_band" in found) or all(value is None for value in values):
                continue
            found[name] = pd.Series(values, dtype="float64" if kind == "number" else "str")
            columns.append((name, role, kind))
            if name == "age":
                bands = [None if pd.isna(years) else band_of_years(years) for years in found["age"]]
                found["age_band"] = pd.Series(bands, dtype="str")
    rank = {role: place for place, role in enumerate(("age", "sex", "ethnicity", "finding", "condition"))}
    columns.sort(key=lambda column: rank.get(column[1], len(rank)))
    order = [name for name, _, _ in columns]
    if "age_band" in found and "age_band" not in order:
        order.insert(order.index("age") + 1, "age_band")
    return pd.DataFrame({name: found[name] for name in order}, index=base.index), columns


def _taken(series: pd.Series, rows: np.ndarray, present: np.ndarray) -> pd.Series:
    """series at `rows`, missing where there is no row."""
    if len(series) == 0 or not present.any():
        return pd.Series([None] * len(rows), dtype=series.dtype)
    taken = series.take(np.where(present, rows, 0)).reset_index(drop=True)
    return taken.where(pd.Series(present)) if not present.all() else taken


def _official(plan: Plan, base: pd.DataFrame) -> np.ndarray | None:
    if not any(item.split for item in plan.items):
        return None
    splits = {item.ordinal: item.split or "training" for item in plan.items}
    return np.array([splits[ordinal] for ordinal in base["ordinal"]], dtype=object)


def _modality(records: pd.DataFrame) -> str | None:
    """The commonest word of a column called modality."""
    for name in records.columns:
        if name.casefold() == "modality" and records[name].notna().any():
            return str(records[name].mode().iloc[0])
    return None
