"""Curves of a training, with axes that stay put: a new point changes a column or two, and only its rows are redrawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from medsynth_tui.widgets.plot import HEADS, Frame, Line, Piece, Series, draw
from medsynth_tui.widgets.scales import axis, round_up
from medsynth_tui.words import number

if TYPE_CHECKING:
    from medsynth_tui.app import MedSynth


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
        """`reach` is how far the training has come, where no curve says so. Series may be the same objects, grown."""
        self.query_one(".chart-heading", Static).update(self._heading(series), layout=False)
        self.query_one(Curves).show(tuple(series), level, reach)

    def _heading(self, series: Sequence[Series]) -> Content:
        glyphs = cast("MedSynth", self.app).glyphs
        parts: list[tuple[str, str]] = [(self.title, "bold $primary")]
        for mark, each in zip(HEADS, series, strict=False):
            if each.ys:
                broken = "" if math.isfinite(each.ys[-1]) else " not finite!"
                parts.append((glyphs.text(f"  {mark} "), f"${each.role}"))
                parts.append((f"{each.name} {number(each.last):<5}{broken}", "$foreground"))
        if not any(each.ys for each in series):
            parts.append(("  no measurement yet", "$muted"))
        return Content.assemble(*parts)


class Curves(Widget):
    """The plot itself. Its limits change only when the data leave them or fill less than a third."""

    can_focus = False
    DEFAULT_CSS = "Curves { height: 1fr; width: 1fr; }"

    def __init__(self, fixed: tuple[float, float] | None) -> None:
        super().__init__()
        self.fixed = fixed
        self.series: tuple[Series, ...] = ()
        self.level: Line | None = None
        self.farthest = self.reach = 0.0
        self.limits: tuple[float, float] | None = None
        self._rows: list[list[Piece]] = []
        self._drawn_for = Size(0, 0)

    def show(self, series: tuple[Series, ...], level: Line | None, farthest: float) -> None:
        """Redraw the rows that changed."""
        self.series, self.level, self.farthest = series, level, farthest
        before, size = self._rows, self._drawn_for
        self._draw()
        if size != self._drawn_for or len(before) != len(self._rows):
            self.refresh()
            return
        changed = [y for y, (old, new) in enumerate(zip(before, self._rows, strict=True)) if old != new]
        if changed:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in changed))

    def _draw(self) -> None:
        self._drawn_for = self.size
        spread = self._spread()
        if spread is None:
            self._rows = []
            return
        farthest = max([self.farthest, *(each.xs[-1] for each in self.series if each.xs)])
        self.limits = self.fixed or axis(*spread, self.limits)
        self.reach = self.reach if 0 < farthest <= self.reach else round_up(farthest)
        ascii = cast("MedSynth", self.app).glyphs.ascii
        frame = Frame(self.size.width, self.size.height, *self.limits, self.reach, ascii)
        self._rows = draw(frame, self.series, self.level, "kimg")

    def _spread(self) -> tuple[float, float] | None:
        """Least and greatest of what is to be seen; None where nothing was measured."""
        values = [spread for each in self.series if (spread := _spread(each.ys)) is not None]
        if not values:
            return None
        levels = [self.level.value] if self.level is not None else []
        return min([low for low, _ in values] + levels), max([high for _, high in values] + levels)

    def render_line(self, y: int) -> Strip:
        if self._drawn_for != self.size:
            self._draw()
        ground = self.rich_style
        if y >= len(self._rows):
            return Strip.blank(self.size.width, ground)
        text = cast("MedSynth", self.app).glyphs.text
        segments = [Segment(text(words), ground + self._ink(role)) for words, role in self._rows[y]]
        return Strip(segments).adjust_cell_length(self.size.width, ground)

    def _ink(self, role: str) -> Style:
        variables = self.app.theme_variables
        return Style(color=variables.get(role, variables["foreground"])) if role else Style.null()


def _spread(values: Sequence[float]) -> tuple[float, float] | None:
    if not values:
        return None
    if not math.isfinite(sum(values)):
        values = [value for value in values if math.isfinite(value)]
    return (min(values), max(values)) if values else None
