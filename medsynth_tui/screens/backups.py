"""Backups of this store, as the log knows them: when, by whom, and what each holds; never where."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import DataTable, Static

from medsynth_tui import commands_backup as b
from medsynth_tui.command import Command
from medsynth_tui.commands_list import LOOK
from medsynth_tui.screens.confirm import Tell
from medsynth_tui.screens.listing import HasList
from medsynth_tui.view import View
from medsynth_tui.widgets.cell import at
from medsynth_tui.widgets.window_table import Column, WindowTable
from medsynth_tui.words import count, said, when

COLUMNS = (
    Column("made", 12),
    Column("by", 14),
    Column("holds"),
    Column("files", 9, right=True),
    Column("SHA-256", 12),
)
SMALL, WHOLE = "the ledger", "everything"
"""What a backup holds, in a word; and in more of them:"""
LEDGER = "people, records and the log"
EVERYTHING = "everything: also datasets, runs, cohorts and weights"
WANTED = 100
"""Records of the log that are asked for; each backup has two, of its begin and of its end."""


class Backups(HasList, View):
    """The newest first; what was begun and never finished is not among them."""

    HERE: ClassVar[tuple[Command, ...]] = (b.BackupOpen, b.BackupNew, b.BackupRead, *LOOK)

    def __init__(self) -> None:
        super().__init__()
        self.made: dict[str, dict[str, Any]] = {}
        self.written = ""
        """Where the one lies that was made from here just now: the log does not keep it."""

    def place(self) -> tuple[str, ...]:
        return ("Store", "Backups")

    def compose_body(self) -> ComposeResult:
        yield Static("Reading the log", id="summary", classes="muted")
        yield WindowTable(COLUMNS)

    def load(self) -> None:
        self.ask(
            lambda engine: engine.audit_list(action="store.backup", outcome="done", limit=WANTED),
            self._show,
        )

    def _show(self, document: dict[str, Any]) -> None:
        finished = [each for each in document["records"] if (each.get("detail") or {}).get("digest")]
        self.made = {str(each["seq"]): each for each in finished}
        table = self.query_one(WindowTable)
        table.show([(key, self._row(each)) for key, each in self.made.items()])
        self.query_one("#summary", Static).update(Content(self._summary(finished)))
        table.display = bool(finished)
        if finished and self.focused is None:
            table.focus()

    def _summary(self, finished: list[dict[str, Any]]) -> str:
        if not finished:
            return f"No backup of this store was ever made. Press {self.key(b.BackupNew)} to make one."
        return f"The last one: {when(finished[0]['at'])}. The log keeps when and what, not where."

    @staticmethod
    def _row(each: dict[str, Any]) -> list[Any]:
        detail = each["detail"]
        holds = WHOLE if detail.get("everything") else SMALL
        return [at(each["at"]), each["actor"], holds, count(detail.get("files")), said(detail["digest"], 80)[:12]]

    def copied(self) -> str:
        """The digest: by it one finds the file."""
        each = self.made.get(super().copied())
        return str(each["detail"]["digest"]) if each is not None else ""

    @on(DataTable.RowSelected)
    def do_backup_open(self) -> None:
        each = self.made.get(self.query_one(WindowTable).current_key or "")
        if each is None:
            return
        detail = each["detail"]
        self.studio.push_screen(
            Tell(
                f"Backup of {said(each['at'], 40)}",
                facts(
                    ("By", said(each["actor"], 60)),
                    ("Holds", EVERYTHING if detail.get("everything") else LEDGER),
                    ("Files", count(detail.get("files"))),
                    ("SHA-256", said(detail["digest"], 80)),
                ),
                "Which file it is, its SHA-256 tells: sha256sum FILE",
            )
        )

    def do_backup_new(self) -> None:
        self.studio.open("backup_new", written=self._written)

    def _written(self, path: str) -> None:
        self.written = path

    def do_backup_read(self) -> None:
        self.studio.open("backup_read", path=self.written)


def facts(*lines: tuple[str, str]) -> Content:
    """A title and words a line; what is longer than a line goes on at its beginning."""
    return Content("\n").join(Content.assemble((f"{title:<13}", "$muted"), words) for title, words in lines)
