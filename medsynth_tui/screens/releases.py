"""What has left, as `medsynth releases` tells it: when, for whom, under which assessment, and who let it."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import DataTable, Static

from medsynth_tui import commands_release as r
from medsynth_tui.command import Command
from medsynth_tui.commands_list import LISTED
from medsynth_tui.screens.backups import facts
from medsynth_tui.screens.confirm import Tell
from medsynth_tui.screens.writing import WritesList
from medsynth_tui.view import View
from medsynth_tui.widgets.cell import Cell, at
from medsynth_tui.widgets.window_table import Column, WindowTable
from medsynth_tui.words import ending, said, when

NARROW = (
    Column("what left"),
    Column("for", 9),
    Column("by", 10),
    Column("let by", 12),
    Column("when", 12),
)
WIDE = (*NARROW[:2], Column("as", 7), NARROW[2], Column("let by", 19), Column("marks", 22), NARROW[4])
SCREENS = {"cohort": "cohort", "dataset": "dataset"}
"""Where one looks at what left, by its kind."""
NOT_KEPT = "not on record"
"""Marks of what the log does not say, which is not that it bears none."""


class Releases(WritesList, View):
    """The newest first: one's own for a researcher, all of them for who oversees."""

    LIST = "releases"
    HERE: ClassVar[tuple[Command, ...]] = (r.ReleaseOpen, r.ReleaseSubject, r.ReleaseAssess, *LISTED)

    def __init__(self) -> None:
        super().__init__()
        self.left: dict[str, dict[str, Any]] = {}

    def place(self) -> tuple[str, ...]:
        return ("Releases",)

    def compose_body(self) -> ComposeResult:
        yield WindowTable(NARROW, WIDE)
        yield Static("Asking the store", classes="empty", id="empty")

    def load(self) -> None:
        self.ask(lambda engine: engine.releases_list(), self._show)

    def _show(self, documents: list[dict[str, Any]]) -> None:
        self.left = {str(each["release"]): each for each in documents}
        table, empty = self.query_one(WindowTable), self.query_one("#empty", Static)
        table.show(lambda: [(key, self._row(each)) for key, each in self.left.items()])
        table.display, empty.display = bool(documents), not documents
        whose = " of yours" if self.studio.session.may(r.ExportGo.permission) else ""
        empty.update(
            Content(f"Nothing{whose} has left. What leaves, leaves through the gate: a cohort's page asks it.")
        )
        if documents and self.focused is None:
            table.focus()
        self.place_changed()

    def _row(self, each: dict[str, Any]) -> list[Any]:
        table = self.query_one(WindowTable)
        let, against = _let_by(each), bool(each.get("overridden"))
        if against:  # its names have room only in a wide window, and in the detail
            let = f"overridden: {let}" if table.wide else "overridden"
        return [
            Cell(ending(subject_of(each), table.widths()[0]), by=subject_of(each)),
            each["audience"],
            *([each["format"]] if table.wide else []),
            each["actor"],
            (let, "bold" if against else ""),
            *([_marks(each)] if table.wide else []),
            at(each["at"]),
        ]

    def _chosen(self) -> dict[str, Any] | None:
        return self.left.get(self.query_one(WindowTable).current_key or "")

    @on(DataTable.RowHighlighted)
    def _moved(self) -> None:
        self.place_changed()

    def nothing_under_cursor(self) -> None:
        self.place_changed()

    def offered(self, command: Command) -> bool:
        chosen = self._chosen() if self.is_mounted else None
        if command is r.ReleaseOpen:
            return chosen is not None
        if command is r.ReleaseSubject:
            return chosen is not None and _to_be_seen(chosen)
        if command is r.ReleaseAssess:
            return chosen is not None and bool(chosen["assessment"])
        return super().offered(command)

    def do_release_subject(self) -> None:
        chosen = self._chosen()
        if chosen is not None and _to_be_seen(chosen):
            self.studio.open(SCREENS[chosen["kind"]], name=chosen["subject"])

    def do_release_assess(self) -> None:
        chosen = self._chosen()
        if chosen is not None and chosen["assessment"]:
            self.studio.open("assessment", subject=subject_of(chosen), left_under=chosen["assessment"])

    @on(DataTable.RowSelected)
    def do_release_open(self) -> None:
        each = self._chosen()
        if each is None:
            return
        lines = facts(
            ("Release", said(each["release"], 80)),
            ("For", f"{said(each['audience'], 20)}, as {said(each['format'], 20)}"),
            ("When, by", f"{when(each['at'])}, {said(each['actor'], 60)}"),
            ("Let by", f"{_let_by(each)}, against the gate" if each.get("overridden") else _let_by(each)),
            ("Assessment", said(each["assessment"], 80)),
            ("Marks", _marks(each)),
            ("Digest", said(each.get("digest"), 80)),
            ("File", said(each.get("file"), 200)),
            ("In store", "as it left" if each.get("there") else "no more: removed, or another by that name"),
        )
        self.studio.push_screen(Tell(f"{said(subject_of(each), 80)} left", lines))


def subject_of(each: dict[str, Any]) -> str:
    """What left, as an assessment names it: a cohort by its name alone, all else with its kind."""
    return str(each["subject"] if each["kind"] == "cohort" else f"{each['kind']}:{each['subject']}")


def _to_be_seen(each: dict[str, Any]) -> bool:
    """Whether it has a page, and that is of what left: another by the same name may have been made since."""
    return each["kind"] in SCREENS and bool(each.get("there"))


def _let_by(each: dict[str, Any]) -> str:
    return ", ".join(said(name, 60) for name in each.get("approved_by") or ()) or "nobody"


def _marks(each: dict[str, Any]) -> str:
    marks = each.get("marks")
    return NOT_KEPT if marks is None else ", ".join(said(mark, 20) for mark in marks) or "none"
