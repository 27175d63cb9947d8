"""How curves are looked at: which part, at which value, how smooth. One view for all charts of a screen."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

CLOSEST = 64
SMOOTHINGS = (0.0, 0.6, 0.9, 0.97)
QUARTERS = 4
"""The window moves by quarters of itself, so that its axis changes only now and then while it follows the newest."""


@dataclass(frozen=True)
class ChartView:
    """`zoom` 1 shows all, 2 half of it...; `back` is how many quarters of a window before the newest it ends.

    `cursor` is a place on the x axis; `smoothing` the weight of the past in an exponential mean, 0 for none; `unit` is
    what the x axis counts (`units.NAMES`).
    """

    zoom: int = 1
    back: int = 0
    cursor: float | None = None
    smoothing: float = 0.0
    log: bool = False
    unit: str = "kimg"

    def whole(self) -> ChartView:
        """All of it, as it is, along the same axis."""
        return ChartView(unit=self.unit)

    def closer(self) -> ChartView:
        return replace(self, zoom=min(CLOSEST, 2 * self.zoom), back=2 * self.back)

    def farther(self) -> ChartView:
        zoom = max(1, self.zoom // 2)
        return replace(self, zoom=zoom, back=0 if zoom == 1 else self.back // 2)

    def earlier(self) -> ChartView:
        return self if self.zoom == 1 else replace(self, back=min(QUARTERS * (self.zoom - 1), self.back + 1))

    def later(self) -> ChartView:
        return replace(self, back=max(0, self.back - 1))

    def smoother(self) -> ChartView:
        """The next of none, 0.6, 0.9 and 0.97."""
        return replace(self, smoothing=SMOOTHINGS[(SMOOTHINGS.index(self.smoothing) + 1) % len(SMOOTHINGS)])

    def window(self, farthest: float, reach: float) -> tuple[float, float]:
        """From where to where, of an axis from 0 to `reach` on which the newest point lies at `farthest`."""
        if self.zoom == 1:
            return 0.0, reach
        wide = reach / self.zoom
        step = wide / QUARTERS
        right = max(wide, math.ceil(farthest / step - 1e-9) * step - self.back * step)
        return right - wide, right

    def moved(self, by: int, farthest: float, reach: float, columns: int) -> ChartView:
        """The cursor `by` columns further, from the newest where there is none; the window follows it."""
        left, right = self.window(farthest, reach)
        at = farthest if self.cursor is None else self.cursor
        at = min(farthest, max(0.0, at + by * (right - left) / max(1, columns)))
        view = replace(self, cursor=at)
        while at < view.window(farthest, reach)[0] and view != view.earlier():
            view = view.earlier()
        while at > view.window(farthest, reach)[1] and view.back:
            view = view.later()
        return view


@dataclass
class Smoothed:
    """The exponential mean of a growing series, corrected for its beginning (Kingma and Ba 2015, section 3).

    Values that are not finite are passed over. `of` returns as many values as it is given; what was done is kept.
    """

    weight: float
    _done: list[float] = field(default_factory=list)
    _mean: float = 0.0
    _share: float = 1.0

    def of(self, values: Sequence[float]) -> list[float]:
        if len(values) < len(self._done):  # a run taken up again goes over its last steps
            self._done, self._mean, self._share = [], 0.0, 1.0
        for value in values[len(self._done) :]:
            if math.isfinite(value):
                self._mean = self.weight * self._mean + (1 - self.weight) * value
                self._share *= self.weight
                self._done.append(self._mean / (1 - self._share))
            else:
                self._done.append(math.nan)
        return self._done


def at(xs: Sequence[float], ys: Sequence[float], x: float) -> float | None:
    """The newest value at or before `x`; None where there is none, or none that is finite."""
    index = bisect_right(xs, x) - 1
    return ys[index] if index >= 0 and math.isfinite(ys[index]) else None


def part(xs: Sequence[float], ys: Sequence[float], left: float, right: float) -> Sequence[float]:
    """The values from `left` to `right`; all of them without a copy where that is all."""
    start, end = bisect_left(xs, left), bisect_right(xs, right)
    return ys if start == 0 and end == len(xs) else ys[start:end]
