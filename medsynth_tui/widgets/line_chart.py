"""Curves of a training, drawn with plotext on at most two points a pixel column and axes that stay put.

plotext takes seconds for 100,000 points; the decimation in front of it bounds that. Import this module only where a
chart is shown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult, RenderResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static
from textual_plotext import PlotextPlot

from medsynth_tui.theme import PALETTES, Palette
from medsynth_tui.widgets.scales import axis, decimate, round_up, ticks
from medsynth_tui.words import number

if TYPE_CHECKING:
    from medsynth_tui.app import MedSynth

GUTTER = 8


@dataclass(frozen=True)
class Series:
    """One curve: `role` names its colour in the palette; times and values of equal length, values may be NaN."""

    name: str
    role: str
    xs: Sequence[float]
    ys: Sequence[float]

    @property
    def last(self) -> float | None:
        return next((value for value in reversed(self.ys) if math.isfinite(value)), None)


@dataclass(frozen=True)
class Line:
    """A level to compare with, for instance 1 = as good as real."""

    name: str
    value: float


class LineChart(Vertical):
    """A heading with the newest values in words, and the curves under it."""

    can_focus = False
    DEFAULT_CSS = """
    LineChart { height: 1fr; }
    LineChart > .chart-heading { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self, title: str, id: str | None = None, limits: tuple[float, float] | None = None) -> None:
        """`limits`: where the values cannot lie outside them, else they follow the data."""
        super().__init__(id=id)
        self.title, self.limits = title, limits

    def compose(self) -> ComposeResult:
        yield Static(classes="chart-heading")
        yield Curves(self.limits)

    def show(self, series: Sequence[Series], level: Line | None = None, reach: float = 0.0) -> None:
        glyphs = cast("MedSynth", self.app).glyphs
        parts: list[tuple[str, str]] = [(self.title, "bold $primary")]
        for mark, each in zip("●▲■", series, strict=False):
            if each.ys:
                broken = "" if math.isfinite(each.ys[-1]) else " not finite!"
                parts.append((glyphs.text(f"  {mark} "), f"${each.role}"))
                parts.append((f"{each.name} {number(each.last)}{broken}", "$foreground"))
        if not any(each.ys for each in series):
            parts.append(("  no measurement yet", "$muted"))
        self.query_one(".chart-heading", Static).update(Content.assemble(*parts))
        self.query_one(Curves).draw(tuple(series), level, reach)


class Curves(PlotextPlot):
    """The plot itself. Its limits change only when the data leave them or fill less than a third."""

    can_focus = False

    def __init__(self, fixed: tuple[float, float] | None) -> None:
        super().__init__()
        self.fixed = fixed

    def on_mount(self) -> None:
        super().on_mount()
        self.series: tuple[Series, ...] = ()
        self.level: Line | None = None
        self.limits: tuple[float, float] | None = None
        self.reach = self.farthest = 0.0

    def draw(self, series: tuple[Series, ...], level: Line | None, reach: float) -> None:
        if (series, level, reach) != (self.series, self.level, self.farthest):
            self.series, self.level, self.farthest = series, level, reach
            self.refresh()

    def render(self) -> RenderResult:
        finite = [y for each in self.series for y in each.ys if math.isfinite(y)]
        if not finite or self.size.width < 20 or self.size.height < 4:
            return Content("")
        if self.level is not None:
            finite.append(self.level.value)
        farthest = max([self.farthest, *(each.xs[-1] for each in self.series if each.xs)])
        self.limits = self.fixed or axis(min(finite), max(finite), self.limits)
        self.reach = self.reach if 0 < farthest <= self.reach else round_up(farthest)
        self._lay_out()
        return super().render()

    def _lay_out(self) -> None:
        app = cast("MedSynth", self.app)
        palette = PALETTES.get(app.theme, PALETTES["medsynth-dark"])
        low, high = self.limits or (0.0, 1.0)
        plot = self.plt
        plot.clear_figure()
        plot.frame(False)
        plot.xaxes(True, False)
        plot.yaxes(True, False)
        plot.xlim(0, self.reach)
        plot.ylim(low, high)
        heights = ticks(low, high, max(2, self.size.height // 3))
        plot.yticks(heights, [f"{number(value):>6}" for value in heights])
        widths = ticks(0, self.reach, max(2, self.size.width // 14))
        plot.xticks(widths, [f"{value:g} kimg" if not value else f"{value:g}" for value in widths])
        columns = 2 * max(4, self.size.width - GUTTER)
        if self.level is not None:
            plot.hline(self.level.value, _rgb(palette.muted))
        for each in self.series:
            xs, ys = decimate(each.xs, each.ys, 0, self.reach, columns)
            if xs:
                plot.plot(xs, ys, marker=app.glyphs.marker, color=_rgb(_colour(palette, each.role)))


def _colour(palette: Palette, role: str) -> str:
    return str(getattr(palette, role, palette.primary))


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
