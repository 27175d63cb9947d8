"""The list of datasets: real, de-identified images and their tables."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import DataTable, Static

from medsynth_tui import commands as c
from medsynth_tui.command import Command
from medsynth_tui.commands_list import LISTED
from medsynth_tui.screens.runs import LOOK_EVERY
from medsynth_tui.screens.writing import WritesList
from medsynth_tui.view import View
from medsynth_tui.widgets.cell import at
from medsynth_tui.widgets.window_table import Column, WindowTable
from medsynth_tui.words import count

NARROW = (
    Column("dataset"),
    Column("accepted", 9, right=True),
    Column("quarantined", 11, right=True),
    Column("patients", 9, right=True),
    Column("made", 12),
)
WIDE = (
    *NARROW[:4],
    Column("training", 9, right=True),
    Column("held out", 9, right=True),
    Column("images", 6),
    NARROW[4],
)


class Datasets(WritesList, View):
    """Own and shared ones; admins and auditors see all of them, without images."""

    LIST = "datasets"
    AS_SEEN = "The datasets that you see, counts rounded and so in the list's own order, as a CSV table."
    HERE: ClassVar[tuple[Command, ...]] = (c.DatasetOpen, c.DatasetAdd, *LISTED)

    def on_mount(self) -> None:
        self.set_interval(LOOK_EVERY, self._keep_up)

    def _keep_up(self) -> None:
        """What a colleague shares comes by itself."""
        if self.is_current and not self.failed and not self.awaits("view"):
            self.load()

    def place(self) -> tuple[str, ...]:
        return ("Datasets",)

    def compose_body(self) -> ComposeResult:
        yield WindowTable(NARROW, WIDE)
        yield Static("Asking the store", classes="empty", id="empty")

    def load(self) -> None:
        self.ask(lambda engine: engine.datasets_list(), self._show)

    def _show(self, documents: list[dict[str, Any]]) -> None:
        table, empty = self.query_one(WindowTable), self.query_one("#empty", Static)
        table.show(lambda: [(each["dataset"], self._row(each)) for each in documents])
        table.display, empty.display = bool(documents), not documents
        empty.update(Content(self._nothing()))
        if documents and self.focused is None:
            table.focus()

    def _nothing(self) -> str:
        if self.studio.session.may(c.DatasetAdd.permission):
            return (
                f"No datasets yet.\n\nPress {self.key(c.DatasetAdd)} to bring in a folder or archive of images with "
                "its table, or a table.\n"
                "You will see what would be taken, removed and refused before anything is stored."
            )
        return "No datasets yet. Researchers bring them in."

    def _row(self, each: dict[str, Any]) -> list[Any]:
        name = each["dataset"] if each.get("version", 1) == 1 else f"{each['dataset']} v{each['version']}"
        numbers = [count(each.get(key)) for key in ("records", "quarantined", "patients")]
        more = [count(each.get(key)) for key in ("train", "holdout")]
        more.append("yes" if each.get("images") or each.get("quarantined") else "no")
        return [name, *numbers, *(more if self.query_one(WindowTable).wide else []), at(each["created"])]

    @on(DataTable.RowSelected)
    def do_dataset_open(self) -> None:
        name = self.query_one(WindowTable).current_key
        if name is not None:
            self.studio.open("dataset", name=name)

    def do_dataset_add(self) -> None:
        self.studio.open("upload")
