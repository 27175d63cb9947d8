"""A table becomes typed columns: roles read, everything else judged, identifiers counted and dropped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from medsynth_engine.intake.tables import ages as ages_and_sex
from medsynth_engine.intake.tables import columns as typing
from medsynth_engine.intake.tables import shown
from medsynth_engine.intake.tables.cells import without_identifiers
from medsynth_engine.intake.tables.columns import Dropped, Typed
from medsynth_engine.intake.tables.dates import NEEDS_EXPERT, Dates
from medsynth_engine.intake.tables.identifying import FEW_LEVELS, Values, judge
from medsynth_engine.intake.tables.known_people import Identifiers
from medsynth_engine.intake.tables.matching import group_codes
from medsynth_engine.intake.tables.people import conflict_warnings, id_warnings
from medsynth_engine.intake.tables.reduced import capped, reduced
from medsynth_engine.intake.tables.roles import Roles
from medsynth_engine.intake.tables.words import listed
from medsynth_engine.kernel.escape import plain

RESERVED = listed(
    "record patient group fold file height width channels pixels phash blank age age_band sex ethnicity finding reason"
)
"""Names of records.parquet that a table's own column may not take."""
ROLE_KINDS = {"file": "file_names", "patient": "record_numbers", "group": "other_identifiers"}
CODES = listed(
    "record_numbers other_identifiers account_numbers social_security_numbers health_plan_numbers device_identifiers "
    "licence_numbers vehicle_identifiers"
)
NAMES_TOGETHER = 6
"""Columns of names of which a row's cells are looked at as one name."""


@dataclass
class Described:
    """typed: the columns that stay, in order, `age_band` apart; dropped: column -> why, in the table's words.

    removed      kind of identifier -> how many cells are not kept
    identifying  column -> kind, for columns whose cells must occur in nothing that is written
    value_maps   column as it is kept -> how raw values were read, where they changed
    unreadable   column as it is kept -> raw values that could not be read, with their cells
    roles        for each role its column, whether it was mapped, or guessed by name or values, and a sample; of the
                 columns that name people only how many values there are, and how many of them repeat
    """

    typed: list[Typed] = field(default_factory=list)
    age_band: pd.Series | None = None
    dropped: dict[str, str] = field(default_factory=dict)
    removed: Counter[str] = field(default_factory=Counter)
    identifying: dict[str, str] = field(default_factory=dict)
    value_maps: dict[str, dict[str, str]] = field(default_factory=dict)
    unreadable: dict[str, dict[str, int]] = field(default_factory=dict)
    roles: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def describe(frame: pd.DataFrame, roles: Roles, dates: Dates | None = None) -> Described:
    """Type every column of a table (all text). Roles first, then the rest in the table's order.

    dates  what becomes of dates; dropped where None
    """
    made = Described()
    dates = dates or Dates()
    single = roles.single
    people = group_codes([frame[single[role]] for role in ("patient", "group") if role in single], len(frame))
    for role, kind in ROLE_KINDS.items():
        if role in single:
            made.removed[kind] += _cells(frame[single[role]])
            made.identifying[single[role]] = kind
    _roles(frame, single, made)
    taken = set(single.values())
    owners = _owners(frame, single)
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
            result = _less_of(result, frame[name], owners, dates, asked, role, made)
        if isinstance(result, Dropped):
            _drop(result, made)
        else:
            result, old = capped(result, asked)
            made.removed["ages_over_89"] += old
            result = replace(result, readings=shown.with_people(result.readings, frame[name], people))
            made.typed.append(_renamed(result, made))
    for place, column in enumerate(made.typed):
        if column.role in single:
            seen = shown.with_people(column.readings, frame[single[column.role]], people)
            made.typed[place] = replace(column, readings=seen)
    known = _known(frame, made)
    _clean_cells(known, people, made, roles)
    _show(frame, roles, known, made)
    if "patient" in single:
        made.warnings += id_warnings(frame[single["patient"]])
        made.warnings += conflict_warnings(made.typed, people)
    return made


def _owners(frame: pd.DataFrame, single: dict[str, str]) -> list[str]:
    """Whose each row is: the patient's id as it stands there, or something of the row's own."""
    if "patient" not in single:
        return [f"\0row {row}" for row in range(len(frame))]
    ids = (value.strip().removesuffix(".0") for value in frame[single["patient"]].tolist())
    return [given or f"\0row {row}" for row, given in enumerate(ids)]


def _less_of(
    dropped: Dropped, column: pd.Series, owners: list[str], dates: Dates, asked: bool, role: str, made: Described
) -> Typed | Dropped:
    """The lesser form of an identifying column. Its cells count as removed all the same: what came is not kept."""
    lesser = reduced(dropped, column, owners, dates, asked, role)
    if isinstance(lesser, Typed):
        made.removed[dropped.verdict.kind] += dropped.cells
        made.identifying[dropped.name] = dropped.verdict.kind
        if dates.mode == "shift" and dropped.verdict.kind == "dates" and NEEDS_EXPERT not in made.warnings:
            made.warnings.append(NEEDS_EXPERT)
    return lesser


def _roles(frame: pd.DataFrame, single: dict[str, str], made: Described) -> None:
    if "age" in single:
        _ages(frame[single["age"]], made)
    if "sex" in single:
        _sex(frame[single["sex"]], made)
    if "ethnicity" in single:
        raw = frame[single["ethnicity"]]
        levels = typing.Levels.of("ethnicity", raw)
        groups = typing.category(levels, np.arange(len(frame)), "ethnicity")
        _level_role(groups, levels.values(), single, made)
    if "finding" in single:
        findings = typing.multi("finding", frame[single["finding"]], "finding")
        _level_role(findings, Values(findings.values, int(findings.series.notna().sum())), single, made)
    for column in made.typed:
        if column.unreadable:
            made.warnings.append(f"{column.unreadable} values of {column.role} could not be read and count as missing.")


