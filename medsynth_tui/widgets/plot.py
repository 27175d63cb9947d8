"""Curves as rows of characters, drawn in dots: two by four a cell in braille, one by three in ASCII. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from medsynth_tui.widgets.scales import Column, envelope, log_ticks, ticks
from medsynth_tui.widgets.units import Unit, figure
from medsynth_tui.words import number

GUTTER = 7
"""Columns left of the plot: the value and the axis."""
FOOT = 2
"""Rows under it: the axis and its values."""
HEADS = "●▲■◆"
"""One at the newest point of each curve, as in the heading: nobody has to tell curves by their colour."""
TOLD_APART = 2
"""So many curves are told apart by the mark at their newest point; more wear it now and then along the way."""
SPACING = 20
"""Columns between two marks of such a curve."""
BRAILLE = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
LEVELS = {1: "'", 2: "-", 4: ".", 5: ":"}
"""Characters of an ASCII cell by its dots, from the top; others are a bar."""

Piece = tuple[str, str]
"""Characters, and the role of their colour in the palette; empty where nothing is seen."""


@dataclass(frozen=True)
class Series:
    """One curve: `role` names its colour in the palette; xs ascend, values of equal length, may be NaN."""

    name: str
    role: str
    xs: Sequence[float]
    ys: Sequence[float]
    brief: str = ""
    """Its name where there is little room."""

    @property
    def last(self) -> float | None:
        return next((value for value in reversed(self.ys) if math.isfinite(value)), None)


@dataclass(frozen=True)
class Line:
    """A level to compare with, for instance 1 = as good as real."""

    name: str
    value: float


@dataclass(frozen=True)
class Mark:
    """Something that happened at `x`: a character on the axis, and the role of its colour."""

    x: float
    sign: str
    role: str
    word: str = ""


@dataclass(frozen=True)
class Frame:
    """`width` x `height` cells in all, and the values at their edges: x from `left` to `reach`, y from `low` to `high`.

    On a `log` scale `low` and `high` are powers of ten.
    """

    width: int
    height: int
    low: float
    high: float
    reach: float
    ascii: bool = False
    left: float = 0.0
    log: bool = False

    @property
    def columns(self) -> int:
        return max(0, self.width - GUTTER)

    @property
    def rows(self) -> int:
        return max(0, self.height - FOOT)

    def column(self, x: float) -> int:
        """The cell in which a place of the x axis lies."""
        return min(self.columns - 1, max(0, int((x - self.left) / (self.reach - self.left) * self.columns)))

    def pixel(self, value: float, across: int) -> int:
        """The row of dots of a value, of `across` dots a cell; 0 is the top."""
        last = self.rows * across - 1
        if self.log:
            value = math.log10(value) if value > 0 else self.low
        share = (self.high - value) / ((self.high - self.low) or 1.0)
        return min(last, max(0, round(share * last)))


def draw(
    frame: Frame,
    series: Sequence[Series],
    level: Line | None,
    unit: Unit,
    cursor: float | None = None,
    marks: Sequence[Mark] = (),
) -> list[list[Piece]]:
    """The chart, row by row; nothing where there is no room. `unit` follows the first value of the x axis.

    A series without a name is a shadow: it wears no mark. Of `marks` on one place of the axis the last is seen.
    """
    if frame.columns < 10 or frame.rows < 2:
        return []
    cells: list[list[Piece]] = [[(" ", "")] * frame.columns for _ in range(frame.rows)]
    if level is not None and frame.low <= (math.log10(level.value) if frame.log else level.value) <= frame.high:
        cells[frame.pixel(level.value, 1)] = [("┄", "muted")] * frame.columns
    if cursor is not None and frame.left <= cursor <= frame.reach:
        for row in cells:
            row[frame.column(cursor)] = ("│", "muted")
    worn: list[tuple[int, int, Piece]] = []
    named = sum(bool(each.name) for each in series)
    signs = iter(HEADS * len(series))
    for each in series:
        points = _curve(frame, each, cells)
        sign = next(signs) if each.name else ""
        if points and sign:
            spots = [points[-1]] if named <= TOLD_APART else [*_spaced(points, len(worn)), points[-1]]
            worn += [(x, y, (sign, each.role)) for x, y in spots]
    for x, y, piece in worn:
        cells[y][x] = piece
    labels = _labels(frame)
    rows = [_joined([(labels.get(y, " " * (GUTTER - 1) + "│"), "muted"), *row]) for y, row in enumerate(cells)]
    return [*rows, *_foot(frame, unit, marks)]


def _spaced(points: Sequence[tuple[int, int]], turn: int) -> list[tuple[int, int]]:
    """Now and then a point of a curve, at other places for each `turn`."""
    found, wanted = [], (5 * turn) % SPACING
    for x, y in points:
        if x >= wanted:
            found.append((x, y))
            wanted = x + SPACING
    return found


def _curve(frame: Frame, series: Series, cells: list[list[Piece]]) -> list[tuple[int, int]]:
    """Draw it into `cells`; where the last value of each column of dots lies, as column and row of a cell."""
    wide, high = (1, 3) if frame.ascii else (2, 4)
    columns = envelope(series.xs, series.ys, frame.left, frame.reach, frame.columns * wide)
    dots: dict[tuple[int, int], int] = {}

    def mark(px: int, top: int, bottom: int) -> None:
        for py in range(top, bottom + 1):
            bit = 1 << py % 3 if frame.ascii else BRAILLE[px % 2][py % 4]
            cell = (px // wide, py // high)
            dots[cell] = dots.get(cell, 0) | bit

    before: tuple[int, float] | None = None
    points: list[tuple[int, int]] = []
    for px, column in columns.items():
        if column.broken:
            cells[0][px // wide] = ("!", "error")
        if column.first is None or column.last is None:
            before = None
            continue
        if before is not None:
            for x, top, bottom in _bridge(frame, before, (px, column.first), high):
                mark(x, top, bottom)
        mark(px, *_span(frame, column, high))
        before = (px, column.last)
        points.append((px // wide, frame.pixel(column.last, high) // high))
    for (x, y), bits in dots.items():
        cells[y][x] = (LEVELS.get(bits, "|") if frame.ascii else chr(0x2800 + bits), series.role)
    return points


def _span(frame: Frame, column: Column, across: int) -> tuple[int, int]:
    assert column.greatest is not None and column.least is not None
    return frame.pixel(column.greatest, across), frame.pixel(column.least, across)


def _bridge(frame: Frame, start: tuple[int, float], end: tuple[int, float], across: int) -> list[tuple[int, int, int]]:
    """Dots of the straight line between two points, as column, top and bottom, without its first column."""
    (left, one), (right, other) = start, end
    spans = []
    before = frame.pixel(one, across)
    for step in range(1, right - left + 1):
        here = frame.pixel(one + (other - one) * step / (right - left), across)
        joint = before + (here > before) - (here < before)  # the dot of the last column is there already
        spans.append((left + step, min(here, joint), max(here, joint)) if here != before else (left + step, here, here))
        before = here
    return spans


def _labels(frame: Frame) -> dict[int, str]:
    """Round values beside their rows."""
    choose = log_ticks if frame.log else ticks
    values = choose(frame.low, frame.high, max(3, frame.rows // 3))
    return {frame.pixel(value, 1): f"{number(value):>{GUTTER - 1}}"[: GUTTER - 1] + "┤" for value in values}


def _foot(frame: Frame, unit: Unit, marks: Sequence[Mark]) -> list[list[Piece]]:
    """The x axis with what happened on it, and its values, as many as stand clear of each other."""
    axis: list[Piece] = [("─", "muted")] * frame.columns
    words, said = " " * frame.columns, False
    for value in ticks(frame.left / unit.scale, frame.reach / unit.scale, max(2, frame.columns // 14)):
        share = (value * unit.scale - frame.left) / (frame.reach - frame.left)
        at = min(frame.columns - 1, round(share * (frame.columns - 1)))
        axis[at] = ("┴", "muted")
        text = figure(value) if said else f"{figure(value)} {unit.word}"
        said = True
        start = max(0, min(frame.columns - len(text), at - (len(text) // 2 if at else 0)))
        if not words[max(0, start - 1) : start + len(text) + 1].strip():
            words = words[:start] + text + words[start + len(text) :]
    for mark in _sparse(frame, marks):
        axis[frame.column(mark.x)] = (mark.sign, mark.role)
    gap = " " * (GUTTER - 1)
    return [_joined([(f"{gap}└", "muted"), *axis]), [(f"{gap} {words}", "muted")]]


def _sparse(frame: Frame, marks: Sequence[Mark]) -> list[Mark]:
    """Those in the window; of a sign that would stand in more than a third of its columns the newest alone."""
    seen = [mark for mark in marks if frame.left <= mark.x <= frame.reach]
    places: dict[str, set[int]] = {}
    for mark in seen:
        places.setdefault(mark.sign, set()).add(frame.column(mark.x))
    crowded = {sign for sign, columns in places.items() if 3 * len(columns) > frame.columns}
    newest = {mark.sign: mark for mark in seen}
    return [mark for mark in seen if mark.sign not in crowded or mark is newest[mark.sign]]


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Neighbours of one colour as one piece; an empty cell takes its neighbour's."""
    joined: list[Piece] = []
    for text, role in pieces:
        if joined and (joined[-1][1] == role or not role):
            joined[-1] = (joined[-1][0] + text, joined[-1][1])
        else:
            joined.append((text, role))
    return joined
