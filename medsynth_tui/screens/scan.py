"""What a scan found, and which column means what. From here it is brought in."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import DataTable, Static

from medsynth_engine.kernel.errors import MedSynthError
from medsynth_tui import commands as c
from medsynth_tui.command import Command
from medsynth_tui.intake_words import QUESTIONS, ROLES, SEVERAL
from medsynth_tui.screens.confirm import Ask, Sure
from medsynth_tui.screens.intake_report import report
from medsynth_tui.view import View
from medsynth_tui.widgets.window_table import Column, WindowTable
from medsynth_tui.words import said

EMPTY = {"drop": "Empty: nothing but what identifies people.", "column": "Empty: all that identify nobody."}
"""What an empty answer means; that of other roles lets it be guessed."""
NARROW = (Column("role", 10), Column("column"))
WIDE = (Column("role", 10), Column("column", 22), Column("means"))


class ScanResult(View):
    """Nothing is stored yet. Mapping a column asks for another scan, because what is removed depends on it."""

    CSS_PATH = "scan.tcss"
    HERE: ClassVar[tuple[Command, ...]] = (c.UploadAdd, c.UploadColumns, c.UploadScan)

    def __init__(self, name: str, intake: dict[str, Any], document: dict[str, Any]) -> None:
        super().__init__()
        self.dataset, self.intake, self.document = name, intake, document
        self.columns: dict[str, str] = dict(document.get("columns") or {})
        self.mapped: dict[str, str] = {}
        self.stale = False
        self.appending = False

    def place(self) -> tuple[str, ...]:
        return ("Datasets", "Bring in", self.dataset)

    def compose_body(self) -> ComposeResult:
        with Horizontal():
            with VerticalScroll(id="report-side"):
                yield Static(id="report")
            with Vertical(id="columns-side"):
                yield Static("Which column is what (enter to change)", classes="heading")
                yield WindowTable(NARROW, WIDE)

    def on_mount(self) -> None:
        self._show()
        self.query_one(WindowTable).focus()

    def load(self) -> None:
        """Nothing to fetch: the scan's document came with the screen."""

    def _show(self) -> None:
        first = (
            f"Scan again ({self.key(c.UploadScan)}) to see what the new columns change."
            if self.stale
            else "Nothing is stored yet."
        )
        lines = [Content.assemble((first, "$warning" if self.stale else "$muted")), Content("")]
        self.query_one("#report", Static).update(
            Content("\n").join([*lines, *report(self.document, self.studio.glyphs)])
        )
        rows = []
        for role, meaning in ROLES.items():
            column = self.mapped.get(role) or self.columns.get(role)
            rows.append((role, [role, (said(column, 60), "bold") if column else "", meaning]))
        table = self.query_one(WindowTable)
        table.show(lambda: [(role, cells[: len(table.layout_columns)]) for role, cells in rows])
        self.place_changed()

    @on(DataTable.RowSelected)
    def do_upload_columns(self) -> None:
        role = self.query_one(WindowTable).current_key
        if role is None or not self.offered(c.UploadColumns):
            return
        several = " Several are set apart by commas." if role in SEVERAL else ""
        now = self.mapped.get(role) or self.columns.get(role, "")
        self.studio.push_screen(
            Ask(
                QUESTIONS[role],
                "Columns" if role in SEVERAL else "Column",
                says=f"As the table calls it.{several} {EMPTY.get(role, 'Empty: it is guessed.')}",
                value=now,
                verb="Use it",
            ),
            lambda column: self._map(role, column),
        )

    def _map(self, role: str, column: str | None) -> None:
        if column is None:
            return
        if column:
            self.mapped[role] = column
        else:
            self.mapped.pop(role, None)
            self.columns.pop(role, None)
        self.stale = True
        self._show()

    def arguments(self) -> dict[str, Any]:
        columns: dict[str, Any] = {}
        for role, column in self.mapped.items():
            names = [part.strip() for part in column.split(",") if part.strip()]
            columns[role] = names if role in SEVERAL and len(names) > 1 else column
        return {**self.intake, "columns": columns}

    def do_upload_scan(self) -> None:
        self.clear()
        arguments = self.arguments()
        self.ask(lambda engine: engine.datasets_scan(**arguments), self._scanning, group="scan")

    def _scanning(self, document: dict[str, Any]) -> None:
        self.follow(document["job"], "Scanning", self._scanned)

    def _scanned(self, document: dict[str, Any]) -> None:
        self.document, self.columns, self.stale = document, dict(document.get("columns") or {}), False
        self._show()

    def do_upload_add(self) -> None:
        self.clear()
        if self.followed:
            self.complain("This is being brought in already.", f"{self.key(c.CancelJob)} cancels it.")
            return
        self._add(append=False)

    def _add(self, append: bool) -> None:
        name, arguments = self.dataset, self.arguments()
        self.ask(
            lambda engine: engine.datasets_add(name, append=append, **arguments),
            self._adding,
            group="scan",
            refused=self._offer_to_append,
        )

    def _offer_to_append(self, error: MedSynthError) -> bool:
        """There is a dataset of that name: this may be more of it."""
        if error.code != "name_taken" or self.appending:
            return False
        self.studio.push_screen(
            Sure(
                f"There is a dataset {self.dataset} already",
                "These records can become its next version, together with those that it has. The version that is "
                "there stays as it is, with everything that was made from it.",
                "Add to it",
                "Choose another name",
            ),
            self._append,
        )
        return True

    def _append(self, sure: bool | None) -> None:
        if sure:
            self.appending = True
            self._add(append=True)
        else:
            self.studio.back()

    def _adding(self, document: dict[str, Any]) -> None:
        self.follow(document["job"], f"Bringing in {self.dataset}", self._added)

    def _added(self, document: dict[str, Any]) -> None:
        self.studio.go("datasets")
        self.studio.open("dataset", name=self.dataset)
