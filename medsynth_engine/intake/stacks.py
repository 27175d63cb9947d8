"""Which of the items are taken when headers decide: DICOM series, slices of a series, and `--where` on headers.

Needs one look at every header before anything is decoded; nothing of what it reads is kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from medsynth_engine.intake.options import Options
from medsynth_engine.intake.plan import Plan
from medsynth_engine.kernel import stack_choice
from medsynth_engine.kernel.errors import BadInput

Heads = Mapping[int, Mapping[str, Any]]


def asks_headers(plan: Plan, options: Options) -> bool:
    """Whether the choice of items depends on their headers."""
    if plan.table_alone or plan.source.arrays is not None:
        return False
    return bool(options.series or plan.header_where or options.slices != "all")


def choose(plan: Plan, options: Options, heads: Heads) -> None:
    """Leave in `plan` only the items that are asked for. `heads` as the workers' survey answers, by ordinal.

    An item without a header is no DICOM object: it stays, unless a series or an attribute was asked for. What is left
    out is not submitted; how much that was is a warning. Raises BadInput where nothing is left.
    """
    kept = [item.ordinal for item in plan.items if _fits(heads.get(item.ordinal, {}), plan, options)]
    kept_set = set(kept) & _slices(kept, options, heads)
    left = len(plan.items) - len(kept_set)
    if not kept_set:
        raise BadInput(
            "nothing_left", "No file is what --series, --slices or --where asks for.", "A scan lists the series."
        )
    plan.items = [item for item in plan.items if item.ordinal in kept_set]
    if left:
        plan.warnings.append(f"{left} files were left out, because --series, --slices or --where does not choose them.")


def _fits(head: Mapping[str, Any], plan: Plan, options: Options) -> bool:
    if options.series and head.get("series", "") not in options.series:
        return False
    asked = plan.header_where.items()
    return all(
        str(head.get(name) or "").casefold() in {value.strip().casefold() for value in values} for name, values in asked
    )


def _slices(ordinals: list[int], options: Options, heads: Heads) -> set[int]:
    """The chosen ones of each series of single pictures, in the order of their positions; every other item."""
    taken: set[int] = set()
    series: dict[str, list[int]] = defaultdict(list)
    for ordinal in ordinals:
        head = heads.get(ordinal, {})
        if head.get("series") and head.get("pictures") == 1:
            series[head["series"]].append(ordinal)
        else:
            taken.add(ordinal)
    for members in series.values():
        ordered = sorted(members, key=lambda ordinal: (_position(heads[ordinal]), ordinal))
        numbers = stack_choice.chosen(options.slices, len(ordered)) if len(ordered) > 1 else (0,)
        taken.update(ordered[number] for number in numbers)
    return taken


def _position(head: Mapping[str, Any]) -> float:
    position = head.get("position")
    return float("inf") if position is None else float(position)
