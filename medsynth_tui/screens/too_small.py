"""One line when the window is smaller than the studio can use."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Static


class TooSmall(ModalScreen[None]):
    """Goes away by itself when the window grows."""

    def compose(self) -> ComposeResult:
        yield Static(self._sentence())

    def on_resize(self) -> None:
        self.query_one(Static).update(self._sentence())

    def _sentence(self) -> str:
        width, height = self.app.size
        return f"window {width}x{height}, needs 80x24"
