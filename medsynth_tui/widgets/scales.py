"""The arithmetic of charts: round axes that stay put, and as few points as the eye can tell apart. Pure functions."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

STEPS = (1.0, 1.5, 2.0, 3.0, 5.0, 7.5, 10.0)


def round_up(value: float) -> float:
    """The next of 1, 1.5, 2, 3, 5, 7.5 times a power of ten that is not below `value`; 1 where that is not positive."""
    if not value > 0 or not math.isfinite(value):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    for step in STEPS:
        if value <= step * power * (1 + 1e-12):
            return step * power
    return 10 * power


def axis(low: float, high: float, kept: tuple[float, float] | None = None) -> tuple[float, float]:
    """Round limits around `low`..`high`. `kept` stays while the data fit and fill a third of it (hysteresis)."""
    if kept is not None:
        inside = kept[0] <= low and high <= kept[1]
        if inside and (high - low) * 3 >= kept[1] - kept[0]:
            return kept
    if high - low < 1e-12:
        reach = max(abs(high) * 0.1, 1e-6)
        low, high = low - reach, high + reach
    step = round_up((high - low) / 4)
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step


def ticks(low: float, high: float, most: int) -> list[float]:
    """At most `most` (two at least) round values from `low` to `high`."""
    most = max(2, most)
    step = round_up((high - low) / (most - 1)) if high > low else 1.0
    first = math.ceil(low / step - 1e-9)
    return [round(index * step, 12) for index in range(first, math.floor(high / step + 1e-9) + 1)][: most + 1]


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Round values from 10^`low` to 10^`high`: 1, 2, 5 times powers of ten where so many fit, else powers, else any."""
    powers = range(math.floor(low), math.ceil(high) + 1)
    found = _between(low, high, [step * 10.0**power for power in powers for step in (1, 2, 5)])
    if len(found) > most:
        apart = math.ceil(len(powers) / max(2, most))
        found = _between(low, high, [10.0**power for power in powers if power % apart == 0])
    return found if len(found) >= 2 else ticks(10**low, 10**high, most)


def _between(low: float, high: float, values: Sequence[float]) -> list[float]:
    return [float(f"{value:.6g}") for value in values if low - 1e-9 <= math.log10(value) <= high + 1e-9]


@dataclass(frozen=True)
class Column:
    """What the points of one column of pixels say: the first, the least, the greatest and the last value.

    `broken`: some value of it was not finite. All four are None where no value was.
    """

    first: float | None
    least: float | None
    greatest: float | None
    last: float | None
    broken: bool = False


def envelope(xs: Sequence[float], ys: Sequence[float], low: float, high: float, columns: int) -> dict[int, Column]:
    """The points of `low`..`high` by column, of `columns` equal ones; columns without a point are left out.

    Least and greatest of a column (min-max decimation) keep every spike, which thinning by steps or averages would
    hide. `xs` ascend. 100,000 points take about 5 ms.
    """
    found: dict[int, Column] = {}
    if columns < 1 or not high > low:
        return found
    scale = columns / (high - low)
    at, end = bisect_left(xs, low), bisect_right(xs, high)
    while at < end:
        column = min(columns - 1, int((xs[at] - low) * scale))
        edge = low + (column + 1) / scale
        after = end if column == columns - 1 else max(at + 1, bisect_left(xs, edge, at, end))
        found[column] = _column(ys[at:after])
        at = after
    return found


def _column(values: Sequence[float]) -> Column:
    if math.isfinite(sum(values)):
        return Column(values[0], min(values), max(values), values[-1])
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return Column(None, None, None, None, True)
    return Column(finite[0], min(finite), max(finite), finite[-1], len(finite) < len(values))
