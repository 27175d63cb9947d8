"""The line under a list: how many rows, filtered and sorted how, and the keys that do it; there the filter is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from medsynth_tui.commands_list import LISTED, ListSort
from medsynth_tui.widgets.arranged import order_words
from medsynth_tui.widgets.drawn import Drawn
from medsynth_tui.widgets.field import Typed
from medsynth_tui.widgets.window_table import WINDOW, WindowTable
from medsynth_tui.words import count, said

if TYPE_CHECKING:
    from medsynth_tui.screens.listing import HasList


class FilterInput(Typed):
    """Down and enter lead to the list; the letters that were typed so far have filtered it already."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("down", "submit", "To the list", show=False),
        Binding("up", "submit", "To the list", show=False),
    ]


class ListLine(Horizontal):
    """Ask `begin` to have words typed; `Typed` tells them letter by letter, `Done` that they are typed."""

    DEFAULT_CSS = """
    ListLine { height: 1; padding: 0 2; }
    ListLine > FilterInput { width: 32; margin-right: 1; display: none; }
    ListLine.-typing > FilterInput { display: block; }
    ListLine > ListWords { width: 1fr; height: 1; }
    """

    class Words(Message):
        """What stands in the filter now."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    class Done(Message):
        """The person goes back to the list."""

    def compose(self) -> ComposeResult:
        yield FilterInput(compact=True, select_on_focus=False)
        yield ListWords()

    @property
    def typing(self) -> bool:
        return self.has_class("-typing")

    def begin(self, words: str) -> None:
        """Type on after `words`."""
        self.add_class("-typing")
        given = self.query_one(FilterInput)
        with given.prevent(Input.Changed):
            given.value = words
        given.cursor_position = len(words)
        given.focus()

    def end(self) -> None:
        self.remove_class("-typing")
        self.tell()

    def tell(self) -> None:
        """The list has changed."""
        self.query_one(ListWords).refresh()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Words(event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Done())

    @on(events.DescendantBlur)
    def _left(self) -> None:
        """By tab, or a jump."""
        self.end()


class ListWords(Drawn):
    """Counts at the left; at the right the keys, as many as fit."""

    def lines(self, width: int) -> list[Content]:
        view = cast("HasList", self.screen)
        if not view.is_mounted:
            return []
        table = view.list_table()
        if table is None or not table.given:
            return []
        hints = [] if view.list_line().typing else self._hints(view, table)
        room = width - sum(len(key) + len(title) + 3 for key, title in hints) - 1
        told = view.list_words(table)
        words = next((words for words in told if len(words) <= room), told[-1])
        words, room = self.glyphs.text(words), width - len(words) - 1
        keys: list[tuple[str, str]] = []
        for key, title in hints:
            if len(key) + len(title) + 3 <= room:
                keys += [(self.glyphs.text(f" {key}"), "bold $accent"), (f" {title} ", "$muted")]
                room -= len(key) + len(title) + 3
        filtered = bool(table.arrangement.words.split())
        return [Content.assemble((words, "bold $foreground" if filtered else "$muted"), " " * max(1, room + 1), *keys)]

    @staticmethod
    def _hints(view: HasList, table: WindowTable) -> list[tuple[str, str]]:
        """Keys and titles of what can be done with this list now."""
        able = [each for each in LISTED if each in view.HERE and view.offered(each)]
        able = [each for each in able if each is not ListSort or view.sortable(table)]
        return [(view.key(each), view.label(each)) for each in able if view.key(each)]


def arranged_words(table: WindowTable) -> list[str]:
    """`12 of 340 with “brain”, by patients, largest first`; then shorter, where the arrow at the column must do."""
    (seen, there), arrangement = table.counts(), table.arrangement
    words = f"{count(there)} row{'' if there == 1 else 's'}"
    if arrangement.words.split():
        words = f"{count(seen)} of {count(there)} with “{said(arrangement.words.strip(), 24)}”"
    shown = "" if len(table.shown) <= WINDOW else f"; the first {WINDOW} are shown"
    if not arrangement.by or arrangement.by not in [column.title for column in table.layout_columns]:
        return [words + shown]
    order = order_words(table.kind(arrangement.by), arrangement.down)
    return [f"{words}, by {arrangement.by}, {order}{shown}", f"{words}, {order}{shown}", words + shown]
