"""Prevalence as a table of numbers whose ground gets deeper with the number: the number is always there to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from textual.content import Content

from medsynth_tui.theme import PALETTES, mix
from medsynth_tui.widgets.drawn import Drawn
from medsynth_tui.words import plain

if TYPE_CHECKING:
    from medsynth_tui.app import MedSynth

LABEL = 20


@dataclass(frozen=True)
class Prevalence:
    """Rows by columns of shares 0..1; None or a word (`<11`) where there are too few records to say."""

    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    cells: Mapping[tuple[str, str], Any]
    flags: frozenset[tuple[str, str]] = frozenset()
    """Cells that differ from what they are compared with, beyond chance."""


class Heatmap(Drawn):
    """`-` says that a cell has too few patients to show, `!` that it differs beyond chance."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.maps: tuple[Prevalence, ...] = ()

    def show(self, maps: Sequence[Prevalence]) -> None:
        self.maps = tuple(maps)
        self.refresh(layout=True)

    def lines(self, width: int) -> list[Content]:
        lines: list[Content] = []
        for each in self.maps:
            lines.extend([*self._lines(each, width), Content("")])
        return lines

    def _lines(self, prevalence: Prevalence, width: int) -> list[Content]:
        app = cast("MedSynth", self.app)
        palette = PALETTES.get(app.theme, PALETTES["medsynth-dark"])
        numbers = [value for value in prevalence.cells.values() if isinstance(value, int | float)]
        most = max([*numbers, 1e-9])
        room = max(6, min(12, (width - LABEL) // max(1, len(prevalence.columns))))
        head = " " * LABEL + "".join(f"{plain(column, room - 1):>{room}}" for column in prevalence.columns)
        lines = [
            Content.assemble((app.glyphs.text(prevalence.title), "bold $primary")),
            Content.assemble((head, "$muted")),
        ]
        for row in prevalence.rows:
            parts: list[tuple[str, str]] = [(f"{plain(row, LABEL - 1):<{LABEL}}", "$foreground")]
            for column in prevalence.columns:
                value = prevalence.cells.get((row, column))
                if isinstance(value, int | float):
                    ground = mix(palette.background, palette.cursor, 0.1 + 0.9 * value / most)
                    mark = "!" if (row, column) in prevalence.flags else " "
                    parts.append((f"{100 * value:>{room - 2}.0f}%{mark}", f"{palette.foreground} on {ground}"))
                else:
                    parts.append((f"{plain(value, room - 2) if value else '-':>{room - 1}} ", "$muted"))
            lines.append(Content.assemble(*parts))
        return lines
