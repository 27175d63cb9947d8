"""The list of cohorts: synthetic records, each an image and its row, or a row alone."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import DataTable, Static

from medsynth_tui import commands_evidence as c
from medsynth_tui import commands_release as r
from medsynth_tui.command import Command
from medsynth_tui.commands_list import LISTED
from medsynth_tui.screens.marking import MarksRows
from medsynth_tui.screens.writing import WritesList
from medsynth_tui.view import View
from medsynth_tui.widgets.cell import Cell, at
from medsynth_tui.widgets.window_table import Column, WindowTable
from medsynth_tui.words import BANDS, count

NARROW = (
    Column("cohort"),
    Column("records", 7, right=True),
    Column("dataset", 10),
    Column("drawn by", 10),
    Column("privacy", 11),
    Column("drawn", 12),
)
WIDE = (*NARROW[:2], Column("dataset", 18), Column("drawn by", 20), *NARROW[4:])


class Cohorts(MarksRows, WritesList, View):
    """With the band of the privacy gauge where there is an evaluation."""

    LIST = "cohorts"
    HERE: ClassVar[tuple[Command, ...]] = (r.CohortOpen, r.CohortNew, c.CohortMark, c.CohortCompare, *LISTED)

    def __init__(self) -> None:
        super().__init__()
        self.documents: list[dict[str, Any]] = []

    def place(self) -> tuple[str, ...]:
        return ("Cohorts",)

    def compose_body(self) -> ComposeResult:
        yield WindowTable(NARROW, WIDE)
        yield Static("Asking the store", classes="empty", id="empty")

    def load(self) -> None:
        self.ask(lambda engine: engine.cohorts_list(), self._show)

    def _show(self, documents: list[dict[str, Any]]) -> None:
        table, empty = self.query_one(WindowTable), self.query_one("#empty", Static)
        self.documents = documents
        self.marked = [name for name in self.marked if name in [each["cohort"] for each in documents]]
        self._draw()
        table.display, empty.display = bool(documents), not documents
        if self.studio.session.may(r.CohortNew.permission):
            empty.update(Content(f"No cohorts yet.\n\nPress {self.key(r.CohortNew)} to draw synthetic records."))
        else:
            empty.update(Content("No cohorts yet. Researchers draw them."))
        if documents and self.focused is None:
            table.focus()

    def _draw(self) -> None:
        self.query_one(WindowTable).show(lambda: [(each["cohort"], self._row(each)) for each in self.documents])

    def _row(self, each: dict[str, Any]) -> list[Any]:
        reading = (each.get("gauge") or {}).get("data") or {}
        band = BANDS.get(reading.get("band", ""), "") if each.get("evaluated") else "not judged"
        band = "not enough" if reading.get("band") == "grey" else band
        band = "out of date" if each.get("outdated") else band
        source = each.get("run") or each.get("weights") or "rows alone"
        name = Cell(self.with_mark(each["cohort"], self.query_one(WindowTable).widths()[0]), by=each["cohort"])
        return [name, count(each["n"]), each.get("dataset") or "", source, band, at(each["created"])]

    @on(DataTable.RowSelected)
    def do_cohort_open(self) -> None:
        name = self.query_one(WindowTable).current_key
        if name is not None:
            self.studio.open("cohort", name=name)

    def do_cohort_new(self) -> None:
        self.studio.open("cohort_new")

    def do_cohort_mark(self) -> None:
        self.mark()

    def do_cohort_compare(self) -> None:
        judged = [each["cohort"] for each in self.documents if each.get("evaluated")]
        chosen = [name for name in self.marked if name in judged]
        if len(chosen) < len(self.marked):
            missing = ", ".join(name for name in self.marked if name not in judged)
            self.complain(f"Not evaluated yet: {missing}.", f"Open it and press {self.key(r.CohortEvaluate)}.")
        elif len(chosen) < 2:
            self.complain("Mark two to four cohorts first.", "Space marks the one under the cursor.")
        else:
            self.studio.open("compare", cohorts=chosen)
