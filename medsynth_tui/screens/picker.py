"""Picking a file or folder on the machine where MedSynth runs: over SSH that is the server, not your own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.widgets import DataTable, Static

from medsynth_tui.command import Command, bindings
from medsynth_tui.commands_list import ListFilter, ListSort
from medsynth_tui.screens.listing import HasList
from medsynth_tui.view import Dialog
from medsynth_tui.widgets.cell import Cell
from medsynth_tui.widgets.list_line import ListLine
from medsynth_tui.widgets.window_table import Column, WindowTable
from medsynth_tui.words import count, said
from medsynth_tui.work import Asking

COLUMNS = (Column("name"), Column("kind", 8), Column("size", 10, right=True))


class Picker(HasList, Asking, Dialog):
    """Answers a path. Enter opens a folder or takes a file, space takes the folder under the cursor as it is.

    A list as every other: filtered and sorted by the same keys; what is filtered away in one folder is not in the next.
    """

    EXPLAINS = "The files of the machine where MedSynth runs; over ssh that is the server, not your own."
    KEYS = (
        ("enter", "Open a folder, or take a file."),
        ("space", "Take the folder under the cursor as it is."),
        ("← h", "Go up to the folder around this one (also backspace)."),
        ("/", "Show only the names that hold what you type; esc shows all again."),
        ("s", "Sort by name, kind or size; the same one again turns the order round."),
    )
    HERE: ClassVar[tuple[Command, ...]] = (ListFilter, ListSort)

    CSS_PATH = "picker.tcss"
    BINDINGS: ClassVar[list[Any]] = [
        Binding("space", "take", "Take", show=False),
        Binding("backspace,left,h", "up", "Up", show=False),
        *bindings(HERE),
    ]

    def __init__(self, start: str = "", kinds: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.start, self.kinds = start, kinds
        self.folder: dict[str, Any] = {}

    def compose_card(self) -> ComposeResult:
        yield Static("Looking", classes="title", id="where")
        yield WindowTable(COLUMNS)
        yield Static("", classes="muted", id="note")
        yield ListLine()
        yield Static("enter open or take   space take a folder   backspace up   esc close", classes="muted")

    def on_mount(self) -> None:
        self._open(self.start or None)

    def key(self, command: Command) -> str:
        return self.studio.keymap.label(command)

    def label(self, command: Command) -> str:
        return command.title

    def clear(self) -> None:
        """A question has no strip of its own to be cleared."""

    def place_changed(self) -> None:
        self.refresh_bindings()

    def action_leave(self) -> None:
        """First back to the whole folder, then out."""
        if self.filtering:
            self._arrange(words="")
            self.on_list_line_done()
        else:
            super().action_leave()

    def _open(self, path: str | None) -> None:
        self.ask(lambda engine: engine.browse(path), self._show, refused=lambda _: self._elsewhere(path))

    def _elsewhere(self, path: str | None) -> bool:
        """A start that is not there: begin at home instead of failing."""
        if path is None or self.folder:
            return False
        self._open(None)
        return True

    def _show(self, document: dict[str, Any]) -> None:
        self.folder = document
        entries = [each for each in document["entries"] if not self.kinds or each["kind"] in (*self.kinds, "folder")]
        rows = [
            (
                each["name"],
                [
                    each["name"] + ("/" if each["kind"] == "folder" else ""),
                    each["kind"],
                    Cell(_size(each["size"]), by=each["size"]),
                ],
            )
            for each in entries
        ]
        self.query_one("#where", Static).update(Content(said(document["path"])))
        table, note = self.query_one(WindowTable), self.query_one("#note", Static)
        table.arrange_rows(replace(table.arrangement, words=""))
        table.show(rows)
        lines = [] if rows else ["Nothing here that could be taken."]
        if document.get("left_out"):
            lines.append(f"Of {count(document['left_out'])} more nothing is listed: type the path instead.")
        note.update(Content("\n".join(lines)))
        note.display = bool(lines)
        self.on_list_line_done()

    def _entry(self) -> dict[str, Any] | None:
        key = self.query_one(WindowTable).current_key
        return next((each for each in self.folder.get("entries", []) if each["name"] == key), None)

    def _path(self, name: str) -> str:
        return f"{self.folder['path'].rstrip('/')}/{name}"

    @on(DataTable.RowSelected)
    def _enter(self) -> None:
        entry = self._entry()
        if entry is None:
            return
        if entry["kind"] == "folder":
            self._open(self._path(entry["name"]))
        else:
            self.dismiss(self._path(entry["name"]))

    def action_take(self) -> None:
        entry = self._entry()
        if entry is not None:
            self.dismiss(self._path(entry["name"]))

    def action_up(self) -> None:
        if self.folder:
            self._open(self.folder["parent"])


def _size(size: int | None) -> str:
    if size is None:
        return ""
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{count(size)} {unit}"
        size = round(size / 1000)
    return f"{count(size)} GB"
