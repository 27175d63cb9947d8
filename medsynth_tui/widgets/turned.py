"""Page keys turn what is longer than its room and has no cursor of its own, whatever field has the cursor."""

from __future__ import annotations

from textual import events
from textual.widget import Widget

PAGES = {"pagedown": 1, "pageup": -1}


def turned(part: Widget, event: events.Key) -> None:
    """Scroll `part` by its height where the key is a page key; the key then means nothing else."""
    if event.key in PAGES:
        event.stop()
        part.scroll_to(y=part.scroll_y + PAGES[event.key] * part.size.height, animate=False)