def _ages(column: pd.Series, made: Described) -> None:
    ages, made.age_band, oldest = ages_and_sex.ages(column)
    made.typed.append(replace(ages, readings=shown.without_old(ages.readings)))
    if ages.note:
        made.warnings.append(ages.note)
    if oldest:
        made.removed["ages_over_89"] += oldest
        made.warnings.append(
            f"{oldest} ages of 90 and more are kept as 90, which reads 90 or older, or in the band 80+."
        )
    if ages.name == "age_band":
        made.warnings.append("The table has ranges of ages: each went to the age band in which its middle lies.")


def _sex(column: pd.Series, made: Described) -> None:
    sexes, read = ages_and_sex.sex(column)
    made.typed.append(sexes)
    codes = {raw: letter for raw, letter in sorted(read.items()) if raw.strip()[:1].isdigit()}
    if codes:
        told = ", ".join(f"{plain(raw, 10)} as {letter}" for raw, letter in codes.items())
        made.warnings.append(f"Sex is coded in numbers: {told} was read. Check it.")
    elif not read and sexes.unreadable:
        made.warnings.append("The codes of sex could be read in more than one way; none was.")


def _level_role(column: Typed, values: Values, single: dict[str, str], made: Described) -> None:
    """A role of free levels: asked for, or called so; yet what it holds may be people, dates or reports."""
    verdict = judge("", values)
    if verdict is not None and (verdict.kind != "other_identifiers" or len(values.words) > FEW_LEVELS):
        _drop(Dropped(single[column.role], verdict, values.cells), made)
        made.warnings.append(f"The column that was to be the {column.role} was dropped. {verdict.why}")
    else:
        made.typed.append(column)


def _known(frame: pd.DataFrame, made: Described) -> Identifiers:
    """What the dropped columns name people by."""
    known = Identifiers(text for column in made.typed for text in _texts(column))
    names = [name for name, kind in made.identifying.items() if kind == "names"]
    for start in range(0, len(names), NAMES_TOGETHER):
        known.add_names(frame[names[start : start + NAMES_TOGETHER]])
    for name, kind in made.identifying.items():
        if kind in CODES:
            known.add_codes(frame[name].unique().tolist())
    return known


def _texts(column: Typed) -> Iterator[str]:
    """All words of a column that may be stored or shown."""
    yield column.name
    yield from column.values
    yield from (one.raw for one in column.readings)


def _clean_cells(known: Identifiers, people: np.ndarray, made: Described, roles: Roles) -> None:
    """No cell, and no name of a column, that stays may hold what names somebody."""
    emptied = set()
    for place, column in enumerate(made.typed):
        vouched = column.role in roles.single and roles.guessed.get(column.role, "mapped") == "mapped"
        clean, hits = without_identifiers(column, known, people, vouched)
        if known.inside(column.name):
            clean = replace(clean, name=f"column {place + 1}")
            made.removed["identifiers_in_cells"] += 1
            made.warnings.append("A column was called by an identifier of a person; it has a number for a name now.")
        made.typed[place] = clean
        if hits:
            made.removed["identifiers_in_cells"] += hits
            made.warnings.append(f"{hits} cells of {clean.name} held an identifier of a person, which was taken out.")
            if clean.series.isna().all():
                made.dropped[clean.name] = "Nothing is left of it: all its cells held identifiers of people."
                emptied.add(clean.name)
    made.typed = [column for column in made.typed if column.name not in emptied]


def _show(frame: pd.DataFrame, roles: Roles, known: Identifiers, made: Described) -> None:
    """Value maps, what could not be read, and a sample of each role."""
    by_role = {column.role: column for column in made.typed}
    for column in made.typed:
        name = column.role if column.role in roles.single else column.name
        read = shown.value_map(column.readings, known.inside, _kept(column), every=column.role == "sex")
        if read:
            made.value_maps[name] = read
        missed = shown.unreadable(column.readings, known.inside)
        if missed:
            made.unreadable[name] = missed
    for role, name in roles.single.items():
        entry: dict[str, Any] = {
            "role": role,
            "column": plain(name, 80),
            "guessed_by": roles.guessed.get(role, "mapped"),
        }
        if role in ROLE_KINDS:
            entry |= _repetition(frame[name])
        else:
            entry["sample"] = _sample(by_role.get(role), known)
        made.roles.append(entry)
    guessed = [f"{entry['column']} as {entry['role']}" for entry in made.roles if entry["guessed_by"] == "values"]
    if guessed:
        made.warnings.append(f"Guessed from values alone: {', '.join(guessed)}. Check it.")


def _kept(column: Typed) -> tuple[str, ...] | None:
    """The levels that stayed; None where there are none."""
    return column.values if column.kind in ("category", "multi") else None


def _sample(column: Typed | None, known: Identifiers) -> list[dict[str, Any]]:
    return shown.sample(column.readings, known.inside, _kept(column)) if column is not None else []


def _repetition(column: pd.Series) -> dict[str, int]:
    counts = column[column.str.strip() != ""].value_counts()
    return {"distinct": len(counts), "repeated": int((counts > 1).sum())}


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
        made.warnings.append(f"{column.unreadable} values of {name} could not be read and count as missing.")
    if column.kind == "category" and len(column.values) > 4 * FEW_LEVELS:
        made.warnings.append(f"Column {name} has {len(column.values)} values.")
    return replace(column, name=name, unreadable=0, note="")


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
