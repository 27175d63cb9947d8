"""Choosing the colours: each is tried on while the cursor stands on it, and kept by enter."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from medsynth_tui.theme import PALETTES, palette_of, theme_name
from medsynth_tui.view import Dialog


class Themes(Dialog):
    """Answers the word of a palette. Esc puts back what was there before."""

    EXPLAINS = "The colours are tried on while you go through them, and kept with your account."
    KEYS = (("enter", "Keep these."),)
    ESC = "Put back the colours that were there."

    def compose_card(self) -> ComposeResult:
        yield Static("Colours", classes="title")
        yield OptionList(*(Option(self._line(word), id=word) for word in PALETTES), compact=True)
        samples = (("  good ", "$success"), ("  doubtful ", "$warning"), ("  bad ", "$error"), ("  quiet", "$muted"))
        yield Static(Content.assemble(("  words ", "$foreground"), *samples), classes="gap")
        yield Static("enter keep it   esc as it was", classes="muted gap")

    @staticmethod
    def _line(word: str) -> Content:
        palette = PALETTES[word]
        return Content.assemble((f" {palette.title:<20}", "bold"), palette.says)

    def on_mount(self) -> None:
        self.before = self.app.theme
        now = palette_of(self.before)
        options = self.query_one(OptionList)
        options.highlighted = next((at for at, each in enumerate(PALETTES.values()) if each is now), 0)
        options.focus()

    @on(OptionList.OptionHighlighted)
    def _try_on(self, event: OptionList.OptionHighlighted) -> None:
        if not self.studio.profile.slow:  # on a slow line the whole window would be sent for each
            self.app.theme = theme_name(str(event.option_id))

    @on(OptionList.OptionSelected)
    def _keep(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(str(event.option_id))

    def action_leave(self) -> None:
        self.app.theme = self.before
        self.dismiss(None)
