"""Two to four trainings over each other by one measure, each with its mark, and their last and best values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import DataTable, Static

from medsynth_engine.kernel.errors import MedSynthError
from medsynth_tui import commands as c
from medsynth_tui import commands_runs as r
from medsynth_tui.command import Command
from medsynth_tui.commands_chart import CHART
from medsynth_tui.run_charts import COMPARED
from medsynth_tui.screens.curves import Curves
from medsynth_tui.screens.run_course import GOING
from medsynth_tui.screens.run_view import LooksAtCurves
from medsynth_tui.view import View
from medsynth_tui.widgets.line_chart import LineChart
from medsynth_tui.widgets.plot import HEADS, Series
from medsynth_tui.widgets.units import NAMES, unit_of
from medsynth_tui.widgets.window_table import Column, WindowTable
from medsynth_tui.words import ending, number, state

MOST = len(HEADS)
ROLES = ("primary", "accent", "secondary", "foreground")
COLUMNS = (
    Column("run"),
    Column("state", 11),
    Column("so far", 12, right=True),
    Column("last", 7, right=True),
    Column("best", 7, right=True),
    Column("best at", 12, right=True),
)
READINGS = {
    "low": "The lower, the better; what lies within their own wavering is no difference.",
    "high": "The higher, the better.",
    "": "No value of it is better than another; what two trainings have here says little about which is better.",
}


class CompareRuns(LooksAtCurves, View):
    """`v` goes on to the next measure; the keys of the charts work here as on a single run."""

    CSS_PATH = "compare_runs.tcss"
    HERE: ClassVar[tuple[Command, ...]] = (r.RunsMeasure, c.RunOpen, r.RunsMeasureBack, *CHART)

    def __init__(self, runs: Sequence[str]) -> None:
        super().__init__()
        self.runs = list(runs)[:MOST]
        self.curves = {name: Curves() for name in self.runs}
        self.read_to = dict.fromkeys(self.runs, 0)
        self.states: dict[str, str] = {}
        self.turned = 0

    def place(self) -> tuple[str, ...]:
        return ("Runs", "Compare")

    def simulated(self) -> bool:
        return any(each.last.get("simulated") for each in self.curves.values())

    def compose_body(self) -> ComposeResult:
        yield LineChart("Asking the store", id="overlay")
        yield WindowTable(COLUMNS)
        yield Static("", id="reading", classes="muted")

    def on_mount(self) -> None:
        self._turn(0)
        self.query_one(WindowTable).focus()
        self.set_timer(self.studio.profile.look_seconds, self._tick)

    def on_resize(self) -> None:
        self._draw()

    # --- what the store says ----------------------------------------------------------------------------------

    def load(self) -> None:
        for name in self.runs:
            self._watch(name)

    def _tick(self) -> None:
        for name in self.runs:
            if self.is_current and self.states.get(name) in GOING and not self.awaits(f"watch {name}"):
                self._watch(name)
        self.set_timer(self.studio.profile.look_seconds, self._tick)

    def _watch(self, name: str) -> None:
        self.ask(
            lambda engine: engine.runs_watch(name, self.read_to[name]),
            partial(self._news, name),
            group=f"watch {name}",
            refused=partial(self._gone, name),
        )

    def _news(self, name: str, document: dict[str, Any]) -> None:
        simulated = self.simulated()
        self.read_to[name], self.states[name] = document["offset"], document["state"]
        curves = self.curves[name]
        curves.images_per_step, curves.best = document.get("images_per_step"), document.get("best")
        curves.add(document["records"])
        if simulated != self.simulated():
            self.place_changed()
        if self.turned not in self._measured():
            self._turn(0)
        self._draw()

    def _gone(self, name: str, error: MedSynthError) -> bool:
        """Removed meanwhile, or not theirs: the others are compared all the same."""
        if error.code not in ("no_such_run", "not_yours"):
            return False
        self.states[name] = "not there"
        self.complain(error.message, error.hint)
        self._draw()
        return True

    # --- what is seen -----------------------------------------------------------------------------------------

    def axes(self) -> list[str]:
        """Those that all of them have."""
        measured = [each.units() for each in self.curves.values() if each.ticks]
        return [name for name in NAMES if all(name in own for own in measured)]

    def _draw(self) -> None:
        if not self.is_mounted or not self.states:
            return
        measure, _, chart = COMPARED[self.turned]
        if self.chart_view.unit not in self.axes():
            self.chart_view = replace(self.chart_view, unit="kimg", cursor=None)
        unit, overlay = self.chart_view.unit, self.query_one("#overlay", LineChart)
        shown = []
        for role, name in zip(ROLES, self.runs, strict=False):
            track = self.curves[name].track(measure)
            shown.append(Series(name, role, track.places(unit), track.values, ending(name, 10)))
        reach = max(each.reach(unit) for each in self.curves.values())
        overlay.show(shown, chart.level, reach, self.chart_view)
        table = self.query_one(WindowTable)
        table.show([(name, self._row(sign, name)) for sign, name in zip(HEADS, self.runs, strict=False)])

    def _row(self, sign: str, name: str) -> list[Any]:
        unit, glyphs, curves = self.chart_view.unit, self.studio.glyphs, self.curves[name]
        measure = COMPARED[self.turned][0]
        track, reach = curves.track(measure), curves.reach(unit)
        best = curves.best_of(measure, unit)
        word = self.states.get(name, "")
        cells = [
            f"{sign} {ending(name, self._room())}",
            word if word == "not there" else state(word) if word else "",
            unit_of(unit, reach).said(reach) if curves.ticks else "–",
            number(track.last),
            number(None if best is None else best[1]),
            "–" if best is None else unit_of(unit, reach).said(best[0]),
        ]
        return [glyphs.text(cell) for cell in cells]

    def _room(self) -> int:
        """Columns for a run's name, beside its mark."""
        return max(6, self.query_one(WindowTable).widths()[0] - 2)

    def _measured(self) -> list[int]:
        """The measures that one of the runs has at least; all of them before there is any."""
        there = [
            index
            for index, (measure, _, _) in enumerate(COMPARED)
            if any(each.track(measure).values for each in self.curves.values())
        ]
        return there or list(range(len(COMPARED)))

    def _turn(self, by: int) -> None:
        there = self._measured()
        now = there.index(self.turned) if self.turned in there else 0
        self.turned = there[(now + by) % len(there)]
        measure, title, chart = COMPARED[self.turned]
        self.query_one("#overlay", LineChart).turn_to(title, chart.limits)
        level = f" ┄ {chart.level.name}." if chart.level else ""
        self.query_one("#reading", Static).update(Content(self.studio.glyphs.text(READINGS[measure.better] + level)))
        self._draw()

    def do_runs_measure(self) -> None:
        self._turn(1)

    def do_runs_measure_back(self) -> None:
        self._turn(-1)

    @on(DataTable.RowSelected)
    def do_run_open(self) -> None:
        name = self.query_one(WindowTable).current_key
        if name is not None:
            self.studio.open("run", name=name)
