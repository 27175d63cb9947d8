"""By which column a list is sorted."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from medsynth_tui.view import Dialog

AS_IT_COMES = "as it comes"


class SortBy(Dialog):
    """Answers the title of a column, or nothing at all (an empty text) for the order in which the rows come."""

    EXPLAINS = "The list is sorted by the column that you choose; the same one again turns the order round."
    KEYS = (("enter", "Sort by it."),)
    ESC = "Leave the order as it is."

    def __init__(self, columns: Sequence[tuple[str, str]], now: str) -> None:
        """columns: titles, each with what choosing it means; now: the one that sorts, or nothing."""
        super().__init__()
        self.columns, self.now = columns, now

    def compose_card(self) -> ComposeResult:
        yield Static("Sort by", classes="title")
        yield OptionList(*(Option(self._line(*each), id=f"by-{at}") for at, each in enumerate(self._all())))
        yield Static("enter sort   esc leave it", classes="muted gap")

    def _all(self) -> list[tuple[str, str]]:
        return [*self.columns, ("", "the order of the store")]

    def _line(self, title: str, meaning: str) -> Content:
        mark = self.studio.glyphs.tick if title == self.now else " "
        words = self.studio.glyphs.text(meaning)
        return Content.assemble((f" {mark} {title or AS_IT_COMES:<22}", "bold"), (words, "$muted"))

    def on_mount(self) -> None:
        super().on_mount()
        options = self.query_one(OptionList)
        titles = [title for title, _ in self._all()]
        options.highlighted = titles.index(self.now) if self.now else 0
        options.focus()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._all()[event.option_index][0])
