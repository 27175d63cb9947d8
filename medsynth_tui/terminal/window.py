"""Two pictures of the terminal's window: what is wanted there, and what it shows. Cells, from what Textual draws."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from rich.cells import get_character_cell_size
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

from medsynth_tui.terminal.inks import Inks
from medsynth_tui.terminal.pen import PLAIN, Pen

Cell = tuple[str, Pen]
"""A character with what is combined with it, and its pen; no character right of one that takes two columns."""
Row = list[Cell | None]
"""None: not known."""
BLANK: Cell = (" ", PLAIN)
JOINERS = "\u200d\ufe0e\ufe0f"


class Cells(dict[str, Cell]):
    """Cells of one pen by their character; each is made once, so that most comparisons end at the identity."""

    def __init__(self, pen: Pen) -> None:
        self.pen = pen
        self[" "] = (" ", pen.bare)

    def __missing__(self, character: str) -> Cell:
        cell = self[character] = (character, self.pen)
        return cell


class Window:
    """`width` x `height` cells. `take` what Textual would write; `shown` follows what was really written."""

    def __init__(self, width: int, height: int, inks: Inks) -> None:
        self.width, self.height, self.inks = width, height, inks
        self.wanted: list[Row] = [[BLANK] * width for _ in range(height)]
        self.shown: list[Row] = [[None] * width for _ in range(height)]
        self._cells: dict[Pen, Cells] = {}

    def take(self, update: CompositorUpdate) -> None:
        """Raises TypeError for an update of a kind that is not known."""
        for x, y, strip in pieces(update):
            if 0 <= y < self.height:
                self._write(x, y, strip)

    def forget(self) -> None:
        """Something else wrote into the window, or its size changed: nothing is known of what it shows."""
        self.shown = [[None] * self.width for _ in range(self.height)]

    def changed_rows(self) -> list[int]:
        return [y for y in range(self.height) if self.shown[y] != self.wanted[y]]

    def written(self, rows: Iterable[int], emptied: Cell | None = None) -> None:
        """These rows show what is wanted; where the window was `emptied` first, all others that cell."""
        if emptied is not None:
            self.shown = [[emptied] * self.width for _ in range(self.height)]
        for y in rows:
            self.shown[y] = self.wanted[y].copy()

    def _write(self, x: int, y: int, strip: Strip) -> None:
        row = self.wanted[y]
        for text, style, control in strip._segments:
            if control or not text:
                continue
            pen = self.inks.of(style)
            cells = self._cells.get(pen)
            if cells is None:
                cells = self._cells[pen] = Cells(pen)
            if text.isascii() and text.isprintable() and x >= 0:
                part = text[: max(0, self.width - x)]
                row[x : x + len(part)] = [cells[character] for character in part]
                x += len(text)
            else:
                x = self._write_wide(row, x, text, cells)

    def _write_wide(self, row: Row, x: int, text: str, cells: Cells) -> int:
        """Characters of no, one or two columns; a control character never reaches a cell."""
        for character in text:
            columns = get_character_cell_size(character)
            if columns <= 0:
                self._combine(row, x, character)
            elif not is_control(character):
                if x >= 0 and x + columns <= self.width:
                    row[x] = cells[character]
                    if columns == 2:
                        row[x + 1] = ("", cells.pen)
                x += columns
        return x

    def _combine(self, row: Row, x: int, character: str) -> None:
        """An accent or a joiner belongs to the cell before it."""
        if unicodedata.category(character) not in ("Mn", "Me") and character not in JOINERS:
            return
        at = next((at for at in (x - 1, x - 2) if 0 <= at < self.width and (row[at] or BLANK)[0]), None)
        before = None if at is None else row[at]
        if at is not None and before is not None:
            row[at] = (before[0] + character, before[1])


def is_control(character: str) -> bool:
    return character < " " or "\x7f" <= character < "\xa0"


def pieces(update: CompositorUpdate) -> Iterator[tuple[int, int, Strip]]:
    """Column, row and strip of all that Textual 8.2.8 would write, in its order (see its `render_segments`)."""
    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in line:
                yield x, y, strip
                x += strip.cell_length
    elif isinstance(update, ChopsUpdate):
        for y, left, right in update.spans:
            for end, (x, chop) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                if chop is None or x > right or end <= left:
                    continue
                whole = right > x >= left and end <= right
                yield x, y, chop if whole else chop.crop(0, min(end, right) - x)
    else:
        raise TypeError(f"an update of an unknown kind: {type(update).__name__}")
