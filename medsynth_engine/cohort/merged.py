"""Which cells of a cohort were too small and drawn from wider ones: in words, for whoever gets the cohort."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from medsynth_engine.kernel.escape import plain
from medsynth_engine.kernel.small_cells import SMALLEST


def merged(document: Mapping[str, Any]) -> tuple[str, ...]:
    """A sentence for each value that was drawn together with others; empty where nothing was broadened.

    document  of a cohort: `cohort.json`, or the ledger's copy of it

    A cell that got no record is not told. From 1 to 10 records are told as fewer than 11, as a card's composition does.
    """
    return tuple(_sentence(merger) for merger in document.get("mergers") or () if merger["n"] > 0)


def _sentence(merger: Mapping[str, Any]) -> str:
    attribute, n = merger["attribute"], merger["n"]
    rest = [f"{_said(name)} {_said(value)}" for name, value in merger["cell"].items() if name != attribute]
    among = f" among {', '.join(rest)}" if rest else ""
    others = " and ".join(_said(value) for value in merger["merged_with"])
    records = f"fewer than {SMALLEST} records" if n < SMALLEST else f"{n} records"
    return f"{_said(attribute)} {_said(merger['value'])}{among} was drawn together with {others}: {records}."


def _said(value: Any) -> str:
    return plain(value, 80)
