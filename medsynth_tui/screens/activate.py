"""Using an activation code: a name, the code, a password of one's own."""

from __future__ import annotations

from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from medsynth_tui.secret_form import SecretForm
from medsynth_tui.widgets.field import Field, Go, filled_in, needed


class Activate(SecretForm):
    """Ends at the login, with the name filled in."""

    SECRET = "password"

    def __init__(self, name: str = "") -> None:
        super().__init__()
        self.given_name = name

    def place(self) -> tuple[str, ...]:
        return ("Log in", "Use a code")

    def compose_body(self) -> ComposeResult:
        yield Static(Content("An admin gave you a code. It works once, for 24 hours."), classes="heading")
        yield Field("Name", "name", value=self.given_name, check=needed("Your name")).add_class("gap")
        yield Field("Code", "code", check=needed("The code"))
        yield self.new_password()
        yield self.same_again()
        with Horizontal(classes="buttons"):
            yield Go("Activate", id="go")

    def on_mount(self) -> None:
        self.query_one("#code" if self.given_name else "#name", Field).focus_input()

    @on(Go.Pressed)
    def send(self) -> None:
        self.clear()
        fields = list(self.query(Field))
        if not filled_in(fields):
            return
        name, code, password, _ = (field.value for field in fields)
        self.ask(lambda engine: engine.activate(name, code, password), self._activated, saying="Checking")

    def _activated(self, document: dict[str, Any]) -> None:
        self.studio.switch_to("login", name=document["name"])
