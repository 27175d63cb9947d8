"""What happened, in short lines that fit: who or what, cut where it must be, and its state beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from medsynth_tui.widgets.drawn import Drawn
from medsynth_tui.words import plain, wrapped

STATE = 16
KIND = 12
"""Kinds of work have at most ten columns; one before and one behind."""


@dataclass(frozen=True)
class Item:
    """`kind` and `name` on the left, `state` on the right in `style`; `more` in a line below."""

    kind: str
    name: str
    state: str = ""
    style: str = "$muted"
    more: str = ""


@dataclass(frozen=True)
class Heading:
    words: str


@dataclass(frozen=True)
class Sentence:
    """A whole sentence, wrapped; a warning begins with a mark."""

    words: str
    warning: bool = False


class News(Drawn):
    """Headings, items and sentences from top to bottom."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.entries: tuple[Item | Heading | Sentence, ...] = ()

    def show(self, entries: Sequence[Item | Heading | Sentence]) -> None:
        self.entries = tuple(entries)
        self.refresh(layout=True)

    def lines(self, width: int) -> list[Content]:
        lines: list[Content] = []
        for entry in self.entries:
            if isinstance(entry, Heading):
                lines += [*([Content("")] if lines else []), Content.assemble((entry.words, "$accent"))]
            elif isinstance(entry, Sentence):
                lines += self._sentence(entry, width)
            else:
                lines += self._item(entry, width)
        return lines

    def _sentence(self, sentence: Sentence, width: int) -> list[Content]:
        mark = "! " if sentence.warning else ""
        parts = wrapped(self.glyphs.text(sentence.words), width - len(mark))
        style = "$foreground" if sentence.warning else "$muted"
        first = Content.assemble((mark, "bold $warning"), (parts[0], style))
        return [first, *(Content.assemble((" " * len(mark) + part, style)) for part in parts[1:])]

    def _item(self, item: Item, width: int) -> list[Content]:
        room = max(8, width - KIND - STATE - 1)
        name = self.glyphs.text(plain(item.name, room))
        line = Content.assemble(
            (f" {item.kind:<{KIND - 1}}", "$muted"), (f"{name:<{room}} ", "$foreground"), (item.state, item.style)
        )
        below = [Content.assemble((" " * KIND + self.glyphs.text(plain(item.more, width - KIND)), "$muted"))]
        return [line, *(below if item.more else [])]
