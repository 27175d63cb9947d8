"""The prevalence heatmap with a cursor: a cell has ground colour only where the interval of the gap excludes zero."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from rich.text import Text
from textual.actions import SkipAction
from textual.binding import Binding
from textual.widgets import DataTable

from medsynth_engine.kernel.escape import plain
from medsynth_tui.glyphs import Glyphs
from medsynth_tui.theme import Palette, mix

LAYERS = {"synthetic": "the cohort", "training": "the training data", "difference": "cohort minus training"}
LABEL = 22


class PrevalenceTable(DataTable[Text]):
    """Rows are findings, columns the groups of one attribute. At its edges the arrows belong to the screen."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
    ]

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id, cursor_type="cell", zebra_stripes=False, header_height=1, fixed_columns=1)
        self.map: Mapping[str, Any] = {}

    def show(self, prevalence: Mapping[str, Any], layer: str, palette: Palette, glyphs: Glyphs) -> None:
        """One heatmap of an evaluation (evidence/heatmap.py), and which of its matrices is written into the cells."""
        kept = self.cursor_coordinate if prevalence.get("attribute") == self.map.get("attribute") else None
        self.map = prevalence
        self.clear(columns=True)
        columns = [plain(column, 14) for column in prevalence["columns"]]
        width = max(7, *(len(column) for column in columns))
        self.add_column(Text(plain(str(prevalence.get("finding") or "finding"), LABEL)), width=LABEL, key="-label")
        for place, column in enumerate(columns):
            self.add_column(Text(column, justify="right"), width=width, key=str(place))
        for i, name in enumerate(prevalence["rows"]):
            cells = [self._cell(i, j, layer, palette, glyphs) for j in range(len(columns))]
            label = plain(name, 200)
            short = label if len(label) <= LABEL else label[: LABEL - 1] + "…"
            self.add_row(Text(glyphs.text(short)), *cells, key=str(i))
        first = (0, 1) if kept is None else (kept.row, max(1, kept.column))
        self.move_cursor(row=first[0], column=first[1])

    def _cell(self, i: int, j: int, layer: str, palette: Palette, glyphs: Glyphs) -> Text:
        value, gap = self.map[layer][i][j], self.map["difference"][i][j]
        if value is None:
            return Text("-", style=palette.muted, justify="right")
        words = f"{100 * value:+.0f}" if layer == "difference" else f"{100 * value:.0f}%"
        if not self.map["flag"][i][j]:
            return Text(f"{words}  ", justify="right")
        more = (gap or 0) > 0
        ground = mix(palette.background, palette.error if more else palette.secondary, 0.35)
        return Text(
            f"{words} {glyphs.text('▲' if more else '▼')}",
            style=f"bold {palette.foreground} on {ground}",
            justify="right",
        )

    @property
    def place(self) -> tuple[int, int] | None:
        """Row and group under the cursor; None on a label or where there is nothing."""
        if not self.row_count:
            return None
        row, column = self.cursor_coordinate
        return (row, column - 1) if column >= 1 else None

    def action_cursor_left(self) -> None:
        if self.cursor_column <= 1:
            raise SkipAction
        super().action_cursor_left()

    def action_cursor_right(self) -> None:
        if self.cursor_column >= len(self.columns) - 1:
            raise SkipAction
        super().action_cursor_right()
