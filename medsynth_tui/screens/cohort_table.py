"""A cohort's table beside the real one: column by column, and its rows, which are nobody's."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import ContentSwitcher, Static

from medsynth_engine.kernel.errors import MedSynthError
from medsynth_tui import columns as words
from medsynth_tui import commands_rows as c
from medsynth_tui.command import Command
from medsynth_tui.commands_list import LOOK
from medsynth_tui.screens.table import ColumnsView
from medsynth_tui.widgets.page_names import PageNames
from medsynth_tui.widgets.rows_table import RowsTable
from medsynth_tui.widgets.window_table import Column, WindowTable
from medsynth_tui.words import count, said

PAGE = 50
PAGES = ("beside", "rows")


class CohortTable(ColumnsView):
    """Real shares stand on the bars as marks, where they may be shown."""

    HERE: ClassVar[tuple[Command, ...]] = (c.TablePage, c.RowsNext, c.RowsBefore, c.RowsRight, *LOOK)
    LAST: ClassVar[Column] = Column("apart", 9, right=True)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.cohort = name
        self.page, self.start, self.n = PAGES[0], 0, 0

    def place(self) -> tuple[str, ...]:
        return ("Cohorts", self.cohort, "Table")

    def compose_body(self) -> ComposeResult:
        names = ["Beside the real one", "Rows"]
        yield PageNames(names if self.studio.session.may(c.TablePage.permission) else names[:1])
        with ContentSwitcher(initial=PAGES[0]):
            with Vertical(id=PAGES[0]):
                yield from self.columns_side_by_side()
            with Vertical(id=PAGES[1]):
                yield Static("", id="which", classes="muted")
                yield RowsTable(id="page")

    def load(self) -> None:
        name = self.cohort
        self.ask(lambda engine: engine.cohorts_table(name), self._show, refused=self._refused, saying="Asking")

    def _refused(self, error: MedSynthError) -> bool:
        if error.code == "dataset_removed":
            self.tell(f"{error.message} {error.hint}")
            return True
        if error.code != "not_described":
            return False
        name = self.cohort
        self.ask(lambda engine: engine.cohorts_show(name), self._describe, group="dataset")
        return True

    def _describe(self, document: dict[str, Any]) -> None:
        self.nobody_counted(str(document["dataset"]))

    def _show(self, document: dict[str, Any]) -> None:
        self.document = document
        looked = document["looked_at"]
        of = f"the first {count(looked)} of " if looked < document["n"] else ""
        self.tell(f"{of}{count(document['n'])} drawn records beside {count(document['records'])} real ones")
        self.query_one("#columns", WindowTable).show(words.beside_rows(document, self.studio.glyphs.ascii))
        self._read()

    def show_column(self, key: str) -> None:
        column = self.named(key)
        if column is None:
            name = key.removeprefix("not drawn:")
            self.show_right([], [Content(f"{said(name, 60)} was not drawn.")] if name != key else [])
            return
        lines = words.beside_lines(column, self.document["records"], self.document["looked_at"])
        self.show_right([words.beside_bars(column)], lines, "the real table")

    # --- rows -------------------------------------------------------------------------------------------------

    def list_table(self) -> WindowTable | None:
        """The columns; its rows come page by page, and so in their own order."""
        return super().list_table() if self.page == PAGES[0] else None

    def offered(self, command: Command) -> bool:
        if command in (c.RowsNext, c.RowsBefore, c.RowsRight) and self.page != PAGES[1]:
            return False
        return super().offered(command)

    def do_table_page(self) -> None:
        self.clear()
        self.page = PAGES[1 - PAGES.index(self.page)]
        self.query_one(ContentSwitcher).current = self.page
        self.query_one(PageNames).show(PAGES.index(self.page))
        if self.page == PAGES[1]:
            self._fetch()
        self.query_one("#page" if self.page == PAGES[1] else "#columns").focus()
        self.place_changed()

    def do_rows_next(self) -> None:
        if self.start + PAGE < self.n:
            self.start += PAGE
            self._fetch()

    def do_rows_before(self) -> None:
        self.start = max(0, self.start - PAGE)
        self._fetch()

    def do_rows_right(self) -> None:
        self.query_one(RowsTable).turn()
        self._which()

    def _fetch(self) -> None:
        name, start = self.cohort, self.start
        self.ask(lambda engine: engine.cohorts_rows(name, start=start, count=PAGE), self._show_rows, group="rows")

    def _show_rows(self, document: dict[str, Any]) -> None:
        self.n = int(document["n"])
        self.query_one(RowsTable).show_page(document["columns"], document["rows"], document["start"])
        self._which()

    def _which(self) -> None:
        table = self.query_one(RowsTable)
        last = table.first + len(table.layout_columns)
        rows = f"Synthetic rows {count(self.start + 1)} to {count(min(self.n, self.start + PAGE))} of {count(self.n)}"
        of = (
            f", columns {table.first + 1} to {last} of {len(table.names)}"
            if len(table.names) > last - table.first
            else ""
        )
        self.query_one("#which", Static).update(Content(rows + of))
