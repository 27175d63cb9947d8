"""Curves of a training, with axes that stay put: a new point changes a column or two, and only its rows are redrawn."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
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

from medsynth_tui.widgets.chart_view import ChartView, Smoothed, at, part
from medsynth_tui.widgets.plot import GUTTER, HEADS, Frame, Line, Mark, Piece, Series, draw
from medsynth_tui.widgets.scales import axis, round_up
from medsynth_tui.widgets.units import Unit, unit_of
from medsynth_tui.words import number

if TYPE_CHECKING:
    from medsynth_tui.app import MedSynth

WHOLE = ChartView()


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
        self._headed: tuple[Sequence[Series], ChartView] | None = None

    def compose(self) -> ComposeResult:
        yield Static(Content.assemble((self.title, "bold $primary")), classes="chart-heading")
        yield Curves(self.limits)

    def show(
        self,
        series: Sequence[Series],
        level: Line | None = None,
        reach: float = 0.0,
        view: ChartView = WHOLE,
        marks: Sequence[Mark] = (),
    ) -> None:
        """`reach` is how far the training has come, where no curve says so. Series may be the same objects, grown."""
        self.curves.show(tuple(series), level, reach, view, tuple(marks))
        self._headed = (series, view)
        self._head()

    def on_resize(self) -> None:
        """Another width has room for other words."""
        self._head()

    def _head(self) -> None:
        if self._headed is not None and self._room:
            self.query_one(".chart-heading", Static).update(self._heading(*self._headed), layout=False)

    @property
    def _room(self) -> int:
        """Columns. A chart that comes to be seen has no width yet and takes its place's, so that its first frame
        already says its values: on a slow line the next one is a second away."""
        place = self.parent
        return self.size.width or (place.size.width if isinstance(place, Widget) else 0)

    def turn_to(self, title: str, limits: tuple[float, float] | None) -> None:
        """From now on about something else."""
        self.title = title
        self.curves.fixed, self.curves.limits = limits, None

    @property
    def curves(self) -> Curves:
        return self.query_one(Curves)

    def _heading(self, series: Sequence[Series], view: ChartView) -> Content:
        """With the names of the curves, or their brief names, or without, as there is room."""
        manner = "".join(self._manner(view)) if any(each.ys for each in series) else "  no measurement yet"
        for names in ([each.name for each in series], [each.brief for each in series], [""] * len(series)):
            parts = [(self.title, "bold $primary"), *self._values(series, names, view), (manner, "$muted")]
            heading = Content.assemble(*parts)
            if heading.cell_length <= self._room:
                break
        return heading

    def _values(self, series: Sequence[Series], names: Sequence[str], view: ChartView) -> Iterator[tuple[str, str]]:
        glyphs = cast("MedSynth", self.app).glyphs
        for sign, name, each in zip(HEADS, names, series, strict=False):
            if each.ys:
                broken = "" if math.isfinite(each.ys[-1]) else " not finite!"
                value = each.last if view.cursor is None else at(each.xs, each.ys, view.cursor)
                yield glyphs.text(f"  {sign} "), f"${each.role}"
                words = f"{name} {number(value):<5}" if name else number(value)  # what follows stays where it is
                yield glyphs.text(f"{words}{broken}"), "$foreground"

    def _manner(self, view: ChartView) -> Iterator[str]:
        """How the curves are looked at, where that is not as they are; and what happened at the cursor."""
        if view.cursor is not None:
            happened = "".join(f", {word}" for word in self.curves.happened(view.cursor))
            yield f"  at {self.curves.unit.said(view.cursor)}{happened}"
        if view.smoothing:
            yield f"  smooth {view.smoothing}"
        if self.curves.logarithmic:
            yield "  log"


class Curves(Widget):
    """The plot itself. Its limits change only when the data leave them or fill less than a third."""

    can_focus = False
    DEFAULT_CSS = "Curves { height: 1fr; width: 1fr; }"

    def __init__(self, fixed: tuple[float, float] | None) -> None:
        super().__init__()
        self.fixed = fixed
        self.series: tuple[Series, ...] = ()
        self.level: Line | None = None
        self.farthest = 0.0
        self.limits: tuple[float, float] | None = None
        self.view = WHOLE
        self.unit = Unit()
        self.marks: tuple[Mark, ...] = ()
        self.logarithmic = False
        """Whether the scale is: not where a value to be seen is not positive, whatever was wished."""
        self._smooth: dict[str, Smoothed] = {}
        self._rows: list[list[Piece]] = []
        self._frame: Frame | None = None
        self._drawn_for = Size(0, 0)

    def show(
        self,
        series: tuple[Series, ...],
        level: Line | None,
        farthest: float,
        view: ChartView = WHOLE,
        marks: tuple[Mark, ...] = (),
    ) -> None:
        """Redraw the rows that changed."""
        if view.log != self.view.log:
            self.limits = None
        if view.smoothing != self.view.smoothing:
            self._smooth = {}
        self.series, self.level, self.farthest, self.view, self.marks = series, level, farthest, view, marks
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
        newest = self.newest
        self.unit = unit_of(self.view.unit, newest)
        left, right = self.view.window(newest, self.reach)
        spread = self._spread(left, right)
        if spread is None:
            self._rows = []
            return
        self.logarithmic = log = self.view.log and spread[0] > 0
        if log:
            self.limits = axis(math.log10(spread[0]), math.log10(spread[1]), self.limits)
        else:
            self.limits = self.fixed or axis(*spread, self.limits)
        ascii = cast("MedSynth", self.app).glyphs.ascii
        self._frame = Frame(self.size.width, self.size.height, *self.limits, right, ascii, left, log)
        self._rows = draw(self._frame, self._drawn(), self.level, self.unit, self.view.cursor, self.marks)

    def happened(self, x: float) -> list[str]:
        """The words of the marks in the column of `x`."""
        frame = self._frame
        if frame is None or not frame.columns:
            return []
        here = frame.column(x)
        seen = (each for each in self.marks if frame.left <= each.x <= frame.reach)
        return list(dict.fromkeys(each.word for each in seen if each.word and frame.column(each.x) == here))

    @property
    def newest(self) -> float:
        """How far along the x axis the newest point lies."""
        return max([self.farthest, *(each.xs[-1] for each in self.series if each.xs)])

    @property
    def reach(self) -> float:
        """The end of the x axis: of the newest point alone, so that all charts of a screen have the same."""
        return round_up(self.newest / self.unit.scale) * self.unit.scale

    @property
    def columns(self) -> int:
        return max(1, self.size.width - GUTTER)

    def _drawn(self) -> list[Series]:
        """The curves as they are, or smoothed over their own shadows."""
        weight = self.view.smoothing
        if not weight:
            return list(self.series)
        shadows = [Series("", "line", each.xs, each.ys) for each in self.series]
        smooth = [self._smooth.setdefault(each.name, Smoothed(weight)) for each in self.series]
        pairs = zip(self.series, smooth, strict=True)
        return [*shadows, *(replace(each, ys=mean.of(each.ys)) for each, mean in pairs)]

    def _spread(self, left: float, right: float) -> tuple[float, float] | None:
        """Least and greatest of what is to be seen; None where nothing was measured there."""
        shown = [part(each.xs, each.ys, left, right) for each in self.series]
        values = [spread for ys in shown if (spread := _spread(ys)) is not None]
        if not values:
            return None
        levels = [self.level.value] if self.level is not None and self.view.zoom == 1 else []
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
