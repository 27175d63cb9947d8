"""A table of at most 200 rows: more is asked for page by page, because Textual lays out every row it is given."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.text import Text
from textual.actions import SkipAction
from textual.binding import Binding
from textual.message import Message
from textual.widgets import DataTable

from medsynth_tui.glyphs import Glyphs
from medsynth_tui.widgets.arranged import Arrangement, is_heading, kind_of
from medsynth_tui.widgets.cell import Cell
from medsynth_tui.words import plain

WINDOW = 200
PADDING = 2
"""Columns of the terminal that Textual puts around every cell."""
SCROLLBAR = 1
WIDE_FROM = 110
"""Columns of the window from which on a table has its wide columns."""
Rows = Sequence[tuple[str, Sequence[Any]]]
VARIABLE = re.compile(r"\$([\w-]+)")


@dataclass(frozen=True)
class Column:
    """`width` in columns of the terminal; None: what the others leave (one column a table). Numbers stand right.

    sorts  whether the rows can be sorted by it
    """

    title: str
    width: int | None = None
    right: bool = False
    sorts: bool = True


class WindowTable(DataTable[Text]):
    """Rows by key; the cursor stays on its row when the rows are shown again. j/k, g/G as everywhere.

    A row whose key begins with `-` is a heading: it explains nothing and opens nothing. `given` are all rows in the
    order in which they came, `shown` those that are asked for, as `arrange_rows` says, `seen` the window of them.
    """

    class Filled(Message):
        """Its rows are others, or arranged otherwise."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
        Binding("g,home", "scroll_top", "First", show=False),
        Binding("G,end", "scroll_bottom", "Last", show=False),
    ]

    def __init__(self, columns: Sequence[Column], wide: Sequence[Column] = (), id: str | None = None) -> None:
        """`wide`: the columns in a window of 110 columns or more, where they are others."""
        super().__init__(id=id, cursor_type="row", zebra_stripes=False, header_height=1)
        self._both = tuple(columns), tuple(wide or columns)
        self.layout_columns = self._both[0]
        self.given: list[tuple[str, Sequence[Any]]] = []
        self.shown: list[tuple[str, Sequence[Any]]] = []
        self.arrangement = Arrangement()
        self.start = 0
        self._rows: Callable[[], Rows] = lambda: self.given

    @property
    def wide(self) -> bool:
        """Whether the wide columns are those that it has now."""
        return self.layout_columns != self._both[0]

    def _fitting(self) -> tuple[Column, ...]:
        return self._both[self.app.size.width >= WIDE_FROM]

    def only_columns(self, columns: Sequence[Column]) -> None:
        """These columns, in a window of any width."""
        self._both = tuple(columns), tuple(columns)
        self.layout_columns = self._both[0]

    def on_mount(self) -> None:
        self.layout_columns = self._fitting()
        self._add_columns()
        self.app.theme_changed_signal.subscribe(self, lambda _: self._fill())

    def _add_columns(self) -> None:
        for column, width in zip(self.layout_columns, self.widths(), strict=True):
            self.add_column(self._title(column, width), width=width, key=column.title)

    def _title(self, column: Column, width: int) -> Text:
        """With an arrow at the column that sorts."""
        words = column.title
        if words and words == self.arrangement.by:
            glyphs: Glyphs = self.app.glyphs  # type: ignore[attr-defined]
            words = words[: width - 1] + glyphs.text("▼" if self.arrangement.down else "▲")
        return Text(words, justify="right" if column.right else "left")

    def on_resize(self) -> None:
        """The columns are those of the window's width, and the stretching one takes what there is now."""
        others = self._fitting() != self.layout_columns
        self.layout_columns = self._fitting()
        widths = self.widths()
        if others or [column.width for column in self.ordered_columns] != widths:
            if not others:
                for column, width in zip(self.ordered_columns, widths, strict=True):
                    column.width = width
            self.given = list(self._rows())
            self._fill(others)

    def show(self, rows: Rows | Callable[[], Rows], start: int = 0) -> None:
        """`rows`: key and one value a column; a value is text, a pair of text and a style, or a Cell.

        A style may name colours of the theme (`bold $error`): they follow when another theme is chosen. Rows that
        depend on the columns or their widths are given as what makes them: it is called again when those change.
        `start`: where the window of rows begins, while they are as they came.
        """
        self._rows = rows if callable(rows) else lambda: rows
        made = list(self._rows())
        if made != self.given or start != self.start or not self.row_count:
            self.given, self.start = made, start
            self._fill()

    def arrange_rows(self, arrangement: Arrangement) -> None:
        """Filter and sort: now, and whatever is shown later.

        The cursor stays on its row where only the filter is another; another order is looked at from its beginning.
        """
        if arrangement == self.arrangement:
            return
        before, self.arrangement = self.arrangement, arrangement
        self._fill(other_columns=True)
        if (before.by, before.down) != (arrangement.by, arrangement.down) and self.row_count:
            self._go_to(0)
            self.leave_heading()

    @property
    def seen(self) -> Rows:
        """The rows in the table, which are at most 200."""
        start = 0 if self.arrangement else self.start
        return self.shown[start : start + WINDOW]

    def counts(self) -> tuple[int, int]:
        """How many rows are seen, after filtering, and how many there are; headings are none."""
        seen, there = (sum(not is_heading(key) for key, _ in rows) for rows in (self.shown, self.given))
        return seen, there

    def kind(self, title: str) -> int:
        """What a column holds (`arranged.kind_of`)."""
        return kind_of(self.given, [column.title for column in self.layout_columns].index(title))

    def _fill(self, other_columns: bool = False) -> None:
        kept, was = self.current_key, self.cursor_row
        self.shown = self.arrangement.of(self.given, [column.title for column in self.layout_columns])
        self.clear(columns=other_columns)
        if other_columns:
            self._add_columns()
        widths = self.widths()
        for key, values in self.seen:
            cells = zip(values, self.layout_columns, widths, strict=True)
            self.add_row(*(self._cell(value, column, width) for value, column, width in cells), key=key)
        self.post_message(self.Filled())
        if not self.row_count:
            return
        keys = [str(row.value) for row in self.rows]
        self._go_to(keys.index(kept) if kept in keys else min(was, self.row_count - 1))

    def widths(self) -> list[int]:
        """Columns of the terminal that each column has, without its padding."""
        fixed = sum(column.width or 0 for column in self.layout_columns)
        room = (self.size.width or self.app.size.width - 4) - SCROLLBAR - fixed - PADDING * len(self.layout_columns)
        return [max(6, room) if column.width is None else column.width for column in self.layout_columns]

    def _post_selected_message(self) -> None:
        """By enter or by the mouse: what the screen does with `enter`, it does where it offers it now."""
        here = [each for each in getattr(self.screen, "HERE", ()) if "enter" in each.keys.split(",")]
        if not here or any(self.screen.offered(each) for each in here):  # type: ignore[attr-defined]
            super()._post_selected_message()

    def leave_heading(self) -> None:
        """A cursor that stands on a heading goes to the first row below it that is none."""
        if (self.current_key or "").startswith("-"):
            below = (place for place, (key, _) in enumerate(self.shown) if not key.startswith("-"))
            self._go_to(next((place for place in below if place > self.cursor_row), self.cursor_row))

    def _go_to(self, place: int) -> None:
        """Put the cursor on a row; headings at the top, which it never stands on, stay in sight."""
        self.move_cursor(row=place)
        self._show_headings()

    def on_show(self) -> None:
        """A table that was filled while another page was shown has scrolled in a window of no height."""
        self._show_headings()

    def _show_headings(self) -> None:
        if all(key.startswith("-") for key, _ in self.shown[: self.cursor_row]):
            self.call_after_refresh(self.scroll_to, y=0, animate=False)

    def action_scroll_top(self) -> None:
        super().action_scroll_top()
        self.leave_heading()

    def action_cursor_left(self) -> None:
        raise SkipAction  # rows have no columns to walk through: the key belongs to the screen

    def action_cursor_right(self) -> None:
        raise SkipAction

    @property
    def current_key(self) -> str | None:
        """The key of the row under the cursor."""
        if not self.row_count or not self.is_valid_row_index(self.cursor_row):
            return None
        return str(self.coordinate_to_cell_key(self.cursor_coordinate).row_key.value)

    def _cell(self, value: Any, column: Column, width: int) -> Text:
        if isinstance(value, Cell):
            value = (value.text, value.style)
        text, style = value if isinstance(value, tuple) else (value, "")
        words = plain(text, 300)
        if len(words) > width:
            words = words[: width - 1] + "…"
        if "$" in style:
            style = VARIABLE.sub(lambda name: self.app.theme_variables[name[1]], style)
        return Text(words, style=style, justify="right" if column.right else "left", no_wrap=True)
