"""The arithmetic of charts: round axes that stay put, and as few points as the eye can tell apart. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Sequence

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


def decimate(
    xs: Sequence[float], ys: Sequence[float], low: float, high: float, columns: int
) -> tuple[list[float], list[float]]:
    """At most two points (the least and the greatest) for each of `columns` equal columns of `low`..`high`.

    Spikes stay visible, which thinning by steps or averages would hide. Values that are not finite are left out.
    """
    if columns < 1 or high <= low:
        return [], []
    buckets: dict[int, tuple[tuple[float, float], tuple[float, float]]] = {}
    for x, y in zip(xs, ys, strict=True):
        if not (math.isfinite(x) and math.isfinite(y)) or not low <= x <= high:
            continue
        column = min(columns - 1, int((x - low) / (high - low) * columns))
        seen = buckets.get(column)
        point = (x, y)
        if seen is None:
            buckets[column] = (point, point)
        else:
            least, greatest = seen
            buckets[column] = (point if y < least[1] else least, point if y > greatest[1] else greatest)
    kept: list[tuple[float, float]] = []
    for column in sorted(buckets):
        kept.extend(sorted(set(buckets[column])))
    return [x for x, _ in kept], [y for _, y in kept]
