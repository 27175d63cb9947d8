"""A number with its interval and its control on one line of a table: `  ━━●━━  │ `. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from medsynth_engine.kernel.axes import Axis, axis_of
from medsynth_engine.kernel.verdicts import yardstick
from medsynth_tui.glyphs import Glyphs
from medsynth_tui.widgets.gauge import position

VALUE, CONTROL, GOAL = "●", "│", "┆"
LEGEND = "● value  ━ 95 % interval  │ control  ┆ where it should lie"


def interval_bar(evidence: Mapping[str, Any], width: int, glyphs: Glyphs) -> str:
    """One document of `Evidence` in `width` columns, on the axis of its kind. Empty where there is no number."""
    if evidence.get("value") is None:
        return ""
    return glyphs.text("".join(_cells(evidence, axis_of(evidence), width, glyphs)))


def _cells(evidence: Mapping[str, Any], axis: Axis, width: int, glyphs: Glyphs) -> list[str]:
    cells = [" "] * width

    def at(value: float) -> int:
        return round((width - 1) * axis.place(value))

    if axis.mark is not None:
        cells[at(axis.mark)] = GOAL
    low, high, value = evidence.get("low"), evidence.get("high"), float(evidence["value"])
    if low is not None and high is not None:
        first, last = at(float(low)), at(float(high))
        cells[first : last + 1] = glyphs.span * (last + 1 - first)
    against = yardstick(evidence)
    if against is not None and axis.mark is None:
        cells[at(against)] = CONTROL
    outside = axis.outside(value)
    cells[at(value)] = VALUE if not outside else (glyphs.left if outside < 0 else glyphs.right)
    return cells


def risk_bar(reading: Mapping[str, Any], width: int, glyphs: Glyphs) -> str:
    """A reading of the gauge in `width` columns: every band a fifth, a block at the upper bound."""
    if reading.get("reading") is None:
        return glyphs.empty * width
    at = round((width - 1) * position(float(reading["reading"])))
    low = at if reading.get("low") is None else min(at, round((width - 1) * position(float(reading["low"]))))
    cells = [glyphs.rule] * width
    cells[low:at] = glyphs.span * (at - low)
    cells[at] = glyphs.full
    return "".join(cells)


def share_bar(
    before: float | None, after: float | None, goal: float | None, most: float, width: int, glyphs: Glyphs
) -> str:
    """A group's share before (○) and after (●) rebalancing and its goal (┆), on 0 to `most`."""
    cells = [" "] * width

    def at(value: float) -> int:
        return round((width - 1) * min(1.0, value / most))

    if after is not None:
        cells[: at(after) + 1] = glyphs.span * (at(after) + 1)
    for value, mark in ((goal, GOAL), (before, "○"), (after, VALUE)):
        if value is not None:
            cells[at(value)] = mark
    return glyphs.text("".join(cells).replace("○", "o" if glyphs.ascii else "○"))
