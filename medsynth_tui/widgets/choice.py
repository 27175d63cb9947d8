"""Choosing in a form without a menu that opens: the options stand in the line, left and right choose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from medsynth_tui.widgets.drawn import Drawn
from medsynth_tui.words import plain


class Choice(Drawn, can_focus=True):
    """One of a few: left and right choose, a letter jumps. Shows all where they fit, else one and how many."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("left,h", "turn(-1)", "Previous", show=False),
        Binding("right,l,space", "turn(1)", "Next", show=False),
        Binding("down", "app.focus_next", "Next field", show=False),
        Binding("up", "app.focus_previous", "Previous field", show=False),
        Binding("enter", "app.focus_next", "Next field", show=False),
    ]
    DEFAULT_CSS = """
    Choice { height: auto; }
    """
    chosen: reactive[int] = reactive(0)

    class Changed(Message):
        """Somebody chose; `choice` holds the new value."""

        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

        @property
        def control(self) -> Choice:
            return self.choice

    class Offered(Message):
        """A choice that was late is there."""

    def __init__(
        self, label: str, options: Sequence[str], id: str, *, value: str = "", hint: str = "", late: bool = False
    ) -> None:
        """`late`: what there is to choose is still being read, until `offer` is called."""
        super().__init__(id=id)
        self.label, self.hint, self.late = label, hint, late
        self.options = list(options)
        self._ahead: list[int | str] = []
        """What was pressed before that: so many on, or a letter."""
        if value in self.options:
            self.set_reactive(Choice.chosen, self.options.index(value))

    @property
    def value(self) -> str:
        return self.options[self.chosen] if self.options else ""

    @property
    def awaited(self) -> bool:
        """Whether its value is not known yet: nothing is there to choose from, or somebody has chosen ahead."""
        return self.late and (not self.options or bool(self._ahead))

    def offer(self, options: Sequence[str], value: str = "") -> None:
        """Other options; what was chosen stays chosen where it still exists."""
        wanted = value or self.value
        self.options = list(options)
        self.chosen = self.options.index(wanted) if wanted in self.options else 0
        self.refresh(layout=True)
        if self.late:
            self.late, ahead, self._ahead = False, self._ahead, []
            for each in ahead:
                self.action_turn(each) if isinstance(each, int) else self._go_to(each)
            self.post_message(self.Offered())

    def action_turn(self, by: int) -> None:
        if self.late:
            self._ahead.append(by)
        elif self.options:
            self.chosen = (self.chosen + by) % len(self.options)

    def _go_to(self, letter: str) -> bool:
        """Choose the next one that begins so; whether there is one."""
        if self.late:
            self._ahead.append(letter)
            return True
        later = [*range(self.chosen + 1, len(self.options)), *range(self.chosen + 1)]
        found = next((index for index in later if self.options[index].lower().startswith(letter)), None)
        if found is not None:
            self.chosen = found
        return found is not None

    def watch_chosen(self) -> None:
        if self.is_mounted:
            self.post_message(self.Changed(self))

    def on_key(self, event: events.Key) -> None:
        letter = (event.character or "").lower()
        if letter.isalnum() and letter not in "hl" and self._go_to(letter):
            event.stop()

    def lines(self, width: int) -> list[Content]:
        focused = self.has_focus
        parts: list[tuple[str, str]] = [(f"{self.label:<16}", "bold $primary" if focused else "$foreground")]
        room = width - 17
        if not self.options:
            parts.append(("still being read" if self.late else "nothing to choose from", "$muted"))
        elif sum(len(option) + 3 for option in self.options) <= room:
            for index, option in enumerate(self.options):
                parts.append(self._option(option, index == self.chosen, focused))
        else:
            words = plain(self.value, max(8, room - 21))
            parts += [("< ", "$muted"), self._option(words, True, focused), (" >", "$muted")]
            parts.append((f"  {self.chosen + 1} of {len(self.options)}", "$muted"))
        hint = plain(self.hint, max(8, room))
        return [Content.assemble(*parts), *([Content.assemble((" " * 17 + hint, "$muted"))] if hint else [])]

    @staticmethod
    def _option(words: str, chosen: bool, focused: bool) -> tuple[str, str]:
        if not chosen:
            return (f" {words}  ", "$muted")
        return (f"({words}) ", "bold $ink on $primary" if focused else "bold $primary")


class Picks(Drawn, can_focus=True):
    """Any number of a few: left and right move, space picks."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("left,h", "move(-1)", "Previous", show=False),
        Binding("right,l", "move(1)", "Next", show=False),
        Binding("space,x", "pick", "Pick", show=False),
        Binding("down", "app.focus_next", "Next field", show=False),
        Binding("up", "app.focus_previous", "Previous field", show=False),
        Binding("enter", "app.focus_next", "Next field", show=False),
    ]
    DEFAULT_CSS = """
    Picks { height: auto; }
    """
    at: reactive[int] = reactive(0)
    picked: reactive[frozenset[str]] = reactive(frozenset())

    def __init__(self, label: str, options: Sequence[str], id: str, *, hint: str = "") -> None:
        super().__init__(id=id)
        self.label, self.hint = label, hint
        self.options = list(options)

    @property
    def value(self) -> list[str]:
        """What is picked, in the order of the options."""
        return [option for option in self.options if option in self.picked]

    def offer(self, options: Sequence[str]) -> None:
        self.options = list(options)
        self.picked = self.picked & frozenset(options)
        self.at = min(self.at, max(0, len(self.options) - 1))
        self.refresh(layout=True)

    def action_move(self, by: int) -> None:
        if self.options:
            self.at = (self.at + by) % len(self.options)

    def action_pick(self) -> None:
        if self.options:
            self.picked = self.picked ^ {self.options[self.at]}

    def lines(self, width: int) -> list[Content]:
        focused = self.has_focus
        parts: list[tuple[str, str]] = [(f"{self.label:<16}", "bold $primary" if focused else "$foreground")]
        if not self.options:
            parts.append(("nothing to choose from", "$muted"))
        lines, used = [], 17
        for index, option in enumerate(self.options):
            box = "[x]" if option in self.picked else "[ ]"
            style = "bold $primary" if option in self.picked else "$muted"
            if focused and index == self.at:
                style = "bold $ink on $primary"
            if used + len(option) + 4 > width and used > 17:
                lines.append(Content.assemble(*parts))
                parts, used = [(" " * 16, "")], 17
            parts += [(f"{box} {option}", style), ("  ", "")]
            used += len(option) + 6
        return [*lines, Content.assemble(*parts), Content.assemble((" " * 17 + self.hint, "$muted"))]
