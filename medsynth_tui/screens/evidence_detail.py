"""What stands behind a number: a card that scrolls, closed by esc."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from medsynth_tui.view import Dialog
from medsynth_tui.widgets.field import Go
from medsynth_tui.widgets.gauge import Gauge, Reading


class Explained(Dialog):
    """A title, the gauge where it is about a reading of it, and paragraphs."""

    EXPLAINS = "What stands behind a number: what it says, how it was measured, against what, and by whose method."
    KEYS = (("enter", "Close it."),)
    ESC = "Close it."

    CSS_PATH = "evidence_detail.tcss"

    def __init__(self, title: str, paragraphs: Sequence[Content], reading: Reading | None = None) -> None:
        super().__init__()
        self.title_text, self.paragraphs, self.reading = title, paragraphs, reading

    def compose_card(self) -> ComposeResult:
        yield Static(Content(self.studio.glyphs.text(self.title_text)), classes="title")
        with VerticalScroll(id="behind"):
            if self.reading is not None:
                yield Gauge(id="needle")
            for index, paragraph in enumerate(self.paragraphs):
                yield Static(paragraph, classes="gap" if index else "")
        with Horizontal(classes="buttons"):
            yield Go("Close (enter or esc)", id="close")

    def on_mount(self) -> None:
        if self.reading is not None:
            self.query_one(Gauge).show([self.reading])
        self.query_one("#behind").focus()

    def on_go_pressed(self) -> None:
        self.dismiss(None)

    def key_enter(self) -> None:
        """What opened it closes it."""
        self.dismiss(None)
