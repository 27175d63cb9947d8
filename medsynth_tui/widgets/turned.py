"""Page keys turn what is longer than its room and has no cursor of its own, whatever field has the cursor."""

from __future__ import annotations

from textual import events
from textual.widget import Widget

PAGES = {"pagedown": 1, "pageup": -1}
MORE = "more: PgDn, PgUp"
"""Beside the heading of what is longer than its room."""


def turn(part: Widget, pages: int) -> None:
    """Scroll `part` by so many times its height."""
    part.scroll_to(y=part.scroll_y + pages * part.size.height, animate=False)


def turned(part: Widget, event: events.Key) -> None:
    """Scroll `part` by its height where the key is a page key; the key then means nothing else."""
    if event.key in PAGES:
        event.stop()
        turn(part, PAGES[event.key])
