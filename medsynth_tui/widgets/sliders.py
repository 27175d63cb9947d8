"""Margins as sliders: up and down choose a value, left and right move it by a point, the others make room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from textual.binding import Binding
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.widget import Widget

from medsynth_tui.margins import Margin
from medsynth_tui.widgets.drawn import Drawn
from medsynth_tui.words import plain

HEAD = -1
STEP, LEAP = 1, 5
NUMBERS = 13
"""Columns for `100 % was 100`."""


class Sliders(Drawn, can_focus=True):
    """An attribute that is not asked for is one line. Space asks for it, or no more."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("up,k", "walk(-1)", "Up", show=False),
        Binding("down,j", "walk(1)", "Down", show=False),
        Binding("g,home", "walk(-10000)", "First", show=False),
        Binding("G,end", "walk(10000)", "Last", show=False),
        Binding("left,h", f"move(-{STEP})", "Less", show=False),
        Binding("right,l", f"move({STEP})", "More", show=False),
        Binding("shift+left,H,left_square_bracket", f"move(-{LEAP})", "Much less", show=False),
        Binding("shift+right,L,right_square_bracket", f"move({LEAP})", "Much more", show=False),
        Binding("0", "reset", "As it was", show=False),
        Binding("space,x,enter", "ask", "Ask", show=False),
    ]

    class Moved(Message):
        """Something else is asked for than before."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.margins: tuple[Margin, ...] = ()
        self.at = 0

    def show(self, margins: Sequence[Margin]) -> None:
        self.margins = tuple(margins)
        self.at = min(self.at, max(0, len(self.rows) - 1))
        self.refresh(layout=True)

    @property
    def rows(self) -> list[tuple[int, int]]:
        """(margin, value) of every line that the cursor can stand on; value `HEAD` is the attribute itself."""
        found = []
        for number, margin in enumerate(self.margins):
            found.append((number, HEAD))
            found += [(number, value) for value in range(len(margin.values))] if margin.asked else []
        return found

    def action_walk(self, by: int) -> None:
        self.at = min(max(0, self.at + by), max(0, len(self.rows) - 1))
        self.refresh()
        self.call_after_refresh(self._into_sight)

    def action_move(self, by: int) -> None:
        self._change(lambda margin, value: margin if value == HEAD else margin.moved(value, by))

    def action_reset(self) -> None:
        self._change(lambda margin, value: margin.reset() if margin.asked else margin)

    def action_ask(self) -> None:
        self._change(lambda margin, value: replace(margin, asked=not margin.asked))

    def level(self) -> None:
        """As many of each value of the attribute under the cursor."""
        self._change(lambda margin, value: margin.level())

    def _change(self, to: Callable[[Margin, int], Margin]) -> None:
        if not self.rows:
            return
        number, value = self.rows[self.at]
        changed = to(self.margins[number], value)
        if changed == self.margins[number]:
            return
        self.margins = (*self.margins[:number], changed, *self.margins[number + 1 :])
        self.at = self.rows.index((number, value if changed.asked else HEAD))
        self.refresh(layout=True)
        self.call_after_refresh(self._into_sight)
        self.post_message(self.Moved())

    def _into_sight(self) -> None:
        if isinstance(self.parent, Widget):
            self.parent.scroll_to_region(Region(0, self.at, 1, 1), animate=False)

    def lines(self, width: int) -> list[Content]:
        if not self.margins:
            return [Content.assemble(("No column has few enough values.", "$muted"))]
        return [self._line(number, value, index, width) for index, (number, value) in enumerate(self.rows)]

    def _line(self, number: int, value: int, index: int, width: int) -> Content:
        margin, here = self.margins[number], self.has_focus and index == self.at
        if value == HEAD:
            box = "[x]" if margin.asked else "[ ]"
            name = plain(margin.name, width - 22).replace("_", " ")
            style = "bold $ink on $primary" if here else "bold $primary" if margin.asked else "$foreground"
            return Content.assemble((f"{box} {name}", style), ("" if margin.asked else "  as in training", "$muted"))
        points, start = margin.points[value], margin.start[value]
        label = min(16, max(8, width // 3 - 2))
        room = max(4, width - label - NUMBERS - 4)
        full = round(room * points / 100)
        glyphs = self.glyphs
        was = "few" if start is None else f"was {start}" if start != points else ""
        return Content.assemble(
            (f"  {glyphs.right if here else ' '} ", "bold $accent"),
            (
                f"{plain(margin.values[value], label - 1):<{label}.{label}}",
                "bold $foreground" if here else "$foreground",
            ),
            (glyphs.full * full, "$accent" if here else "$primary"),
            (glyphs.empty * (room - full), "$line"),
            (f"{points:>4} %", "bold $foreground" if here else "$foreground"),
            (f" {was:<7.7}", "$muted"),
        )
