"""Rows of a list as somebody wants to see them: those that hold certain words, in the order of a column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from medsynth_tui.widgets.cell import NOTHING, NUMBERS, TIMES, key_of, text_of

Row = tuple[str, Sequence[Any]]
"""Key and cells; a key that begins with `-` is a heading's, and what follows up to the next is its section."""
ORDERS = {NUMBERS: ("smallest first", "largest first"), TIMES: ("oldest first", "newest first")}
ALPHABET = ("a to z", "z to a")


@dataclass(frozen=True)
class Arrangement:
    """words  all of them are in a row that is seen, in any of its cells or in its key, small letters as large ones
    by     title of the column that sorts; nothing: the order in which the rows come
    down   the largest, newest or last of the alphabet first; what has no value is last in both directions
    """

    words: str = ""
    by: str = ""
    down: bool = False

    def __bool__(self) -> bool:
        return bool(self.words.split() or self.by)

    def of(self, rows: Sequence[Row], titles: Sequence[str]) -> list[Row]:
        """The rows to be seen. Headings stay over what is left of their section; sections are not mixed."""
        if not self:
            return list(rows)
        arranged: list[Row] = []
        for heading, section in _sections(rows):
            kept = self._sorted([row for row in section if self._holds(row)], titles)
            arranged += [*([heading] if heading and (kept or not self.words.split()) else []), *kept]
        return arranged

    def _holds(self, row: Row) -> bool:
        told = " ".join([row[0], *map(text_of, row[1])]).casefold()
        return all(word in told for word in self.words.casefold().split())

    def _sorted(self, rows: list[Row], titles: Sequence[str]) -> list[Row]:
        if not self.by or self.by not in titles:
            return rows
        place = list(titles).index(self.by)
        keyed = [(key_of(cells[place]), (key, cells)) for key, cells in rows]
        known = sorted((each for each in keyed if each[0][0] != NOTHING), key=lambda each: each[0], reverse=self.down)
        return [row for _, row in (*known, *(each for each in keyed if each[0][0] == NOTHING))]


def kind_of(rows: Sequence[Row], place: int) -> int:
    """What the column at `place` holds: numbers, times or words, as its first row with a value says."""
    kinds = (key_of(cells[place])[0] for key, cells in rows if not is_heading(key))
    return next((kind for kind in kinds if kind != NOTHING), NOTHING)


def order_words(kind: int, down: bool) -> str:
    """In which direction a column of that kind is sorted: `newest first`."""
    return ORDERS.get(kind, ALPHABET)[down]


def is_heading(key: str) -> bool:
    return key.startswith("-")


def _sections(rows: Sequence[Row]) -> Iterator[tuple[Row | None, list[Row]]]:
    heading: Row | None = None
    section: list[Row] = []
    for row in rows:
        if is_heading(row[0]):
            yield heading, section
            heading, section = row, []
        else:
            section.append(row)
    yield heading, section
