"""One or two lines above the hints: what went wrong and the way out, or what was done. Nothing when all is well."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from medsynth_tui.words import said


class Strip(Static):
    """Trouble stays until the next command; it never covers anything and never takes the focus."""

    def on_mount(self) -> None:
        self.clear()

    def show_trouble(self, message: str, hint: str = "") -> None:
        words = Content.assemble(
            (f" {said(message, 400)} ", "bold $error"), (said(hint, 300) if hint else "", "$foreground")
        )
        self._show(words)

    def show_news(self, message: str) -> None:
        self._show(Content.assemble((f" {said(message, 400)}", "$success")))

    def show_note(self, words: str) -> None:
        """What is being waited for; no words take it away, but never news or trouble."""
        if words:
            self._show(Content.assemble((f" {said(words, 200)}", "$muted")))
            self.noted = True
        elif self.noted:
            self.clear()

    def clear(self) -> None:
        self.display = False
        self.message = ""
        self.noted = False

    def _show(self, words: Content) -> None:
        self.message = words.plain
        self.noted = False
        self.update(words)
        self.display = True
