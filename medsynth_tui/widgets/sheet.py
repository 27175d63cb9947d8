"""A sample sheet cut into its pictures: a margin with labels, then ten across, a row for each value of a condition."""

from __future__ import annotations

from medsynth_tui.widgets.picture import Pixels

ACROSS = 10
LABELS = 120
"""Width of the margin with the rows' labels, in pixels, where there is one."""


def tiles(sheet: Pixels) -> list[list[Pixels]]:
    """The pictures of a sheet, row by row; the whole sheet as one where its shape is not that of a sheet."""
    for margin in (LABELS, 0):
        side, rest = divmod(sheet.width - margin, ACROSS)
        if side > 0 and rest == 0 and sheet.height % side == 0:
            return [
                [_cut(sheet, margin + column * side, row * side, side) for column in range(ACROSS)]
                for row in range(sheet.height // side)
            ]
    return [[sheet]]


def chosen(rows: list[list[Pixels]], count: int) -> list[Pixels]:
    """`count` of them, one of each row before a second of any."""
    return [row[column] for column in range(len(rows[0])) for row in rows][:count]


def _cut(sheet: Pixels, left: int, top: int, side: int) -> Pixels:
    width = sheet.channels * side
    starts = ((row * sheet.width + left) * sheet.channels for row in range(top, top + side))
    return Pixels(side, side, sheet.channels, b"".join(sheet.data[start : start + width] for start in starts))
