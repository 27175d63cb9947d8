"""A page of a table whose columns are known only when it comes: as many of them as fit, from a chosen one on."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from medsynth_tui.widgets.window_table import PADDING, SCROLLBAR, Column, WindowTable

WIDEST = 16


class RowsTable(WindowTable):
    """Cells are text; a column is as wide as what it holds, up to 16."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__((), id=id)
        self.names: list[str] = []
        self.page: list[tuple[str, Sequence[str]]] = []
        self.first = 0

    def show_page(self, names: Sequence[str], rows: Sequence[Sequence[str]], number: int) -> None:
        """number: of the first row, for the keys."""
        self.names = list(names)
        self.page = [(str(number + index), row) for index, row in enumerate(rows)]
        self.first = min(self.first, max(0, len(self.names) - 1))
        self._choose()

    def turn(self) -> None:
        """The columns after those that are shown; after the last ones the first again."""
        after = self.first + len(self.layout_columns)
        self.first = after if after < len(self.names) else 0
        self._choose()

    def on_resize(self) -> None:
        if self.names:
            self._choose()

    def _choose(self) -> None:
        room = (self.size.width or self.app.size.width - 4) - SCROLLBAR
        chosen: list[Column] = []
        for place in range(self.first, len(self.names)):
            width = min(WIDEST, max(len(self.names[place]), *(len(row[place]) for _, row in self.page), 3))
            room -= width + PADDING
            if room < 0 and chosen:
                break
            chosen.append(Column(self.names[place], width))
        self.only_columns(chosen)
        self.clear(columns=True)
        for index, column in enumerate(chosen):
            self.add_column(Text(column.title), width=column.width, key=f"column{self.first + index}")
        last = self.first + len(chosen)
        self.given = [(key, list(row[self.first : last])) for key, row in self.page]
        self._fill()
