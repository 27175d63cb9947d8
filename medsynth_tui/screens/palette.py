"""ctrl+p or `:`: type a part of a name, press enter. Holds what this person may do here, and where they may go."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from medsynth_tui.command import Command
from medsynth_tui.view import Dialog, View
from medsynth_tui.widgets.field import Typed


class Palette(Dialog):
    """Answers nothing; runs the command on the screen that it was called from."""

    EXPLAINS = "Everything that can be done here, and every place to go to. Type a part of a name or of what it does."
    KEYS = (("enter", "Do what is marked."),)
    ESC = "Close it."

    CSS_PATH = "palette.tcss"

    BINDINGS: ClassVar[list[Any]] = [
        Binding("down", "move(1)", "Down", show=False, priority=True),
        Binding("up", "move(-1)", "Up", show=False, priority=True),
    ]

    def __init__(self, over: Screen[Any]) -> None:
        super().__init__()
        self.over = over
        here = over.commands() if isinstance(over, View) else []
        self.offered_commands: dict[str, Command] = {}

        for command in here:
            if command.palette:
                self.offered_commands[command.id] = command
        self.here = set(self.offered_commands)

    def on_mount(self) -> None:
        for command in self.studio.everywhere():
            if command.palette:
                self.offered_commands.setdefault(command.id, command)
        self._list("")

    def compose_card(self) -> ComposeResult:
        yield Typed(placeholder="What do you want to do?", compact=True)
        yield OptionList(compact=True)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._list(event.value)

    @on(Input.Submitted)
    def _entered(self) -> None:
        options = self.query_one(OptionList)
        if options.highlighted is not None:
            self._choose(options.get_option_at_index(options.highlighted).id)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self._choose(event.option_id)

    def action_move(self, by: int) -> None:
        options = self.query_one(OptionList)
        if options.option_count:
            options.highlighted = ((options.highlighted or 0) + by) % options.option_count

    def _list(self, typed: str) -> None:
        words = typed.lower().lstrip(":").split()
        found = [command for command in self.offered_commands.values() if _matches(command, words)]
        found.sort(key=lambda command: not command.title.lower().startswith(" ".join(words)))
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(self._line(command), id=command.id) for command in found])
        if found:
            options.highlighted = 0

    def _line(self, command: Command) -> Content:
        room = 44
        words = self.studio.glyphs.text(command.help)
        words = words if len(words) <= room else words[: room - 1] + self.studio.glyphs.ellipsis
        # No colours of its own: the row under the cursor has another ground, and its words the ink for that.
        return Content.assemble((f"{command.title:<18}", "bold"), f"{self.studio.keymap.label(command):<5}", words)

    def _choose(self, identifier: str | None) -> None:
        self.dismiss(None)
        if identifier is not None:
            over = self.over
            target = over if isinstance(over, View) and identifier in self.here else self.studio
            self.app.call_later(target.action_command, identifier)


def _matches(command: Command, words: list[str]) -> bool:
    text = f"{command.title} {command.id} {command.help}".lower()
    return all(word in text for word in words)
