"""The bottom line: the five to seven keys that matter here and now. All others are in `?`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.content import Content
from textual.widgets import Input, TextArea

from medsynth_tui.commands import Back, Help, Palette, Quit
from medsynth_tui.widgets.choice import Choice, Picks
from medsynth_tui.widgets.drawn import Drawn
from medsynth_tui.widgets.field import Go
from medsynth_tui.widgets.list_line import FilterInput

if TYPE_CHECKING:
    from medsynth_tui.view import View

NEXT = (("tab", "Next field"),)
TYPING, CHOOSING, PICKING = (("enter", "Go on"),), (("←→", "Choose"),), (("←→", "Move"), ("space", "Pick"))
PRESSING = (("enter", "Press"),)
MOST = 8


class Hints(Drawn):
    """Follows the focus: while somebody types, letters are text, so it shows the keys that still work."""

    def hints(self) -> list[tuple[str, str]]:
        screen = cast("View", self.screen)
        keymap = screen.studio.keymap
        offered = [command for command in screen.commands() if screen.hinted(command) and command.keys]
        if isinstance(screen.focused, FilterInput):
            rest = [(keymap.label_in_a_form(each), screen.label(each)) for each in (Back, Help)]
            return [("enter", "To the list"), *rest]
        kinds = ((Input, TYPING), (TextArea, ()), (Choice, CHOOSING), (Picks, PICKING), (Go, PRESSING))
        for kind, own in kinds:
            if isinstance(screen.focused, kind):
                working = [each for each in offered if each not in (Back, Help) and keymap.label_in_a_form(each)]
                last = Back if Back in screen.ALWAYS else Quit
                shown = [(keymap.label_in_a_form(each), screen.label(each)) for each in (*working, last, Help)]
                return [*NEXT, *own, *shown]
        shown = [(keymap.label(each), screen.label(each)) for each in offered]
        return [*shown, (keymap.label(Palette), "Find"), (keymap.labels(Help).split()[-1], "Help")]

    def lines(self, width: int) -> list[Content]:
        parts: list[tuple[str, str]] = []
        room = width - 1
        glyphs = self.glyphs
        for key, title in _fitting(self.hints(), room):
            parts += [(glyphs.text(f" {key}"), "bold $accent"), (f" {glyphs.text(title)} ", "$muted")]
        return [Content.assemble(*parts)]


def _fitting(hints: list[tuple[str, str]], room: int) -> list[tuple[str, str]]:
    """As many as fit, the last ones (back, find, help) kept before those in the middle."""
    kept = list(hints)
    while len(kept) > 3 and (len(kept) > MOST or sum(len(key) + len(title) + 3 for key, title in kept) > room):
        del kept[-4]
    return kept
