"""Several evaluated cohorts side by side. A difference is called only where intervals do not overlap.

Two 95 % intervals that do not overlap differ at about p = 0.006 where they are independent (Schenker & Gentleman
2001): that is careful on purpose, because a table has dozens of rows and the same held-out patients stand in each.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from medsynth_engine.kernel.measures import FAMILIES
from medsynth_engine.kernel.verdicts import ONLY_SAID, copies_below_zero

NO_COPIES = "No difference is shown: what lies above 0 is no copying, and neither better nor worse for being higher."
NO_GOAL = "It is held against something that was not the goal of every cohort: none is better for it."

Interval = tuple[float, float, float]
"""Value, lower and upper end on a scale on which more is better."""


@dataclass(frozen=True)
class Judged:
    """One cohort and its evaluation's document; `dataset` names the dataset and version that judged it."""

    cohort: str
    records: int
    dataset: str
    at: str
    document: Mapping[str, Any]
    outdated: bool = False


def compare(judged: Sequence[Judged]) -> dict[str, Any]:
    """`cohorts`, `notes`, `measures` [{name, direction, values, best, worse, says}], `groups`, `gauge`.

    values  per cohort {value, low, high, control, n} or None where it was not measured
    best    positions of the best and of those that are not told from it; empty where nothing is told apart
    worse   positions whose interval does not reach that of the best
    """
    names: dict[str, None] = {}
    for each in judged:
        names |= dict.fromkeys(value["name"] for value in each.document.get("evidence") or ())
    family = {name: FAMILIES.index(name.partition(".")[0]) for name in names if name.partition(".")[0] in FAMILIES}
    return {
        "cohorts": [
            {
                "cohort": each.cohort,
                "n": each.records,
                "dataset": each.dataset,
                "evaluated": each.at,
                "outdated": each.outdated,
            }
            for each in judged
        ],
        "notes": _notes(judged),
        "measures": [_measure(name, judged) for name in sorted(family, key=lambda name: family[name])],
        "groups": _groups(judged),
        "gauge": {
            scenario: [(each.document.get("gauge") or {}).get(scenario) for each in judged]
            for scenario in dict.fromkeys(key for each in judged for key in each.document.get("gauge") or {})
        },
    }


def _notes(judged: Sequence[Judged]) -> list[str]:
    """What a reader must know before believing the table."""
    notes = []
    if len({each.dataset for each in judged}) > 1:
        notes.append("They were judged by different datasets or versions: their numbers are not of one yardstick.")
    notes += [f"The evaluation of {each.cohort} is out of date." for each in judged if each.outdated]
    return notes


def _measure(name: str, judged: Sequence[Judged]) -> dict[str, Any]:
    found = [
        next((value for value in each.document.get("evidence") or () if value["name"] == name), None) for each in judged
    ]
    direction = next(value["direction"] for value in found if value is not None)
    only_said = name.startswith(ONLY_SAID)
    best, worse = ([], []) if only_said else told_apart([_goodness(value) for value in found])
    kept = ("value", "low", "high", "control", "n", "reads_as")
    return {
        "name": name,
        "direction": direction,
        "values": [None if value is None else {key: value.get(key) for key in kept} for value in found],
        "best": best,
        "worse": worse,
        "says": NO_GOAL if only_said else _says(judged, best, worse, found),
    }


def told_apart(scored: Sequence[Interval | None]) -> tuple[list[int], list[int]]:
    """Positions of the best (with those that overlap it), and of those that are worse. Both empty: none told apart."""
    known = {place: each for place, each in enumerate(scored) if each is not None}
    if len(known) < 2:
        return [], []
    first = max(known, key=lambda place: known[place][0])
    worse = [place for place, each in known.items() if each[2] < known[first][1]]
    return ([place for place in known if place not in worse], worse) if worse else ([], [])


def _goodness(value: Mapping[str, Any] | None) -> Interval | None:
    """An interval turned so that more is better; None where it has none. Of a ratio the distance from 1, in logs.

    Of C_T what is above 0 is no better than 0, and no worse.
    """
    if value is None or any(value.get(key) is None for key in ("value", "low", "high")):
        return None
    middle, low, high = (float(value[key]) for key in ("value", "low", "high"))
    direction = value.get("direction")
    if copies_below_zero(value):
        return min(0.0, middle), min(0.0, low), min(0.0, high)
    if direction == "higher":
        return middle, low, high
    if direction == "lower":
        return -middle, -high, -low
    if direction == "one":
        middle, low, high = (math.log(max(number, 1e-9)) for number in (middle, low, high))
    nearest = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    return -abs(middle), -max(abs(low), abs(high)), -nearest


def _says(judged: Sequence[Judged], best: list[int], worse: list[int], found: Sequence[Any]) -> str:
    if sum(value is not None and value.get("value") is not None for value in found) < 2:
        return "Fewer than two of them have this number."
    if not worse:
        if all(copies_below_zero(value) for value in found if value is not None):
            return NO_COPIES
        return "No difference is shown: the intervals overlap, or there are none."
    better, behind = (", ".join(judged[place].cohort for place in places) for places in (best, worse))
    return f"Better: {better}. The interval of {behind} lies wholly behind."


def _groups(judged: Sequence[Judged]) -> list[dict[str, Any]]:
    """How large each group is: in the training data, what was aimed for, and in each cohort (None: not known)."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for place, each in enumerate(judged):
        for table in each.document.get("bias") or ():
            for row in table["rows"]:
                key = (str(table["attribute"]), str(row["value"]))
                kept = rows.setdefault(
                    key,
                    {
                        "attribute": key[0],
                        "value": key[1],
                        "training": row.get("training"),
                        "shares": [None] * len(judged),
                        "goals": [None] * len(judged),
                        "flags": [None] * len(judged),
                    },
                )
                kept["shares"][place], kept["goals"][place] = row.get("synthetic"), row.get("reference")
                kept["flags"][place] = row.get("flag")
    return list(rows.values())
