"""The list of trainings."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import DataTable, Static

from medsynth_tui import commands as c
from medsynth_tui import commands_runs as r
from medsynth_tui.command import Command
from medsynth_tui.commands_away import RunImport
from medsynth_tui.commands_list import LISTED
from medsynth_tui.screens.marking import MarksRows
from medsynth_tui.screens.writing import WritesList
from medsynth_tui.view import View
from medsynth_tui.widgets.cell import Cell, at
from medsynth_tui.widgets.window_table import Column, WindowTable
from medsynth_tui.words import number, state

NARROW = (
    Column("run"),
    Column("dataset", 9),
    Column("state", 16),
    Column("kimg", 11, right=True),
    Column("begun", 12),
)
WIDE = (
    Column("run"),
    Column("dataset", 16),
    Column("preset", 8),
    Column("state", 16),
    Column("kimg", 16, right=True),
    Column("begun", 12),
)
LOOK_EVERY = 5.0
COLOURS = {"running": "bold", "failed": "bold $error", "interrupted": "$warning"}


class Runs(MarksRows, WritesList, View):
    """Looks again every five seconds while one is running."""

    LIST = "runs"
    HERE: ClassVar[tuple[Command, ...]] = (c.RunOpen, c.RunNew, r.RunMark, r.RunsCompare, RunImport, *LISTED)

    def __init__(self) -> None:
        super().__init__()
        self.documents: list[dict[str, Any]] = []

    def place(self) -> tuple[str, ...]:
        return ("Runs",)

    def compose_body(self) -> ComposeResult:
        yield WindowTable(NARROW, WIDE)
        yield Static("Asking the store", classes="empty", id="empty")

    def on_mount(self) -> None:
        self.alive = False
        self.set_interval(LOOK_EVERY, self._again)

    def _again(self) -> None:
        if self.alive and self.is_current and not self.awaits("view"):
            self.load()

    def load(self) -> None:
        self.ask(lambda engine: engine.runs_list(), self._show)

    def _show(self, documents: list[dict[str, Any]]) -> None:
        self.alive = any(each["state"] in ("running", "queued") for each in documents)
        table, empty = self.query_one(WindowTable), self.query_one("#empty", Static)
        self.documents = documents
        self.marked = [name for name in self.marked if name in [each["run"] for each in documents]]
        self._draw()
        table.display, empty.display = bool(documents), not documents
        empty.update(
            Content(f"No runs yet.\n\nPress {self.key(c.RunNew)} to train a generator on one of your datasets.")
        )
        if documents and self.focused is None:
            table.focus()

    def _draw(self) -> None:
        self.query_one(WindowTable).show(lambda: [(each["run"], self._row(each)) for each in self.documents])

    def _row(self, each: dict[str, Any]) -> list[Any]:
        table = self.query_one(WindowTable)
        total = f"{' of ' if table.wide else '/'}{number(each['kimg_total'])}" if each.get("kimg_total") else ""
        word = state(each["state"]) + (" SIM" if each.get("simulated") else "")
        return [
            Cell(self.with_mark(each["run"], table.widths()[0]), by=each["run"]),
            each["dataset"],
            *([each["preset"]] if table.wide else []),
            (word, COLOURS.get(each["state"], "")),
            Cell(f"{number(each['kimg'] or 0)}{total}", by=each["kimg"] or 0),
            at(each["started"]),
        ]

    @on(DataTable.RowSelected)
    def do_run_open(self) -> None:
        name = self.query_one(WindowTable).current_key
        if name is not None:
            self.studio.open("run", name=name)

    def do_run_new(self) -> None:
        self.studio.open("run_new")

    def do_run_import(self) -> None:
        self.studio.open("run_import")

    def do_run_mark(self) -> None:
        self.mark()

    def do_runs_compare(self) -> None:
        if len(self.marked) < 2:
            self.complain("Mark two to four runs first.", "Space marks the one under the cursor.")
        else:
            self.studio.open("compare_runs", runs=self.marked)
