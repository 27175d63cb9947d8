"""Marking rows of a list, to look at two to four of them side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medsynth_tui.widgets.window_table import WindowTable
from medsynth_tui.words import ending

if TYPE_CHECKING:
    from medsynth_tui.view import View

    Base = View
else:
    Base = object

MOST_MARKED = 4


class MarksRows(Base):
    """For a screen with one table: `marked` are the keys of rows, in the order in which they were marked."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.marked: list[str] = []

    def _draw(self) -> None:
        """Show the rows as they are marked now."""

    def with_mark(self, key: str, room: int = 0) -> str:
        """A row's name, with a tick where it is marked; its end where there is less `room` for it."""
        tick = f"{self.studio.glyphs.tick} " if key in self.marked else ""
        return tick + (ending(key, room - len(tick)) if room else key)

    def mark(self) -> None:
        """Mark the row under the cursor, or take its mark away."""
        key = self.query_one(WindowTable).current_key
        if key is None:
            return
        self.clear()
        if key in self.marked:
            self.marked.remove(key)
        elif len(self.marked) == MOST_MARKED:
            self.complain(f"At most {MOST_MARKED} are compared at once.", "Space on a marked one takes its mark away.")
        else:
            self.marked.append(key)
        self._draw()
