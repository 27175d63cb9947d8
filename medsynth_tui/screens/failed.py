"""What is shown where a view failed: that it did, a reference, and that everything else still works."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Static

from medsynth_tui.view import Dialog
from medsynth_tui.widgets.field import Go


class Failed(Dialog):
    """Never a traceback, never a local variable: those may hold a patient."""

    EXPLAINS = "An error inside MedSynth. Nothing of yours was lost by it; what was running goes on."
    ESC = "Close it and go back."

    def __init__(self, reference: str) -> None:
        super().__init__()
        self.reference = reference

    def compose_card(self) -> ComposeResult:
        yield Static("This view failed", classes="title")
        yield Static(
            f"It could not be shown because of an error inside MedSynth, reference {self.reference}. The other "
            "views still work, and trainings and jobs go on.",
            markup=False,
        )
        yield Static(
            "Tell whoever looks after this installation the reference: the place of the error is kept under it in "
            "the store's log folder, without any data.",
            classes="muted gap",
        )
        yield Go("Close", id="close")

    def on_go_pressed(self) -> None:
        self.dismiss(None)
