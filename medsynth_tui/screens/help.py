"""`?`: every key that works on this screen and what it does, then those that work everywhere."""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from medsynth_tui.command import Command, key_word
from medsynth_tui.view import Dialog, View
from medsynth_tui.words import wrapped

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

    def compose(self) -> ComposeResult:
        here = self.over.commands() if isinstance(self.over, View) else []
        place = self.studio.glyphs.trail.join(self.over.place()) if isinstance(self.over, View) else "Help"
        with Vertical(classes="card"):
            yield Static(Content(f"{place}: keys"), classes="title")
            with VerticalScroll():
                yield Static(self._rows(here))
                yield Static("Everywhere", classes="heading gap")
                yield Static(self._rows([command for command in self.studio.everywhere() if command.keys]))
                yield Static(Content(f"{TABLES}\n{FORMS}"), classes="muted gap")
            yield Static("esc closes", classes="muted gap")

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def _rows(self, commands: list[type[Command]]) -> Content:
        lines = []
        width = min(self.studio.size.width - 8, 100) - KEYS
        for command in commands:
            keys = " ".join(key_word(key) for key in command.keys.split(",")) if command.keys else ""
            words = f"{command.title}: {command.help()}".replace(f"{command.title}: {command.title}", command.title, 1)
            first, *rest = wrapped(self.studio.glyphs.text(words), width)
            lines.append(Content.assemble((f"{keys:<{KEYS}}", "bold $accent"), (first, "$foreground")))
            lines += [Content.assemble((" " * KEYS + more, "$foreground")) for more in rest]
        return Content("\n").join(lines)
