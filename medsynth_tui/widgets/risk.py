"""The live copy risk of a training: are drawn images nearer to training than to unseen ones? An estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.content import Content
from textual.widget import Widget

from medsynth_tui.words import share

if TYPE_CHECKING:
    from medsynth_tui.app import MedSynth

EXPECTED = 0.5
"""The share where nothing was copied: as often nearer to the one as to the other."""
BANDS = ((0.55, "no sign of copying", "$success"), (0.65, "a little nearer to training", "$warning"))
WORST = ("nearer to training: copying", "$error")


class CopyRisk(Widget):
    """A needle from 0 to 1 with a mark at one half, and the reading in words."""

    can_focus = False

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.value: float | None = None

    def show(self, value: float | None) -> None:
        if value != self.value:
            self.value = value
            self.refresh(layout=True)

    def render(self) -> Content:
        glyphs = cast("MedSynth", self.app).glyphs
        head = ("Copy risk (estimate)", "bold $primary")
        if self.value is None:
            return Content.assemble(head, ("\nnot measured yet", "$muted"))
        words, colour = next(((w, c) for edge, w, c in BANDS if self.value < edge), WORST)
        room = max(10, self.size.width - 7)
        at, half = round((room - 1) * min(1.0, max(0.0, self.value))), round((room - 1) * EXPECTED)
        bar = list(glyphs.rule * room)
        bar[half] = glyphs.text("│")
        bar[at] = glyphs.full
        pieces = [(mark, f"bold {colour}" if index == at else "$line") for index, mark in enumerate(bar)]
        return Content.assemble(
            head, ("\n", ""), *pieces, (f" {share(self.value):>5}", "$foreground"), (f"\n{words}", colour)
        )
