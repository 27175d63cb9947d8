"""`?`: every key that works on this screen and what it does, then those that work everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from medsynth_tui.command import Command
from medsynth_tui.view import Dialog, View
from medsynth_tui.widgets.drawn import Drawn
from medsynth_tui.words import wrapped

if TYPE_CHECKING:
    from medsynth_tui.app import MedSynth

TABLES = "In tables: arrows or j/k move, g and G go to the first and last row, enter opens."
KEYS = 9
FORMS = (
    "In forms: tab or down goes to the next field, left and right choose, space picks, enter goes on. "
    "While you type, letters are text; function keys and esc still work."
)


class Help(Dialog):
    """Made from the commands themselves, so that it cannot say anything else than what the keys do."""

    CSS_PATH = "help.tcss"

    def __init__(self, over: Screen[Any]) -> None:
        super().__init__()
        self.over = over

    def compose_card(self) -> ComposeResult:
        here = self.over.commands() if isinstance(self.over, View) else []
        place = self.studio.glyphs.trail.join(self.over.place()) if isinstance(self.over, View) else "Help"
        yield Static(Content(f"{place}: keys"), classes="title")
        with VerticalScroll():
            yield KeyRows(here)
            yield Static("Everywhere", classes="heading gap")
            yield KeyRows([command for command in self.studio.everywhere() if self.studio.keymap.keys(command)])
            for trouble in self.studio.keymap.troubles:
                yield Static(Content(trouble), classes="muted gap")
            yield Static(Content(f"{TABLES}\n{FORMS}"), classes="muted gap")
        yield Static("esc closes", classes="muted gap")

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()


class KeyRows(Drawn):
    """Keys on the left, what they do beside them, wrapped to the width."""

    def __init__(self, commands: list[Command]) -> None:
        super().__init__()
        self.commands = commands

    def lines(self, width: int) -> list[Content]:
        lines = []
        keymap = cast("MedSynth", self.app).keymap
        for command in self.commands:
            keys = keymap.labels(command)
            words = command.help
            if not words.startswith(command.title):
                words = f"{command.title}: {words}"
            first, *rest = wrapped(self.glyphs.text(words), width - KEYS)
            lines.append(Content.assemble((f"{self.glyphs.text(keys):<{KEYS}}", "bold $accent"), first))
            lines += [Content(" " * KEYS + more) for more in rest]
        return lines
