"""Questions before something that cannot be undone, and short texts that an action needs."""

from __future__ import annotations

from collections.abc import Mapping

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from medsynth_tui.view import Dialog
from medsynth_tui.widgets.choice import Choice
from medsynth_tui.widgets.field import Check, Field, Go, filled_in
from medsynth_tui.widgets.turned import turned


class ConfirmByName(Dialog):
    """Answers True only after the name was typed."""

    EXPLAINS = "What cannot be taken back is done only after its name was typed, exactly as it stands there."
    ESC = "Keep it as it is."

    def __init__(self, title: str, consequence: str, name: str, verb: str) -> None:
        super().__init__()
        self.title_text, self.consequence, self.wanted, self.verb = title, consequence, name, verb

    def compose_card(self) -> ComposeResult:
        yield Static(Content(self.title_text), classes="title")
        yield Static(Content(self.consequence))
        yield Static(Content(f"To confirm, type {self.wanted}"), classes="gap")  # in as many lines as it takes
        yield Field("Its name", "typed", check=self._check)
        with Horizontal(classes="buttons"):
            yield Go(self.verb, id="go")
            yield Go("Keep it", id="no")

    def on_mount(self) -> None:
        self.query_one(Field).add_class("gap").focus_input()

    def _check(self, text: str) -> str:
        return "" if text == self.wanted else "That is not its name. Press esc to keep it."

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self._decide()

    def on_go_pressed(self, event: Go.Pressed) -> None:
        if event.go.id == "no":
            self.dismiss(None)
        else:
            self._decide()

    def _decide(self) -> None:
        if self.query_one(Field).valid():
            self.dismiss(True)


class Sure(Dialog):
    """Yes or no, for what can be taken up again. Answers True or nothing; the careful answer has the focus."""

    EXPLAINS = "Something ends or changes by this; the careful answer is the one that has the cursor."
    ESC = "Leave everything as it is."

    def __init__(self, title: str, consequence: str, verb: str, otherwise: str) -> None:
        super().__init__()
        self.title_text, self.consequence, self.verb, self.otherwise = title, consequence, verb, otherwise

    def compose_card(self) -> ComposeResult:
        yield Static(Content(self.title_text), classes="title")
        yield Static(Content(self.consequence))
        with Horizontal(classes="buttons"):
            yield Go(self.otherwise, id="no")
            yield Go(self.verb, id="yes")

    def on_go_pressed(self, event: Go.Pressed) -> None:
        self.dismiss(True if event.go.id == "yes" else None)


class Ask(Dialog):
    """One line of text, or a line and a choice; answers the text, or the pair (choice, text).

    The line has the cursor first: what is typed at once is never taken for a letter that chooses. Enter leads on to the
    choice where there is one, so that nothing is sent before it was seen.
    """

    DEFAULT_CSS = """
    Ask > .card { overflow-y: auto; scrollbar-size-vertical: 1; }
    """
    EXPLAINS = "What is typed here is checked before anything is done; what is wrong with it is said under it."
    KEYS = (("PgUp PgDn", "Read on, where it says more than the window shows."),)

    def __init__(
        self,
        title: str,
        label: str,
        *,
        says: str = "",
        value: str = "",
        check: Check | None = None,
        choice: tuple[str, list[str]] | None = None,
        chosen: str = "",
        chosen_checks: Mapping[str, Check] | None = None,
        verb: str = "Go on",
    ) -> None:
        """`chosen_checks`: what is asked of the text besides, by what is chosen."""
        super().__init__()
        self.title_text, self.says, self.verb, self.choice, self.chosen = title, says, verb, choice, chosen
        self.check, self.chosen_checks = check, chosen_checks or {}
        self.field = Field(label, "text", value=value, check=self._wrong)

    def compose_card(self) -> ComposeResult:
        yield Static(Content(self.title_text), classes="title")
        if self.says:
            yield Static(Content(self.says), classes="muted says")
        yield self.field
        if self.choice:
            yield Choice(self.choice[0], self.choice[1], "choice", value=self.chosen)
        with Horizontal(classes="buttons"):
            yield Go(self.verb, id="go")

    def _wrong(self, text: str) -> str:
        checks = [self.check, self.chosen_checks.get(self.query_one(Choice).value) if self.choice else None]
        return next(filter(None, (check(text) for check in checks if check)), "")

    @on(Choice.Changed)
    def _chose(self) -> None:
        if self.field.has_class("-wrong"):
            self.field.valid()  # it may have been wrong only beside another choice

    def on_key(self, event: events.Key) -> None:
        """What it says may be longer than the window: the line and the button come into sight with the cursor."""
        turned(self.query_one(".card"), event)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if not self.choice:
            self._send()
        elif self.field.valid():
            self.query_one(Choice).focus()

    def on_go_pressed(self) -> None:
        self._send()

    def _send(self) -> None:
        if filled_in([self.field]):
            text = self.field.value
            self.dismiss((self.query_one(Choice).value, text) if self.choice else text)


class Tell(Dialog):
    """Something to read and close: an explanation, or a code that is shown once."""

    EXPLAINS = "Something to read. What is shown once (a code, a key) is not shown again after it was closed."
    ESC = "Close it."

    def __init__(self, title: str, *paragraphs: str | Content) -> None:
        super().__init__()
        self.title_text, self.paragraphs = title, paragraphs

    def compose_card(self) -> ComposeResult:
        yield Static(Content(self.title_text), classes="title")
        for index, paragraph in enumerate(self.paragraphs):
            words = Content(paragraph) if isinstance(paragraph, str) else paragraph
            yield Static(words, classes="gap" if index else "")
        with Horizontal(classes="buttons"):
            yield Go("Close", id="close")

    def on_go_pressed(self) -> None:
        self.dismiss(None)
