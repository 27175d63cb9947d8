"""`?`: every key that works on this screen or in this question and what it does, then those that work everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static, TextArea

from medsynth_tui import commands as c
from medsynth_tui.command import Command
from medsynth_tui.view import Dialog, View
from medsynth_tui.widgets.choice import Choice
from medsynth_tui.widgets.drawn import Drawn
from medsynth_tui.widgets.field import Field, Go
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
    ESC = "Close this."

    def __init__(self, over: Screen[Any]) -> None:
        super().__init__()
        self.over = over
        self.typing = isinstance(over.focused, Input | TextArea)
        """Whether letters are text there now."""

    def compose_card(self) -> ComposeResult:
        yield Static(Content(f"{self._about()}: keys"), classes="title")
        with VerticalScroll():
            if isinstance(self.over, Dialog):
                yield from self._of_a_dialog(self.over)
            else:
                yield from self._of_a_view()
        yield Static(f"esc or {self.studio.keymap.label(c.Help)} closes", classes="muted gap")

    def _about(self) -> str:
        if isinstance(self.over, View):
            return self.studio.glyphs.trail.join(self.over.place())
        titles = self.over.query(".title").results(Static)
        return next((str(title.content) for title in titles), "Find")

    def _of_a_view(self) -> ComposeResult:
        yield KeyRows(self._keys(self.over.commands() if isinstance(self.over, View) else []))
        yield Static("Everywhere", classes="heading gap")
        yield KeyRows(self._keys(self.studio.everywhere()))
        for trouble in self.studio.keymap.troubles:
            yield Static(Content(trouble), classes="muted gap")
        yield Static(Content(f"{TABLES}\n{FORMS}"), classes="muted gap")

    def _of_a_dialog(self, over: Dialog) -> ComposeResult:
        if over.EXPLAINS:
            yield Static(Content(over.EXPLAINS), classes="says")
        yield KeyRows([*_what_it_holds(over), *over.KEYS, ("esc", over.ESC), *self._keys(over.ALWAYS)])

    def _keys(self, commands: Iterable[Command]) -> list[tuple[str, str]]:
        """Those that have keys: what does them here, and what they do."""
        rows = []
        for command in commands:
            words = command.help
            if not words.startswith(command.title):
                words = f"{command.title}: {words}"
            keymap = self.studio.keymap
            keys = keymap.labels(command)
            if self.typing and keys:
                working = keymap.labels_in_a_form(command)
                keys, words = working or keys, words if working else f"{words} Not while you type."
            rows.append((keys, words))
        return [(keys, words) for keys, words in rows if keys]

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()


def _what_it_holds(over: Dialog) -> Iterator[tuple[str, str]]:
    """The keys of what stands in a question: fields, choices, buttons, something to read or to choose from."""
    goes = [go.label for go in over.query(Go) if go.display]
    if over.query(Field):
        yield "enter", "Take what was typed and go on."
    if over.query(Choice):
        yield "← →", "Choose, where the cursor is on a choice."
    if over.query("DataTable, OptionList"):
        yield "↑ ↓", "Go through the list."
    elif over.query(VerticalScroll):
        yield "↑ ↓", "Read on; PgUp and PgDn by pages."
    if goes:
        yield "tab", f"Go on to the next field or button ({', '.join(goes)}), which enter presses."


class KeyRows(Drawn):
    """Keys on the left, what they do beside them, wrapped to the width."""

    def __init__(self, rows: list[tuple[str, str]]) -> None:
        super().__init__()
        self.rows = rows

    def lines(self, width: int) -> list[Content]:
        lines = []
        for keys, words in self.rows:
            first, *rest = wrapped(self.glyphs.text(words), width - KEYS)
            lines.append(Content.assemble((f"{self.glyphs.text(keys):<{KEYS}}", "bold $accent"), first))
            lines += [Content(" " * KEYS + more) for more in rest]
        return lines
