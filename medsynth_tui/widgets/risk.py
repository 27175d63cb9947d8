"""The live copy risk of a training: are drawn images nearer to training than to unseen ones? An estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from medsynth_tui.widgets.drawn import Drawn
from medsynth_tui.words import share

if TYPE_CHECKING:
    pass

EXPECTED = 0.5
"""The share where nothing was copied: as often nearer to the one as to the other."""
BANDS = ((0.55, "no sign of copying", "$success"), (0.65, "a little nearer to training", "$warning"))
WORST = ("nearer to training: copying", "$error")


class CopyRisk(Drawn):
    """A needle from 0 to 1 with a mark at one half, and the reading in words."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.value: float | None = None

    def show(self, value: float | None) -> None:
        if value != self.value:
            self.value = value
            self.refresh(layout=True)

    def lines(self, width: int) -> list[Content]:
        head = Content.assemble(("Copy risk (estimate)", "bold $primary"))
        if self.value is None:
            return [head, Content.assemble(("not measured yet", "$muted"))]
        words, colour = next(((word, shade) for edge, word, shade in BANDS if self.value < edge), WORST)
        room = max(10, width - 7)
        at, half = round((room - 1) * min(1.0, max(0.0, self.value))), round((room - 1) * EXPECTED)
        bar = list(self.glyphs.rule * room)
        bar[half] = self.glyphs.text("│")
        bar[at] = self.glyphs.full
        pieces = [(mark, f"bold {colour}" if index == at else "$line") for index, mark in enumerate(bar)]
        reading = Content.assemble(*pieces, (f" {share(self.value):>5}", "$foreground"))
        return [head, reading, Content.assemble((words, colour))]
