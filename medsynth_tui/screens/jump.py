"""ctrl+o: a letter stands at everything on the screen that can be focused; pressing it goes there, esc stays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.errors import NoWidget
from textual.geometry import Offset
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Static

LETTERS = "asdfghjklqwertyuiopzxcvbnmASDFGHJKLQWERTYUIOPZXCVBNM"
"""The home row first."""
HOW = " A letter goes there, esc stays."
MORE = " What is out of sight has none: tab leads there."


def within_reach(screen: Screen[Any]) -> list[Widget]:
    """What can be focused and is seen, in the order of the tab key; as many as there are letters."""
    return [widget for widget in screen.focus_chain if _place(widget) is not None][: len(LETTERS)]


def _place(widget: Widget) -> Offset | None:
    """The cell before the first that is seen of it; None where nothing is."""
    try:
        seen = widget.screen.find_widget(widget).visible_region
    except NoWidget:
        return None
    return Offset(max(0, seen.x - 1), seen.y) if seen else None


class Jump(ModalScreen[Widget | None]):
    """Lies over a screen without covering it: on a slow line only its letters are sent."""

    CSS_PATH = "jump.tcss"

    def __init__(self, targets: Sequence[Widget], more: bool = False) -> None:
        """`more`: whether some of what can be focused is not seen, and has no letter."""
        super().__init__()
        self.how = HOW + (MORE if more else "")
        self.targets = dict(zip(LETTERS, targets, strict=False))

    def compose(self) -> ComposeResult:
        for letter, widget in self.targets.items():
            mark = Static(letter, classes="letter")
            mark.absolute_offset = _place(widget)
            yield mark
        yield Static(self.how, id="how")

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        self.dismiss(self.targets.get(event.character or ""))
