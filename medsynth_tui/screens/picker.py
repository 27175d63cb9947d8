"""Picking a file or folder on the machine where MedSynth runs: over SSH that is the server, not your own."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.widgets import DataTable, Static

from medsynth_tui.view import Dialog
from medsynth_tui.widgets.window_table import WINDOW, Column, WindowTable
from medsynth_tui.words import count, said
from medsynth_tui.work import Asking

COLUMNS = (Column("name"), Column("kind", 8), Column("size", 10, right=True))


class Picker(Asking, Dialog):
    """Answers a path. Enter opens a folder or takes a file, space takes the folder under the cursor as it is."""

    EXPLAINS = "The files of the machine where MedSynth runs; over ssh that is the server, not your own."
    KEYS = (
        ("enter", "Open a folder, or take a file."),
        ("space", "Take the folder under the cursor as it is."),
        ("← h", "Go up to the folder around this one (also backspace)."),
    )

    CSS_PATH = "picker.tcss"
    BINDINGS: ClassVar[list[Any]] = [
        Binding("space", "take", "Take", show=False),
        Binding("backspace,left,h", "up", "Up", show=False),
    ]

    def __init__(self, start: str = "", kinds: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.start, self.kinds = start, kinds
        self.folder: dict[str, Any] = {}

    def compose_card(self) -> ComposeResult:
        yield Static("Looking", classes="title", id="where")
        yield WindowTable(COLUMNS)
        yield Static("", classes="muted", id="note")
        yield Static("enter open or take   space take a folder   backspace up   esc close", classes="muted")

    def on_mount(self) -> None:
        self._open(self.start or None)

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
                [each["name"] + ("/" if each["kind"] == "folder" else ""), each["kind"], _size(each["size"])],
            )
            for each in entries
        ]
        self.query_one("#where", Static).update(Content(said(document["path"])))
        table = self.query_one(WindowTable)
        table.show(rows)
        left_out = len(rows) - WINDOW
        note = f"{left_out:,} more are not shown: type the path instead." if left_out > 0 else ""
        self.query_one("#note", Static).update(Content(note or ("" if rows else "Nothing here that could be taken.")))
        table.focus()

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
