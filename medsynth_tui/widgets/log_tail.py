"""The newest lines of a log. In a strip each new line takes the place of the oldest: a line costs a line."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from medsynth_tui.widgets.drawn import Drawn
from medsynth_tui.words import wrapped


class LogTail(Drawn):
    """`show` the log's end again and again; what was there already stays where it is."""

    def __init__(self, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.shown: list[str] = []
        self.newest: int | None = None
        """The row of the newest line, where rows are filled in turn."""
        self._seen: list[str] = []
        self._room = 1

    def show(self, log: Sequence[str], room: int, strip: bool) -> None:
        """The last `room` lines of `log`, scrolling, a long one on several rows.

        As a `strip` they are filled in turn, with a mark at the newest.
        """
        before = (self.shown, self.newest, self._room)
        self._room = room
        if not strip:
            self.shown, self.newest = list(log[-room:]), None
        else:
            fitting = self.newest is not None and len(self.shown) == room
            fresh = log[-room:] if not fitting else log[_after(log, self._seen) :][-room:]
            rows = list(self.shown) if fitting else [""] * room
            at = self.newest if fitting and self.newest is not None else -1
            for line in fresh:
                at = (at + 1) % room
                rows[at] = line
            self.shown, self.newest = rows, at if at >= 0 else None
        self._seen = list(log)
        if (self.shown, self.newest, self._room) != before:
            self.refresh()

    def render(self) -> Content:
        """What does not fit is the oldest."""
        rows = self._sheltered(self.size.width)
        return Content("\n").join(rows if self.newest is not None else rows[-max(1, self.size.height) :])

    def lines(self, width: int) -> list[Content]:
        glyphs = self.glyphs
        if self.newest is None:
            rows = [row for line in self.shown for row in wrapped(glyphs.text(line), width)]
            return [Content(row) for row in rows[-self._room :]]
        found = []
        for row, line in enumerate(self.shown):
            mark = f"{glyphs.right} " if row == self.newest else "  "
            words = glyphs.text(mark + line)
            found.append(Content(words if len(words) <= width else words[: width - 1] + glyphs.ellipsis))
        return found


def _after(log: Sequence[str], seen: Sequence[str]) -> int:
    """Where `log` goes on after what was `seen` of it before: both are ends of one growing log."""
    for start in range(len(log), 0, -1):
        if list(log[max(0, start - 3) : start]) == list(seen[-min(3, start) :]):
            return start
    return 0
