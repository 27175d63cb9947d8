"""The keys with which curves are looked at: closer, elsewhere, at one place, along another axis."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from medsynth_tui.widgets.chart_view import ChartView
from medsynth_tui.widgets.line_chart import LineChart

if TYPE_CHECKING:
    from medsynth_tui.view import View

    Base = View
else:
    Base = object


class LooksAtCurves(Base):
    """For a screen with charts: one view for all of them. The screen draws (`_draw`) and knows its axes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.chart_view = ChartView()

    def _draw(self) -> None:
        """Show the charts as they are now to be looked at."""

    def axes(self) -> list[str]:
        """The names of the x axes that there are (`units.NAMES`)."""
        return ["kimg"]

    def cursor_along(self, cursor: float, wanted: str) -> float | None:
        """Where the cursor stands on another axis; None where that cannot be said."""
        return None

    def look(self, view: ChartView) -> None:
        if view != self.chart_view:
            self.chart_view = view
            self._draw()

    def _move(self, by: int) -> None:
        chart = next((each for each in self.query(LineChart) if each.display), None)
        if chart is not None and chart.curves.newest > 0:
            curves = chart.curves
            self.look(self.chart_view.moved(by, curves.newest, curves.reach, curves.columns))

    def do_chart_closer(self) -> None:
        self.look(self.chart_view.closer())

    def do_chart_farther(self) -> None:
        self.look(self.chart_view.farther())

    def do_chart_earlier(self) -> None:
        self.look(self.chart_view.earlier())

    def do_chart_later(self) -> None:
        self.look(self.chart_view.later())

    def do_chart_cursor_back(self) -> None:
        self._move(-1)

    def do_chart_cursor_on(self) -> None:
        self._move(1)

    def do_chart_smooth(self) -> None:
        self.look(self.chart_view.smoother())

    def do_chart_logarithm(self) -> None:
        self.look(replace(self.chart_view, log=not self.chart_view.log))

    def do_chart_unit(self) -> None:
        view, axes = self.chart_view, self.axes()
        wanted = axes[(axes.index(view.unit) + 1) % len(axes)] if view.unit in axes else axes[0]
        cursor = None if view.cursor is None else self.cursor_along(view.cursor, wanted)
        self.look(replace(view, unit=wanted, back=0, cursor=cursor))

    def do_chart_whole(self) -> None:
        self.look(self.chart_view.whole())
