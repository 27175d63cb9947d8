"""Editing one answer of an assessment, or one row of its risk register."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static, TextArea

from medsynth_tui.view import Dialog
from medsynth_tui.widgets.choice import Choice
from medsynth_tui.widgets.field import Field, Go

SCALE = ["1 negligible", "2 limited", "3 significant", "4 maximum"]
LONGEST = 5_000
PAUSE_SECONDS = 2.0
"""Who stops typing for so long has what was typed kept."""


class EditAnswer(Dialog):
    """Several lines of text, kept by itself at every pause and when it is closed; ctrl+z takes typing back.

    `keep` takes the text whenever it is to be kept; the dialog answers what was told of the last one
    (`told`), or nothing where that is still to come.
    """

    EXPLAINS = "An answer of the assessment. It is kept by itself whenever you pause, and when this is closed."
    KEYS = (("^z", "Take back what was typed last."), ("F6", "Close it; what was typed is kept."))
    ESC = "Close it; what was typed is kept."

    CSS_PATH = "answer.tcss"
    BINDINGS: ClassVar[list[Any]] = [Binding("f6", "leave", "Close", show=False, priority=True)]

    def __init__(self, question: str, answer: str, keep: Callable[[str], object]) -> None:
        super().__init__()
        self.question, self.answer, self.keep = question, answer, keep
        self._pause: Timer | None = None
        self._told = ""

    def compose_card(self) -> ComposeResult:
        yield Static(Content(self.question), classes="title")
        area = TextArea(self.answer, soft_wrap=True, tab_behavior="focus")
        area.cursor_blink = False
        yield area
        with Horizontal(classes="buttons"):
            yield Go("Close", id="close")
            yield Static("kept as you type; esc or F6 closes", classes="muted", id="kept")

    def on_mount(self) -> None:
        area = self.query_one(TextArea)
        area.move_cursor(area.document.end)  # who comes back adds to it
        area.focus()

    def on_go_pressed(self) -> None:
        self.action_leave()

    @on(TextArea.Changed)
    def _typed(self) -> None:
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE_SECONDS, self._keep)

    def _keep(self) -> None:
        """Hand the text on where it is another than what was kept last."""
        text = self.query_one(TextArea).text.strip()[:LONGEST]
        if text != self.answer.strip():
            self.answer, self._told = text, ""
            self.keep(text)

    def told(self, words: str) -> None:
        """What became of the last text that was handed on."""
        self._told = words
        self.query_one("#kept", Static).update(Content(words))

    def action_leave(self) -> None:
        if self._pause is not None:
            self._pause.stop()
        self._keep()
        self.dismiss(self._told)


class EditRisk(Dialog):
    """Likelihood and severity before and after the measures. Lowering what the evidence proposes needs a reason."""

    EXPLAINS = (
        "How likely and how severe this risk is, before and after the measures, from 1 to 4. To go below what the "
        "evidence proposes needs a reason."
    )
    KEYS = (("F6", "Save it."),)
    ESC = "Close it; nothing is changed."

    BINDINGS: ClassVar[list[Any]] = [Binding("f6", "save", "Save", show=False, priority=True)]

    def __init__(self, risk: dict[str, Any]) -> None:
        super().__init__()
        self.risk = risk

    def compose_card(self) -> ComposeResult:
        yield Static(Content(self.risk["title"]), classes="title")
        for key, label in (
            ("likelihood", "Likelihood"),
            ("severity", "Severity"),
            ("residual_likelihood", "L. afterwards"),
            ("residual_severity", "S. afterwards"),
        ):
            yield Choice(label, SCALE, key, value=SCALE[int(self.risk[key]) - 1])
        yield Field("Measures", "measures", value=str(self.risk.get("measures") or ""))
        yield Field(
            "Reason",
            "reason",
            value=str(self.risk.get("reason") or ""),
            hint=str(self.risk.get("basis") or "")[:56],
        )
        yield Field("Owner", "owner", value=str(self.risk.get("owner") or ""))
        with Horizontal(classes="buttons"):
            yield Go("Save", id="save")

    def on_go_pressed(self) -> None:
        self.action_save()

    def action_save(self) -> None:
        change: dict[str, Any] = {"id": self.risk["id"]}
        for choice in self.query(Choice):
            key, value = str(choice.id), int(choice.value[0])
            if value != self.risk[key]:
                change[key] = value
        for field in self.query(Field):
            if field.value != str(self.risk.get(str(field.id)) or ""):
                change[str(field.id)] = field.value
        self.dismiss(change)
