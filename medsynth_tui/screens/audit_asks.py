"""What the audit log asks before it looks: which records, and what the chain is to be compared with."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input, Static

from medsynth_tui.view import Dialog
from medsynth_tui.widgets.field import Field, Go

FILTERS = {
    "actor": "A user's name; anyone: without a login.",
    "action": "For instance session.login or cohorts.released.",
    "object": "For instance dataset:brain or cohort:c1.",
    "outcome": "done, denied, refused or failed.",
    "since": "From this day on, for instance 2026-11-01.",
    "until": "Before this day.",
}
KEPT_ELSEWHERE = {
    "code": "As it was written down: 1024 K7QX-94MT-0WZ3-H2AB.",
    "anchor": "The path of a file of checkpoints, on this machine.",
    "key": "Who must have signed: the key that signing told.",
}


class Filled(Dialog):
    """Fields, of which those that are filled in are the answer. `FIELDS`: names and hints; `VERB`: its button's."""

    EXPLAINS = "Fill in what you know; an empty field asks for nothing."
    TITLE: ClassVar[str]
    FIELDS: ClassVar[dict[str, str]]
    VERB: ClassVar[str]

    def __init__(self, values: dict[str, str]) -> None:
        super().__init__()
        self.values = values

    def compose_card(self) -> ComposeResult:
        yield Static(self.TITLE, classes="title")
        for name, hint in self.FIELDS.items():
            yield Field(name, name, value=self.values.get(name, ""), hint=hint)
        with Horizontal(classes="buttons"):
            yield from self.buttons()

    def buttons(self) -> ComposeResult:
        yield Go(self.VERB, id="go")

    def on_mount(self) -> None:
        self.query(Field).first().focus_input()

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.dismiss(self.answer("go"))

    @on(Go.Pressed)
    def _pressed(self, event: Go.Pressed) -> None:
        self.dismiss(self.answer(str(event.go.id)))

    def answer(self, button: str) -> dict[str, str]:
        return {str(field.id): field.value for field in self.query(Field) if field.value}


class FilterAudit(Filled):
    """Answers the filters that are not empty."""

    EXPLAINS = "Only records that fit every field that is filled in are shown; an empty field lets all through."
    ESC = "Close it; the list stays as it is."
    TITLE, FIELDS, VERB = "Show only records with", FILTERS, "Filter"

    def buttons(self) -> ComposeResult:
        yield from super().buttons()
        yield Go("Show all", id="all")

    def answer(self, button: str) -> dict[str, str]:
        return {} if button == "all" else super().answer(button)


class Against(Filled):
    """Answers what the chain is to be compared with; nothing filled in compares with nothing."""

    EXPLAINS = (
        "What nobody who can write here can reach tells whether the end of the log was cut off or all of it written "
        "anew: fill in what you have of it."
    )
    ESC = "Close it; nothing is compared."
    TITLE, FIELDS, VERB = "Verify the log against", KEPT_ELSEWHERE, "Verify"

    def __init__(self) -> None:
        super().__init__({})
