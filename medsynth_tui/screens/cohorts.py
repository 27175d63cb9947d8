"""The list of cohorts: synthetic records, each an image and its row, or a row alone."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import DataTable, Static

from medsynth_tui import commands_release as r
from medsynth_tui.command import Command
from medsynth_tui.view import View
from medsynth_tui.widgets.window_table import Column, WindowTable
from medsynth_tui.words import BANDS, count, when

COLUMNS = (
    Column("cohort"),
    Column("records", 8, right=True),
    Column("dataset", 11),
    Column("drawn by", 13),
    Column("privacy", 10),
    Column("drawn", 12),
)


class Cohorts(View):
    """With the band of the privacy gauge where there is an evaluation."""

    HERE: ClassVar[tuple[type[Command], ...]] = (r.CohortOpen, r.CohortNew)

    def place(self) -> tuple[str, ...]:
        return ("Cohorts",)

    def compose_body(self) -> ComposeResult:
        yield WindowTable(COLUMNS)
        yield Static("Asking the store", classes="empty", id="empty")

    def load(self) -> None:
        self.ask(lambda engine: engine.cohorts_list(), self._show)

    def _show(self, documents: list[dict[str, Any]]) -> None:
        table, empty = self.query_one(WindowTable), self.query_one("#empty", Static)
        table.show([(each["cohort"], self._row(each)) for each in documents])
        table.display, empty.display = bool(documents), not documents
        if self.studio.session.may(r.CohortNew.permission):
            empty.update(Content("No cohorts yet.\n\nPress n to draw synthetic records with one of your generators."))
        else:
            empty.update(Content("No cohorts yet. Researchers draw them."))
        if documents and self.focused is None:
            table.focus()

    @staticmethod
    def _row(each: dict[str, Any]) -> list[Any]:
        reading = (each.get("gauge") or {}).get("data") or {}
        band = BANDS.get(reading.get("band", ""), "") if each.get("evaluated") else "not judged"
        band = "too little" if reading.get("band") == "grey" else band
        source = each.get("run") or each.get("weights") or "rows alone"
        return [each["cohort"], count(each["n"]), each.get("dataset") or "", source, band, when(each["created"])]

    @on(DataTable.RowSelected)
    def do_cohort_open(self) -> None:
        name = self.query_one(WindowTable).current_key
        if name is not None:
            self.studio.open("cohort", name=name)

    def do_cohort_new(self) -> None:
        self.studio.open("cohort_new")
