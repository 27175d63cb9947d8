"""The top line: where we are, who we are, whether the line is slow, and what must never be forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.content import Content

from medsynth_tui.widgets.drawn import Drawn
from medsynth_tui.words import plain

if TYPE_CHECKING:
    from medsynth_tui.app import MedSynth
    from medsynth_tui.view import View


class StatusLine(Drawn):
    """Changes only when the place, the person or the line does; it has no clock."""

    def lines(self, width: int) -> list[Content]:
        app, screen = cast("MedSynth", self.app), cast("View", self.screen)
        person = app.session.person
        marks = []
        if app.session.development:
            marks.append("DEVELOPMENT")
        if app.session.simulated or screen.simulated():
            marks.append("SIMULATED")
        who = f"{plain(person.name, 24)}, {person.role}" if person else ""
        right: list[tuple[str, str]] = []
        for mark in marks:
            right += [(f" {mark} ", "bold $ink on $warning"), (" ", "")]
        if app.profile.slow:
            who = f"slow line  {who}" if who else "slow line"
        right.append((f"{who} ", "$muted"))
        right_width = sum(len(text) for text, _ in right)
        trail = app.glyphs.trail
        room = max(10, width - right_width - 12)
        place = trail.join(plain(part, 60) for part in screen.place())
        place = place if len(place) <= room else app.glyphs.ellipsis + place[-(room - 1) :]
        gap = max(1, width - right_width - len(place) - 11)
        left = [(" MedSynth  ", "bold $primary"), (place, "bold $foreground"), (" " * gap, "")]
        return [Content.assemble(*left, *right)]
