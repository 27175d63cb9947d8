"""A table of at most 200 rows: more is asked for page by page, because Textual lays out every row it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.text import Text
from textual.actions import SkipAction
from textual.binding import Binding
from textual.widgets import DataTable

from medsynth_tui.words import plain

WINDOW = 200


@dataclass(frozen=True)
class Column:
    """`width` in columns of the terminal, None: as wide as its content. Numbers stand right."""

    title: str
    width: int | None = None
    right: bool = False


class WindowTable(DataTable[Text]):
    """Rows by key; the cursor stays on its row when the rows are shown again. j/k, g/G as everywhere."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
        Binding("g", "scroll_top", "First", show=False),
        Binding("G", "scroll_bottom", "Last", show=False),
    ]

    def __init__(self, columns: Sequence[Column], id: str | None = None) -> None:
        super().__init__(id=id, cursor_type="row", zebra_stripes=False, header_height=1)
        self.layout_columns = tuple(columns)

    def on_mount(self) -> None:
        for column in self.layout_columns:
            title = Text(column.title, justify="right" if column.right else "left")
            self.add_column(title, width=column.width, key=column.title)

    def show(self, rows: Sequence[tuple[str, Sequence[Any]]]) -> None:
        """`rows`: key and one value a column; a value is text, or a pair of text and a style."""
        kept, was = self.current_key, self.cursor_row
        self.clear()
        for key, values in rows[:WINDOW]:
            cells = [self._cell(value, column) for value, column in zip(values, self.layout_columns, strict=True)]
            self.add_row(*cells, key=key)
        if not self.row_count:
            return
        keys = [str(row.value) for row in self.rows]
        self.move_cursor(row=keys.index(kept) if kept in keys else min(was, self.row_count - 1))

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

    @staticmethod
    def _cell(value: Any, column: Column) -> Text:
        text, style = value if isinstance(value, tuple) else (value, "")
        words = plain(text, 300)
        if column.width is not None and len(words) > column.width:
            words = words[: column.width - 1] + "…"
        return Text(words, style=style, justify="right" if column.right else "left", no_wrap=True)
