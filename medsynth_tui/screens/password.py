"""A new password for one's own account."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from medsynth_tui.secret_form import SecretForm
from medsynth_tui.widgets.field import Field, Go, filled_in, needed


class Password(SecretForm):
    """The old one, the new one, the new one again."""

    SECRET = "new"

    def place(self) -> tuple[str, ...]:
        return ("Change password",)

    def compose_body(self) -> ComposeResult:
        yield Static(Content("A new password for your own account."), classes="heading")
        yield Field("Old password", "old", password=True, check=needed("The old password")).add_class("gap")
        yield self.new_password()
        yield self.same_again()
        with Horizontal(classes="buttons"):
            yield Go("Change it", id="go")

    def on_mount(self) -> None:
        self.query_one("#old", Field).focus_input()

    @on(Go.Pressed)
    def send(self) -> None:
        self.clear()
        fields = list(self.query(Field))
        if not filled_in(fields):
            return
        old, new, _ = (field.value for field in fields)
        self.ask(lambda engine: engine.change_password(old, new), lambda _: self._changed(), saying="Checking")

    def _changed(self) -> None:
        for field in self.query(Field):
            field.value = ""
        self.say("Your password is changed.")
