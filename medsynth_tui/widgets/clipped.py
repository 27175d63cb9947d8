"""Sentences in a place of so many lines: what does not fit ends in a mark."""

from __future__ import annotations

from textual.content import Content

from medsynth_tui.widgets.drawn import Drawn
from medsynth_tui.words import wrapped


class Clipped(Drawn):
    """`head`, in a style of its own, and words after it; a line of its own for each line of theirs."""

    def __init__(self, words: str = "", *, most: int, id: str | None = None) -> None:
        """`most`: lines that there is room for."""
        super().__init__(id=id)
        self.words, self.most = words, most
        self.head: tuple[str, str] = ("", "")

    def show(self, words: str, head: tuple[str, str] = ("", "")) -> None:
        """`head`: a beginning and its style."""
        if (words, head) != (self.words, self.head):
            self.words, self.head = words, head
            self.refresh(layout=True)

    def lines(self, width: int) -> list[Content]:
        head, style = self.head
        rows = [row for line in f"{head}{self.words}".split("\n") for row in wrapped(self.glyphs.text(line), width)]
        if len(rows) > self.most:
            last = rows[self.most - 1]
            rows = [*rows[: self.most - 1], self.glyphs.text(f"{last[: width - 2]} …")]
        first = Content.assemble((rows[0][: len(head)], style), rows[0][len(head) :])
        return [first, *map(Content, rows[1:])]
