"""What one does with every list: filter it, sort it, and copy what the row under the cursor is called."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual.widget import Widget

from medsynth_tui.command import Command
from medsynth_tui.commands import Back
from medsynth_tui.commands_list import LOOK, ListCopy, ListFilter, ListSort
from medsynth_tui.screens.sort_by import SortBy
from medsynth_tui.terminal.clipboard import takes_clipboard
from medsynth_tui.widgets.arranged import Arrangement, is_heading, order_words
from medsynth_tui.widgets.cell import NOTHING
from medsynth_tui.widgets.list_line import ListLine, arranged_words
from medsynth_tui.widgets.window_table import WindowTable
from medsynth_tui.words import said

if TYPE_CHECKING:
    from textual.screen import Screen

    from medsynth_tui.app import MedSynth
    from medsynth_tui.work import Asking

    class Base(Asking, Screen[Any]):
        """What a list asks of its screen: a view, or a question that has these."""

        HERE: ClassVar[tuple[Command, ...]]

        @property
        def studio(self) -> MedSynth: ...
        def offered(self, command: Command) -> bool: ...
        def compose_foot(self) -> Iterable[Widget]: ...
        def key(self, command: Command) -> str: ...
        def label(self, command: Command) -> str: ...
        def hinted(self, command: Command) -> bool: ...
        def complain(self, message: str, hint: str = "") -> None: ...
        def say(self, message: str) -> None: ...
        def clear(self) -> None: ...
        def place_changed(self) -> None: ...
        def do_back(self) -> None: ...

else:
    Base = object

LARGEST_FIRST = ("largest first", "newest first")


class HasList(Base):
    """For a screen with lists, which has `commands_list.LOOK` among its commands.

    ROOMY: whether the line under the list is always there; where rows are few, only while the list is not as it came.
    """

    ROOMY: ClassVar[bool] = True

    def compose_foot(self) -> Iterable[Widget]:
        line = ListLine()
        line.display = self.ROOMY
        yield line

    def list_table(self) -> WindowTable | None:
        """The list in front; nothing where none is seen."""
        return next((table for table in self.query(WindowTable) if table.display), None)

    def list_line(self) -> ListLine:
        return self.query_one(ListLine)

    def list_words(self, table: WindowTable) -> list[str]:
        """What the line under the list says of it, the longest first."""
        return arranged_words(table)

    def copied(self) -> str:
        """What the row under the cursor is called, for the clipboard."""
        table = self.list_table()
        key = table.current_key if table is not None else None
        return "" if key is None or is_heading(key) else key

    @property
    def arrangement(self) -> Arrangement:
        table = self.list_table() if self.is_mounted else None
        return table.arrangement if table is not None else Arrangement()

    @property
    def filtering(self) -> bool:
        return bool(self.arrangement.words.split()) or (self.is_mounted and self.list_line().typing)

    def offered(self, command: Command) -> bool:
        if command in (ListFilter, ListSort, ListCopy):
            table = self.list_table() if self.is_mounted else None
            if table is None or not table.given:
                return False
            if command is ListCopy and not self.copied():
                return False
            if command is ListSort and not self.sortable(table):
                return False
        return super().offered(command)

    def hinted(self, command: Command) -> bool:
        """Where the line under the list is not there, the hints name its keys, as far as they have room."""
        return super().hinted(command) or (command in LOOK and not self.ROOMY)

    def label(self, command: Command) -> str:
        return "Show all" if command is Back and self.filtering else super().label(command)

    def do_back(self) -> None:
        """First back to the whole list, then back."""
        if self.filtering:
            self._arrange(words="")
            self.on_list_line_done()
        else:
            super().do_back()

    # --- filter -----------------------------------------------------------------------------------------------

    def do_list_filter(self) -> None:
        self.clear()
        self.list_line().display = True
        self.list_line().begin(self.arrangement.words)

    def on_list_line_words(self, event: ListLine.Words) -> None:
        self._arrange(words=event.words)

    def on_list_line_done(self) -> None:
        self.list_line().end()
        table = self.list_table()
        if table is not None:
            table.focus()
        self.list_turned()

    # --- sort -------------------------------------------------------------------------------------------------

    def do_list_sort(self) -> None:
        table = self.list_table()
        if table is None:
            return
        self.clear()
        now = table.arrangement
        columns = [(title, self._meaning(table, title)) for title in self.sortable(table)]
        self.studio.push_screen(SortBy(columns, now.by if now.by in dict(columns) else ""), self._sort)

    @staticmethod
    def sortable(table: WindowTable) -> list[str]:
        """Titles of the columns that hold anything to sort by."""
        able = (column.title for column in table.layout_columns if column.title and column.sorts)
        return [title for title in able if table.kind(title) != NOTHING]

    def _down(self, table: WindowTable, title: str) -> bool:
        """Numbers and times begin with the largest, words with a; the same column again turns it round."""
        now = table.arrangement
        return not now.down if now.by == title else order_words(table.kind(title), True) in LARGEST_FIRST

    def _meaning(self, table: WindowTable, title: str) -> str:
        return order_words(table.kind(title), self._down(table, title))

    def _sort(self, title: str | None) -> None:
        """What was chosen; a window that shrank meanwhile has no such column any more."""
        table = self.list_table()
        if table is not None and title is not None and title in ("", *self.sortable(table)):
            self._arrange(by=title, down=self._down(table, title) if title else False)

    def _arrange(self, **changed: Any) -> None:
        table = self.list_table()
        if table is not None:
            table.arrange_rows(replace(table.arrangement, **changed))
            self.list_turned()

    def on_window_table_filled(self) -> None:
        self.list_turned()
        table = self.list_table()
        if table is not None and table.given and not table.row_count:
            self.nothing_under_cursor()

    def nothing_under_cursor(self) -> None:
        """The filter left no row: what is said of the one under the cursor goes too."""

    def list_turned(self) -> None:
        """Another list is in front, or this one is another."""
        line = self.list_line()
        line.display = self.ROOMY or line.typing or bool(self.arrangement)
        line.tell()
        self.place_changed()

    # --- copy -------------------------------------------------------------------------------------------------

    def do_list_copy(self) -> None:
        name = self.copied()
        if not name:
            return
        if takes_clipboard(os.environ):
            self.studio.copy_to_clipboard(name)
            self.say(f"On your clipboard, if your terminal allows it: {said(name)}")
        else:
            self.complain("This terminal has no clipboard for programs.", f"Here it is: {said(name)}")
