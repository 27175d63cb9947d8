"""What of an evaluation may leave the store: rounded numbers, no small count of real people (CMS cell size policy)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from medsynth_engine.kernel.small_cells import SMALLEST

DECIMALS = 2
STAMP = (
    "Synthetic records are no patients. Do not compute p-values or confidence intervals from them as if they were: "
    "more synthetic records are no more evidence."
)
DRAWN_TOGETHER = (
    "Each of these groups has fewer than 20 training images or 10 patients, so its records were drawn from a wider "
    "group and carry whichever of that group's values came: of the group itself there may be fewer than were asked for."
)

_PERCENT = re.compile(r"(\d+\.\d+)%")


def rounded(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """An evaluation as it may leave: numbers to two decimals, percents whole, counts of real people under 11 hidden.

    A number that is hidden, not unknown, is None with `hidden` beside it. `n` is told to the nearest ten too, except
    where it counts the cohort's own records, images or patients. Evidence and rows of `bias` keep their order.
    """
    document = dict(_to_decimals(dict(evaluation)))
    document.pop("identifying", None)
    sizes = dict(document.get("sizes") or {})
    own = set((sizes.get("synthetic") or {}).values())
    document["evidence"] = [_evidence(value, own) for value in document.get("evidence") or ()]
    for fold in ("training", "holdout"):
        if fold in sizes:
            sizes[fold] = {what: about(count) for what, count in sizes[fold].items()}
    document["sizes"] = sizes
    return document


def _evidence(value: Mapping[str, Any], own: set[int]) -> dict[str, Any]:
    smallest = value["value"] if value["name"] in ("privacy.k_anonymity", "privacy.k_map") else None
    if smallest is not None and smallest < SMALLEST:
        hidden = f"The smallest group of real patients with equal quasi-identifiers has fewer than {SMALLEST}."
        return {**value, "value": None, "low": None, "high": None, "n": 0, "reads_as": hidden, "hidden": True}
    told = value["n"] if value["n"] in own else about(value["n"])
    return {
        **value,
        "n": told,
        "reads_as": _PERCENT.sub(lambda found: f"{float(found[1]):.0f}%", str(value["reads_as"])),
    }


def about(count: int) -> int | str:
    """A count of real records to the nearest ten; 1 to 10 are not told."""
    return f"<{SMALLEST}" if 0 < count < SMALLEST else round(count, -1)


def patients_about(count: int) -> str:
    """How many patients something was learned from, in words that may leave."""
    return f"fewer than {SMALLEST}" if count < SMALLEST else f"about {round(count, -1)}"


def stand_ins(summary: Mapping[str, Any]) -> str:
    """What counts as a patient in a dataset without patient ids: what the table groups by, else each record."""
    return "lesions or studies" if "group" in (summary.get("columns") or {}) else "records"


def _to_decimals(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, float):
        return round(value, DECIMALS)
    if isinstance(value, Mapping):
        return {key: _to_decimals(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_to_decimals(inner) for inner in value]
    return value
