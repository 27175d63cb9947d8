"""The page of the prevalence heatmap: one attribute and one of its three layers at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from medsynth_tui.theme import DARK, Palette
from medsynth_tui.widgets.prevalence_table import LAYERS, PrevalenceTable
from medsynth_tui.words import said

if TYPE_CHECKING:
    from medsynth_tui.app import MedSynth


class PrevalencePage(Vertical):
    """`turn` shows the next layer, `group` the next attribute of the patients."""

    LEGEND = "v cohort, training, gap  o group by another  ▲▼ more, less than chance gives  - too few patients"

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.maps: Sequence[Mapping[str, Any]] = ()
        self.palette: Palette = DARK
        self.at, self.matrix = 0, next(iter(LAYERS))

    def compose(self) -> ComposeResult:
        yield Static("", id="layer")
        yield PrevalenceTable()

    @property
    def table(self) -> PrevalenceTable:
        return self.query_one(PrevalenceTable)

    @property
    def map(self) -> Mapping[str, Any]:
        return self.maps[self.at]

    def show(self, maps: Sequence[Mapping[str, Any]], palette: Palette) -> None:
        self.maps, self.palette = maps, palette
        self.at = min(self.at, max(0, len(maps) - 1))
        self._draw()

    def turn(self) -> None:
        names = list(LAYERS)
        self.matrix = names[(names.index(self.matrix) + 1) % len(names)]
        self._draw()

    def group(self) -> None:
        self.at = (self.at + 1) % max(1, len(self.maps))
        self._draw()

    def _draw(self) -> None:
        title = self.query_one("#layer", Static)
        self.table.display = bool(self.maps)
        if not self.maps:
            title.update(Content("No finding or no group to show."))
            return
        glyphs = cast("MedSynth", self.app).glyphs
        by = said(self.map["attribute"], 30).replace("_", " ")
        title.update(Content(f"How common, by {by}: {LAYERS[self.matrix]} ({self.at + 1} of {len(self.maps)})"))
        self.table.show(self.map, self.matrix, self.palette, glyphs)

    def _cell(self) -> tuple[str, str, dict[str, Any]] | None:
        """Finding, group and the numbers of the cell under the cursor."""
        place = self.table.place if self.maps else None
        if place is None:
            return None
        i, j = place
        keys = ("synthetic", "training", "difference", "low", "high", "flag")
        numbers = {key: self.map[key][i][j] for key in keys}
        group = f"{said(self.map['attribute'], 30).replace('_', ' ')} {said(self.map['columns'][j], 40)}"
        return said(self.map["rows"][i], 80), group, numbers

    def reading(self) -> str:
        cell = self._cell()
        if cell is None:
            return ""
        finding, group, numbers = cell
        parts = [f"{finding}, {group}: {_percent(numbers['synthetic'])} of the cohort"]
        if numbers["training"] is None:
            return f"{parts[0]}; the training data has too few patients here to show."
        parts.append(f"{_percent(numbers['training'])} of the training data")
        gap = f"{100 * numbers['difference']:+.0f} points ({100 * numbers['low']:+.0f} to {100 * numbers['high']:+.0f})"
        return f"{', '.join(parts)}.\nGap {gap}: {'beyond chance' if numbers['flag'] else 'no gap shown'}."

    def explanation(self) -> tuple[str, list[Content]] | None:
        """Title and paragraphs for what is behind the cell."""
        cell = self._cell()
        if cell is None:
            return None
        finding, group, _ = cell
        method = (
            "Share of the records with the finding within the group; the gap is cohort minus training data, with "
            "Newcombe's 95 % interval and patients as trials, never more of them than there are training patients."
        )
        hidden = "A real share of 1 to 10 patients, or what would give one away by subtraction, is not shown (-)."
        facts = (("How it is computed", method), ("Control", "the training data"), ("Source", "Newcombe 1998"))
        lines = [Content.assemble((f"{label}: ", "$accent"), words) for label, words in facts]
        return f"{finding}, {group}", [Content(self.reading()), *lines, Content.assemble((hidden, "$muted"))]


def _percent(share: float | None) -> str:
    return "nobody" if share is None else f"{100 * share:.0f} %"
