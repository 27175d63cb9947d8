"""A table becomes typed columns: roles read, everything else judged, identifiers counted and dropped."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from medsynth_engine.intake import columns as typing
from medsynth_engine.intake.cells import Identifiers, without_identifiers
from medsynth_engine.intake.columns import Dropped, Typed
from medsynth_engine.intake.identifying import FEW_LEVELS, Values, judge, listed
from medsynth_engine.intake.matching import group_codes
from medsynth_engine.intake.roles import Roles
from medsynth_engine.kernel.escape import plain

RESERVED = listed(
    "record patient group fold file height width channels pixels phash blank age age_band sex ethnicity finding reason"
)
"""Names of records.parquet that a table's own column may not take."""
ROLE_KINDS = {"file": "file_names", "patient": "record_numbers", "group": "other_identifiers"}


@dataclass
class Described:
    """typed: the columns that stay, in order, `age_band` apart; dropped: column -> why, in the table's words.

    removed      kind of identifier -> how many cells are not kept
    identifying  column -> kind, for columns whose cells must occur in nothing that is written
    value_maps   role -> how raw words were read
    """

    typed: list[Typed] = field(default_factory=list)
    age_band: pd.Series | None = None
    dropped: dict[str, str] = field(default_factory=dict)
    removed: Counter[str] = field(default_factory=Counter)
    identifying: dict[str, str] = field(default_factory=dict)
    value_maps: dict[str, dict[str, str]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def describe(frame: pd.DataFrame, roles: Roles) -> Described:
    """Type every column of a table (all text). Roles first, then the rest in the table's order."""
    made = Described()
    single = roles.single
    people = group_codes([frame[single[role]] for role in ("patient", "group") if role in single], len(frame))
    for role, kind in ROLE_KINDS.items():
        if role in single:
            made.removed[kind] += _cells(frame[single[role]])
            made.identifying[single[role]] = kind
    _roles(frame, single, made)
    taken = set(single.values())
    for name in frame.columns:
        if name in taken:
            continue
        if name in roles.dropped:
            made.dropped[plain(name, 80)] = "It was to be dropped."
            made.identifying[name] = "asked"
            continue
        role = "condition" if name in roles.conditions else "column"
        asked = role == "condition" or name in roles.columns
        result = typing.typed(name, frame[name], people, role, asked)
        if isinstance(result, Dropped):
            _drop(result, made)
        else:
            made.typed.append(_renamed(result, made))
    _clean_cells(frame, made)
    return made


def _roles(frame: pd.DataFrame, single: dict[str, str], made: Described) -> None:
    if "age" in single:
        ages, made.age_band, oldest = typing.ages(frame[single["age"]])
        made.typed.append(ages)
        if oldest:
            made.removed["ages_over_89"] += oldest
            made.warnings.append(f"{oldest} ages of 90 and more are kept as 90, which reads 90 or older.")
        if ages.name == "age_band":
            made.warnings.append("The table has ranges of ages: each went to the age band in which its middle lies.")
    if "sex" in single:
        sexes, read = typing.sex(frame[single["sex"]])
        made.typed.append(sexes)
        made.value_maps["sex"] = {plain(raw, 40): letter for raw, letter in read.items()}
        codes = {raw: letter for raw, letter in read.items() if raw.strip()[:1].isdigit()}
        if codes:
            shown = ", ".join(f"{plain(raw, 10)} as {letter}" for raw, letter in codes.items())
            made.warnings.append(f"Sex is coded in numbers: {shown} was read. Check it.")
    if "ethnicity" in single:
        raw = frame[single["ethnicity"]]
        groups = typing.category("ethnicity", raw, np.arange(len(frame)), "ethnicity")
        _level_role(groups, typing.Levels.of("ethnicity", raw).values(), single, made)
    if "finding" in single:
        findings = typing.multi("finding", frame[single["finding"]], "finding")
        _level_role(findings, Values(findings.values, int(findings.series.notna().sum())), single, made)
    for column in made.typed:
        if column.unreadable:
            made.warnings.append(f"{column.unreadable} values of {column.role} could not be read and count as missing.")


def _level_role(column: Typed, values: Values, single: dict[str, str], made: Described) -> None:
    """A role of free levels: asked for, or called so; yet what it holds may be people, dates or reports."""
    verdict = judge("", values, numeric=False)
    if verdict is not None and (verdict.kind != "other_identifiers" or len(values.words) > FEW_LEVELS):
        _drop(Dropped(single[column.role], verdict, values.cells), made)
        made.warnings.append(f"The column that was to be the {column.role} was dropped. {verdict.why}")
    else:
        made.typed.append(column)


def _clean_cells(frame: pd.DataFrame, made: Described) -> None:
    """No cell that stays may hold what a dropped column names somebody by."""
    known = Identifiers()
    for name, kind in made.identifying.items():
        if kind == "names":
            known.add_names(frame[name].unique())
        elif kind in ("record_numbers", "other_identifiers", "account_numbers", "social_security_numbers"):
            known.add_codes(frame[name].unique())
    for place, column in enumerate(made.typed):
        made.typed[place], hits = without_identifiers(column, known)
        if hits:
            made.removed["identifiers_in_cells"] += hits
            made.warnings.append(f"{hits} cells of {column.name} held an identifier of a person and count as missing.")


def _drop(dropped: Dropped, made: Described) -> None:
    made.dropped[plain(dropped.name, 80)] = dropped.verdict.why
    if dropped.verdict.kind:
        made.removed[dropped.verdict.kind] += dropped.cells
        made.identifying[dropped.name] = dropped.verdict.kind


def _renamed(column: Typed, made: Described) -> Typed:
    """A plain name that is free. Notes become warnings."""
    name = plain(column.name, 60).strip()
    while name.casefold() in RESERVED | {other.name.casefold() for other in made.typed}:
        name += "_"
    if column.note:
        made.warnings.append(f"Column {name}: {column.note}")
    if column.unreadable:
        made.warnings.append(f"{column.unreadable} values of {name} are no numbers and count as missing.")
    if column.kind == "category" and len(column.values) > 4 * FEW_LEVELS:
        made.warnings.append(f"Column {name} has {len(column.values)} values.")
    return Typed(name, column.role, column.kind, column.series, column.values)


def _cells(column: pd.Series) -> int:
    return int((column.str.strip() != "").sum())


def row_identifiers(frame: pd.DataFrame, described: Described) -> list[tuple[bytes, ...]]:
    """For every row the values that name its person and must occur in nothing that is written for it."""
    rows: list[set[bytes]] = [set() for _ in range(len(frame))]
    for name in described.identifying:
        for found, value in zip(rows, frame[name].tolist(), strict=True):
            text = value.strip()
            if len(text) >= 4:
                found.add(text.encode("utf-8", "replace")[:64])
    return [tuple(sorted(found)) for found in rows]
