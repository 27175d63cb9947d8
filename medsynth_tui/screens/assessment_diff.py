"""What two texts of an assessment do not have in common, field by field."""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from medsynth_tui.view import Dialog
from medsynth_tui.widgets.field import Go
from medsynth_tui.words import said, when


class Difference(Dialog):
    """Scrolls; esc closes."""

    EXPLAINS = "What the newest text changes in the one before: with - what stood there, with + what stands there now."
    ESC = "Close it."

    CSS_PATH = "assessment_diff.tcss"

    def __init__(self, document: dict[str, Any]) -> None:
        super().__init__()
        self.document = document

    def compose_card(self) -> ComposeResult:
        yield Static(Content("What changed"), classes="title")
        with VerticalScroll(id="changes"):
            yield Static(Content("\n").join(lines_of(self.document)))
        with Horizontal(classes="buttons"):
            yield Go("Close", id="close")

    def on_mount(self) -> None:
        self.query_one("#changes").focus()

    def on_go_pressed(self) -> None:
        self.dismiss(None)


def lines_of(document: dict[str, Any]) -> list[Content]:
    """The two texts with their digests, then each field with what stood there and what stands there now."""
    before, after = document["before"], document["after"]
    if before is None:
        return [Content("This is the only text of it: nothing was submitted before.")]
    lines = [_text("From", before), _text("to", after)]
    for change in document["changes"]:
        lines += [
            Content(""),
            Content.assemble((said(change["question"], 300), "bold $foreground")),
            Content.assemble(("- ", "bold $error"), (_words(change["before"]), "$muted")),
            Content.assemble(("+ ", "bold $success"), _words(change["after"])),
        ]
    return lines if document["changes"] else [*lines, Content(""), Content("They say the same.")]


def _words(text: str) -> str:
    return said(text, 2000) if text else "nothing"


def _text(word: str, text: dict[str, Any]) -> Content:
    digest = said(text["digest"], 16)
    return Content.assemble((f"{word:<5}", "$muted"), f"{said(text['text'])}, {when(text['at'])}  ", (digest, "$muted"))
