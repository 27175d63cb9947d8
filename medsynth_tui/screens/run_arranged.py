"""Which charts of a run are seen, how many beside each other, and with what; and what happened to it, as a list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.content import Content

from medsynth_tui import run_events
from medsynth_tui.run_charts import BY_ID, CHARTS, Chart
from medsynth_tui.screens.curves import Curves
from medsynth_tui.screens.evidence_detail import Explained
from medsynth_tui.screens.run_view import LooksAtCurves
from medsynth_tui.widgets.line_chart import LineChart
from medsynth_tui.widgets.plot import Line
from medsynth_tui.widgets.units import unit_of
from medsynth_tui.words import number

if TYPE_CHECKING:
    from medsynth_tui.view import View

    class Base(LooksAtCurves, View):
        """What the type checker needs to know."""
else:
    Base = LooksAtCurves


class ArrangesCharts(Base):
    """For the screen of a run: one, two or four of its charts; as many as fit well where nobody chose."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.curves = Curves()
        self.chart = CHARTS[0].id
        self.chosen_count: int | None = None

    def compose_charts(self) -> ComposeResult:
        for chart in CHARTS:
            yield LineChart(chart.title, id=chart.id, limits=chart.limits)

    @property
    def roomy(self) -> bool:
        """Whether a large window holds everything at once."""
        return self.size.width >= 110 and self.size.height >= 34

    @property
    def chart_count(self) -> int:
        return self.chosen_count or (3 if self.roomy else 1)

    def available(self) -> list[Chart]:
        """The charts that this training has, or will have."""
        private = self.curves.private
        return [each for each in CHARTS if (each.private if private else each.always) or self.curves.measured(each)]

    def charts(self) -> list[Chart]:
        """Those that are seen now, the chosen one first."""
        there = self.available()
        names = [each.id for each in there]
        first = names.index(self.chart) if self.chart in names else 0
        return [there[(first + index) % len(there)] for index in range(min(self.chart_count, len(there)))]

    def axes(self) -> list[str]:
        return self.curves.units()

    def cursor_along(self, cursor: float, wanted: str) -> float | None:
        return self.curves.place(cursor, self.chart_view.unit, wanted)

    def _draw(self) -> None:
        """What is not seen costs nothing."""
        if not self.is_mounted:
            return
        unit, seen = self.chart_view.unit, self.charts()
        marks, reach = self.curves.marks(unit), self.curves.reach(unit)
        for chart in CHARTS:
            drawn = self.query_one(f"#{chart.id}", LineChart)
            drawn.display = chart in seen
            if drawn.display:
                drawn.show(self.curves.of(chart, unit), self._level(chart), reach, self.chart_view, marks)

    def _level(self, chart: Chart) -> Line | None:
        promised = self.curves.last.get("epsilon_promised")
        if chart is BY_ID["epsilon"] and isinstance(promised, int | float):
            return Line("promised", float(promised))
        return chart.level

    def _arrange(self) -> None:
        """The charts' places, after their number or the window has changed."""
        self.query_one("#charts").set_class(self.chart_count == 4, "-four")
        self._draw()

    def _count(self, wanted: int) -> None:
        self.chosen_count = None if self.chosen_count == wanted else wanted
        self._arrange()

    def do_chart_one(self) -> None:
        self._count(1)

    def do_chart_two(self) -> None:
        self._count(2)

    def do_chart_four(self) -> None:
        self._count(4)

    def do_run_chart(self) -> None:
        there = [each.id for each in self.available()]
        now = there.index(self.chart) if self.chart in there else 0
        self.chart = there[(now + self.chart_count) % len(there)]
        self._draw()

    def do_run_events(self) -> None:
        self.studio.push_screen(Explained("What happened to this training", list(self._told())))

    def _told(self) -> Iterator[Content]:
        """The newest first: its sign on the axis, where it was, and what it was."""
        yield Content.assemble(("The letters stand on the charts' x axis. The newest comes first.", "$muted"))
        lines = []
        for event in reversed(self.curves.events):
            kind, seconds = run_events.kind_of(event), event.get("seconds")
            clock = unit_of("time", float(seconds)).said(float(seconds)) if isinstance(seconds, int | float) else ""
            place = f" {number(event.get('kimg')):>7} kimg {clock:>9}  "
            words = self.studio.glyphs.text(run_events.sentence(event))
            lines.append(Content.assemble((kind.sign, f"bold ${kind.role}"), (place, "$muted"), words))
        yield Content("\n").join(lines or [Content("Nothing yet.")])
