"""The rows of an append beside the earlier ones: one table, whose earlier values are never rewritten."""

from __future__ import annotations

import pandas as pd

from medsynth_engine.intake.assemble import FIXED
from medsynth_engine.intake.tables.words import FALSE_WORDS, TRUE_WORDS

Column = tuple[str, str, str]
"""name, role, kind."""


def merged(
    earlier: pd.DataFrame, before: tuple[Column, ...], records: pd.DataFrame, columns: list[Column]
) -> tuple[pd.DataFrame, list[Column], list[str]]:
    """The earlier and the new records in one table, sorted by id; a column that only one of them has is missing in the
    other.

    Where the kinds of a column differ it becomes a number (integer and number) or several (category and multi); else
    new values are read as what is there: words of yes and no beside yes and no, numbers as levels beside levels. Where
    that cannot be they go missing. Returns the table, its columns, and the names of columns whose new values did.
    """
    old, lost = earlier, []
    kinds = {name: (role, kind) for name, role, kind in before}
    made = list(before)
    for name, role, kind in columns:
        if name not in kinds:
            made.append((name, role, kind))
            continue
        there = kinds[name][1]
        if there == kind:
            continue
        common = _common(there, kind)
        if common is not None:
            made[[column[0] for column in made].index(name)] = (name, kinds[name][0], common)
            dtype = "float64" if common == "number" else "str"
            old = old.assign(**{name: old[name].astype(dtype)})
            records = records.assign(**{name: records[name].astype(dtype)})
            continue
        values = _read_as(there, old[name], records[name])
        if values is None:
            values = pd.Series([None] * len(records), index=records.index)
            lost.append(name)
        records = records.assign(**{name: values.astype(old[name].dtype)})
    whole = pd.concat([old, records], ignore_index=True)
    order = [*FIXED, *(name for name in whole.columns if name not in FIXED)]
    return whole[order].sort_values("record", kind="stable").reset_index(drop=True), made, lost


def _common(one: str, other: str) -> str | None:
    kinds = {one, other}
    if kinds == {"integer", "number"}:
        return "number"
    return "multi" if kinds == {"category", "multi"} else None


def _read_as(kind: str, old: pd.Series, new: pd.Series) -> pd.Series | None:
    """New values as an earlier column of that kind would hold them; None where it could not."""
    words = new.astype("str").str.removesuffix(".0").where(new.notna())
    if kind == "boolean":
        said = {**dict.fromkeys(TRUE_WORDS, True), **dict.fromkeys(FALSE_WORDS, False)}
        read = words.str.casefold().map(said)
        return read.astype("boolean") if bool((read.notna() == new.notna()).all()) else None
    if kind not in ("category", "multi"):
        return None
    if new.dtype != "boolean":
        return words
    levels = old.dropna().unique()
    yes, no = ([level for level in levels if level.casefold() in words] for words in (TRUE_WORDS, FALSE_WORDS))
    return new.map({True: yes[0], False: no[0]}) if len(yes) == len(no) == 1 else None
