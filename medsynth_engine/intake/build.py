"""After decoding: answers and typed rows become the tables of a dataset and the document of its intake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from medsynth_engine.intake import assemble, report
from medsynth_engine.intake.assemble import FIXED, People
from medsynth_engine.intake.matching import by_header
from medsynth_engine.intake.normalise import band_of_years
from medsynth_engine.intake.plan import Plan
from medsynth_engine.intake.pseudonym import keyed, patient_of
from medsynth_engine.intake.reasons import outcome

ATTRIBUTES: tuple[tuple[str, str, str], ...] = (
    ("age", "age", "number"),
    ("sex", "sex", "category"),
    ("ethnicity", "ethnicity", "category"),
)
ATTRIBUTES += (("modality", "column", "category"), ("body_part", "column", "category"), ("view", "column", "category"))


@dataclass
class Built:
    """What is written. quarantined has the columns of records, and `reason`."""

    records: pd.DataFrame
    quarantined: pd.DataFrame
    submissions: pd.DataFrame
    schema: dict[str, Any]
    document: dict[str, Any]
    salt: int


def build(
    plan: Plan,
    answers: dict[int, dict[str, Any]],
    thumbnails: Callable[[np.ndarray], np.ndarray],
    key: bytes,
    name: str,
    progress: Callable[[int, int | None, str], None],
) -> Built:
    """Everything after the pool. `answers` has one entry an item (none for a table alone)."""
    if plan.table_alone:
        assert plan.frame is not None
        base, alike = assemble.row_frame(plan.frame, key)
        rows = np.arange(len(base))
    else:
        with_pixels = [answers[item.ordinal] for item in plan.items if "cell" in answers[item.ordinal]]
        base = assemble.image_frame(with_pixels)
        if plan.header_match and plan.frame is not None:
            headers = {answer["ordinal"]: answer["patient"] for answer in with_pixels if answer["patient"]}
            plan.match = by_header(plan.frame[plan.roles.single["patient"]], key, headers)
        rows = np.array([plan.match.row_of.get(ordinal, -1) for ordinal in base["ordinal"]], dtype=np.int64)
        alike = assemble.likeness(base, thumbnails, lambda done, total: progress(done, total, "comparing pictures"))
    people = _people(plan, base, rows, key)
    table, columns = _attributes(plan, base, rows)
    official = _official(plan, base)
    strata = table["finding"] if "finding" in table else pd.Series([""] * len(base))
    progress(len(base), len(base), "splitting by patient")
    placed = assemble.place(key, people, strata, alike, official)
    base["patient"], base["group"], base["fold"] = people.patient, placed.group, placed.fold
    base["duplicate"], base["known"] = placed.duplicate, people.known
    accepted = (base["code"] == "").to_numpy()
    base["file"] = pd.Series(
        [None if plan.table_alone else f"images/{record}.png" for record in base["record"]], dtype="str"
    )
    whole = pd.concat([base[list(FIXED)], table], axis=1)
    order = base["record"].argsort(kind="stable").to_numpy()
    records = whole.iloc[order[accepted[order]]].reset_index(drop=True)
    held = order[~accepted[order]]
    quarantined = whole.iloc[held].assign(reason=base["code"].to_numpy()[held]).reset_index(drop=True)
    if len(quarantined):
        quarantined["file"] = quarantined["file"].str.replace("images/", "quarantine/", regex=False)
    known_share = float(people.known[accepted].mean()) if accepted.any() else 0.0
    bits = int(base["bits"].max()) if "bits" in base and len(base) and int(base["bits"].max()) > 8 else 16
    schema = assemble.schema_of(records, columns, known_share >= 0.5, _modality(records), bits)
    document = _document(plan, answers, base, records, schema, known_share, placed, name)
    return Built(records, quarantined, _submissions(plan, answers, base, key), schema, document, placed.salt)


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
    )
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


def _submissions(plan: Plan, answers: dict[int, dict[str, Any]], base: pd.DataFrame, key: bytes) -> pd.DataFrame:
    """One row a submitted record: ordinal, outcome, reason, keyed digest of the source."""
    if plan.table_alone:
        return pd.DataFrame(
            {
                "ordinal": base["ordinal"],
                "outcome": "accepted",
                "reason": "",
                "digest": [keyed(key, "source row", record) for record in base["record"]],
            }
        )
    listed = [answers[item.ordinal] for item in plan.items]
    return pd.DataFrame(
        {
            "ordinal": [answer["ordinal"] for answer in listed],
            "outcome": [outcome(answer["code"]) for answer in listed],
            "reason": [answer["code"] for answer in listed],
            "digest": [answer.get("digest", "") for answer in listed],
        }
    )


def _document(
    plan: Plan,
    answers: dict[int, dict[str, Any]],
    base: pd.DataFrame,
    records: pd.DataFrame,
    schema: dict[str, Any],
    known_share: float,
    placed: assemble.Placed,
    name: str,
) -> dict[str, Any]:
    codes = [""] * len(base) if plan.table_alone else [answers[item.ordinal]["code"] for item in plan.items]
    outcomes = Counter(outcome(code) for code in codes)
    reasons = report.count_reasons(codes)
    removed = Counter(plan.described.removed)
    for answer in answers.values():
        removed.update(answer.get("found", {}))
    if not plan.table_alone and plan.source.arrays is None:
        removed["file_names"] += len(plan.items)
    folds = Counter(records["fold"])
    columns = plan.roles.document()
    if plan.source.arrays is not None:
        columns.pop("file", None)
    warnings = [
        *plan.warnings,
        *report.reason_warnings(reasons),
        *_frame_warnings(base),
        *_known_warnings(known_share),
        *report.fold_warnings(
            records,
            schema["patients_known"],
            any(item.split for item in plan.items),
            placed.spanning,
            "group" in plan.roles.single,
        ),
        *report.small_cell_warnings(records),
    ]
    return report.settled(
        {
            "dataset": name,
            "submitted": len(codes),
            "accepted": outcomes["accepted"],
            "quarantined": outcomes["quarantined"],
            "rejected": outcomes["rejected"],
            "reasons": reasons,
            "patients": int(records["patient"].nunique()),
            "patients_known": schema["patients_known"],
            "duplicates": int((base["duplicate"] & (base["code"] == "")).sum()),
            "identifiers_removed": {kind: count for kind, count in sorted(removed.items()) if count},
            "train": folds["training"],
            "validation": folds["validation"],
            "holdout": folds["holdout"],
            "unmatched_rows": plan.match.unmatched,
            "columns": columns,
            "dropped_columns": plan.described.dropped,
            "table_columns": plan.table_columns,
            "value_maps": plan.described.value_maps,
            "schema": schema,
            "preview": report.preview(records),
            "warnings": warnings,
        }
    )


def _frame_warnings(base: pd.DataFrame) -> list[str]:
    if "frames" not in base:
        return []
    several = base.loc[base["frames"] > 1, "frames"]
    if several.empty:
        return []
    return [
        f"{len(several)} files hold several frames ({int(several.sum())} in all); the middle one of each was taken."
    ]


def _known_warnings(share: float) -> list[str]:
    return (
        [f"{1 - share:.0%} of the records have no patient id and count as patients of their own."]
        if 0 < share < 1
        else []
    )
