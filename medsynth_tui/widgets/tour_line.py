"""The tour's sentence under the top line, where there is a tour."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.content import Content

from medsynth_tui.widgets.drawn import Drawn
from medsynth_tui.words import wrapped

if TYPE_CHECKING:
    from medsynth_tui.app import MedSynth

LINES = 2
"""As many lines always: a screen does not move when the tour goes on."""


class TourLine(Drawn):
    """Says one thing and the key for it."""

    DEFAULT_CSS = "TourLine { height: 2; background: $surface; }"

    def lines(self, width: int) -> list[Content]:
        app = cast("MedSynth", self.app)
        assert app.tour is not None
        name, sentence = app.tour.say(app)
        name += ":"
        rows = wrapped(self.glyphs.text(f"{name} {sentence}"), width - 2)[:LINES]
        head = len(name)
        first = Content.assemble((f" {rows[0][:head]}", "bold $accent"), (rows[0][head:], "$foreground"))
        return [first, *(Content(f" {row}") for row in rows[1:]), *[Content("")] * (LINES - len(rows))]
