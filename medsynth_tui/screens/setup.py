"""Making a store: for real data with a first admin, or for trying things out with three known accounts."""

from __future__ import annotations

from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from medsynth_tui.screens.confirm import Tell
from medsynth_tui.view import View
from medsynth_tui.widgets.choice import Choice
from medsynth_tui.widgets.field import Field, Go, needed

REAL = "for real data"
TRYING = "development"
SAYS = {
    REAL: "One admin, who activates the account with a code shown once and then adds the others. Nobody has a password "
    "that somebody else knows.",
    TRYING: "Three accounts whose passwords everybody knows (alice, admin, auditor). Every screen and every export "
    "says DEVELOPMENT, for ever. Never bring real patients here.",
}


class Setup(View):
    """Asked once, where there is no store."""

    def place(self) -> tuple[str, ...]:
        return ("Make a store",)

    def compose_body(self) -> ComposeResult:
        yield Static(Content("There is no store in this home yet. What is it for?"), classes="heading")
        yield Choice("A store", [REAL, TRYING], "kind", hint="Left and right choose.").add_class("gap")
        yield Static(Content(SAYS[REAL]), id="says")
        yield Field(
            "First admin",
            "admin",
            value="admin",
            hint="The name under which the admin logs in.",
            check=needed("A name"),
        ).add_class("gap")
        with Horizontal(classes="buttons"):
            yield Go("Make the store", id="make")

    @on(Choice.Changed)
    def _chose(self, event: Choice.Changed) -> None:
        self.query_one("#says", Static).update(Content(SAYS[event.choice.value]))
        admin = self.query_one("#admin", Field)
        admin.display = event.choice.value == REAL
        if not admin.display and admin.typed.has_focus:
            self.query_one(Go).focus()

    @on(Input.Submitted)
    @on(Go.Pressed)
    def _make(self) -> None:
        admin = self.query_one("#admin", Field)
        if not admin.valid():
            admin.focus_input()
            return
        development, name = self.query_one(Choice).value == TRYING, admin.value
        self.ask(lambda engine: engine.init(development=development, admin=name), self._made, saying="Making the store")

    def _made(self, document: dict[str, Any]) -> None:
        self.studio.session.stamp = document["stamp"]
        activation = document.get("activation")
        if not activation:
            self.studio.switch_to("login", name="alice")
            return
        code = Content.assemble(("    ", ""), (activation["code"], "bold $ink on $primary"))
        name = activation["name"]
        self.studio.push_screen(
            Tell(
                "The store is made. This code is shown once",
                Content(f"{name} uses it within 24 hours to choose a password:"),
                code,
                Content("Write it down now, then close this: the next screen asks for it."),
            ),
            lambda _: self._to_activation(name),
        )

    def _to_activation(self, name: str) -> None:
        self.studio.switch_to("login", name=name)
        self.studio.open("activate", name=name)
