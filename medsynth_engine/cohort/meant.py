"""What a cohort was meant to be: the shares that were asked for, before small cells were broadened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from medsynth_engine.kernel.escape import plain


def meant(document: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Attribute -> {value: share} of a drawn cohort's document; empty where nothing was asked for.

    A cell that was broadened counts for what was asked, not for the union it was drawn from: whoever asked for a
    group is told how much of it came. An attribute whose cell stays a union of several values (a population file's
    value may stand for more than one) is left out: no record carries a union.
    """
    cells = [dict(cell) for cell in document.get("cells") or ()]
    total = sum(cell["n"] for cell in cells)
    for asked, wide, n in _broadened(document):
        found = next((cell for cell in cells if cell == {**wide, "n": n}), None)
        if found is not None:
            found.update(asked)
    unions = _unions(document, cells)
    margins: dict[str, dict[str, float]] = {}
    for cell in cells:
        for attribute, value in cell.items():
            if attribute != "n" and attribute not in unions and total:
                shares = margins.setdefault(attribute, {})
                shares[str(value)] = shares.get(str(value), 0.0) + cell["n"] / total
    return margins


def _broadened(document: Mapping[str, Any]) -> list[tuple[dict[str, str], dict[str, str], int]]:
    """Each broadened cell as it was asked for, as it was drawn from, and how many records."""
    found: dict[tuple[tuple[str, str], ...], tuple[dict[str, str], dict[str, str], int]] = {}
    for merger in document.get("mergers") or ():
        asked = dict(merger["cell"])
        _, wide, _ = found.setdefault(tuple(sorted(asked.items())), (asked, dict(asked), merger["n"]))
        wide[merger["attribute"]] = plain(" or ".join([str(merger["value"]), *map(str, merger["merged_with"])]))
    return list(found.values())


def _unions(document: Mapping[str, Any], cells: list[dict[str, Any]]) -> set[str]:
    """Attributes with a value that is a union of others which the cohort's rows carry by themselves."""
    carried = {name: set(counts) for name, counts in (document.get("composition") or {}).items()}
    return {
        attribute
        for cell in cells
        for attribute, value in cell.items()
        if attribute != "n"
        and " or " in str(value)
        and str(value) not in carried.get(attribute, {str(value)})
        and set(str(value).split(" or ")) & carried[attribute]
    }
