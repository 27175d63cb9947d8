"""A picture with outlines around what was found in it, which can be looked at closely: burned-in text is small."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from rich.segment import Segment
from textual.binding import Binding
from textual.color import Color
from textual.geometry import Region
from textual.message import Message

from medsynth_tui.widgets.picture import Colour, Pictures, Pixels, ramp

Box = Sequence[int]
"""x, y, width, height in pixels of the whole picture."""
SAMPLES = 2
"""Pixels a side of what is averaged into one that is shown: enough for thin strokes, few enough for a key's speed."""
STEP = 0.5
"""How far an arrow moves, in windows."""


class BoxedPicture(Pictures, can_focus=True):
    """`whole` is the size that boxes refer to; the pixels at hand may be fewer.

    Focused, plus and minus come closer and go back, and the arrows move over the picture.
    """

    BINDINGS: ClassVar[list[Any]] = [
        Binding("plus,equals_sign", "closer", "Closer", show=False),
        Binding("minus", "back", "Back", show=False),
        Binding("left,h", "move(-1, 0)", "Left", show=False),
        Binding("right,l", "move(1, 0)", "Right", show=False),
        Binding("up,k", "move(0, -1)", "Up", show=False),
        Binding("down,j", "move(0, 1)", "Down", show=False),
    ]

    class Passed(Message):
        """The arrows were pressed where there is nothing to move over: `by` is -1 or 1."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    class Turned(Message):
        """Another part of the picture is looked at."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.boxes: tuple[tuple[int, ...], ...] = ()
        self.whole = (1, 1)
        self.full: Pixels | None = None
        self.zoom = 1
        self.middle = (0.5, 0.5)

    def show_boxed(self, picture: Pixels | None, whole: tuple[int, int], boxes: Sequence[Box]) -> None:
        """Another picture, seen as a whole; None shows nothing."""
        self.full, self.whole = picture, whole
        self.boxes = tuple(tuple(box) for box in boxes)
        self.zoom, self.middle = 1, (0.5, 0.5)
        self._turn()

    def action_closer(self) -> None:
        """Up to one pixel of the picture for one that is shown."""
        full = self.full
        if full and max(full.width / self.size.width, full.height / (2 * self.size.height)) > self.zoom:
            self.zoom *= 2
            self._turn()

    def action_back(self) -> None:
        self.zoom = max(1, self.zoom // 2)
        self._turn()

    def action_move(self, across: int, down: int) -> None:
        if self.zoom == 1:
            self.post_message(self.Passed(across or down))
            return
        window = self.seen(self.whole)
        moved = []
        for at, by, part, side in zip(self.middle, (across, down), window.size, self.whole, strict=True):
            edge = part / side / 2
            moved.append(min(1 - edge, max(edge, at + STEP * by * part / side)))
        self.middle = (moved[0], moved[1])
        self._turn()

    def seen(self, size: tuple[int, int]) -> Region:
        """The window that is looked at, in a picture of `size` pixels: all of it, or closer, what there is room for."""
        room = (max(1, self.size.width), max(1, 2 * self.size.height))
        each = max(1.0, size[0] / room[0], size[1] / room[1]) / self.zoom
        wide, high = (max(1, min(side, round(place * each))) for side, place in zip(size, room, strict=True))
        left = min(size[0] - wide, max(0, round(self.middle[0] * size[0] - wide / 2)))
        top = min(size[1] - high, max(0, round(self.middle[1] * size[1] - high / 2)))
        return Region(left, top, wide, high)

    def _turn(self) -> None:
        """What is seen now takes the place of what was."""
        shown: list[Pixels] = []
        if self.full is not None:
            window = self.seen((self.full.width, self.full.height))
            room = (SAMPLES * max(1, self.size.width), 2 * SAMPLES * max(1, self.size.height))
            shown = [cut(self.full, window, max(1, window.width // room[0], window.height // room[1]))]
        self.pictures = ()  # the same pixels with other boxes are another picture
        self.show(shown)
        self.refresh(layout=True)
        self.post_message(self.Turned())

    def _drawn(self, pixels: Pixels) -> list[list[Segment]]:
        window = self.seen(self.whole)
        edges = [edge for box in self.boxes for edge in outline(box, window, (pixels.width, pixels.height))]
        if self.glyphs_only:
            return in_characters(ramp(pixels), edges)
        return super()._drawn(in_colour(pixels, edges, Color.parse(self.app.theme_variables["warning"]).rgb))


def cut(pixels: Pixels, window: Region, every: int) -> Pixels:
    """The window of the picture, of its rows and columns only every so many."""
    channels = pixels.channels
    columns = range(window.x, window.right, every)
    data = bytearray()
    for row in range(window.y, window.bottom, every):
        start = (row * pixels.width + window.x) * channels
        line = pixels.data[start : start + window.width * channels]
        if channels == 1:
            data += line[::every]
        else:
            for at in range(0, window.width * channels, every * channels):
                data += line[at : at + channels]
    return Pixels(len(columns), len(range(window.y, window.bottom, every)), channels, bytes(data), pixels.caption)


def outline(box: Box, window: Region, shown: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """The pixels (x, y) of the box's edge that lie in a picture of `shown` pixels, which stands for `window`."""
    x, y, width, height = box
    left, right = ((edge - window.x) * shown[0] // window.width for edge in (x, x + width - 1))
    top, bottom = ((edge - window.y) * shown[1] // window.height for edge in (y, y + height - 1))
    for across in range(max(0, left), min(shown[0] - 1, right) + 1):
        for down in (top, bottom):
            if 0 <= down < shown[1]:
                yield across, down
    for down in range(max(0, top), min(shown[1] - 1, bottom) + 1):
        for across in (left, right):
            if 0 <= across < shown[0]:
                yield across, down


def in_colour(pixels: Pixels, edges: Sequence[tuple[int, int]], colour: Colour) -> Pixels:
    """The picture in colour, with `edges` in `colour`."""
    if not edges:
        return pixels
    data = bytearray(pixels.data if pixels.channels == 3 else bytes(grey for grey in pixels.data for _ in range(3)))
    for x, y in edges:
        start = 3 * (y * pixels.width + x)
        data[start : start + 3] = bytes(colour)
    return Pixels(pixels.width, pixels.height, 3, bytes(data), pixels.caption)


def in_characters(rows: list[list[Segment]], edges: Sequence[tuple[int, int]]) -> list[list[Segment]]:
    """Rows of characters, two pixel rows a line, with `edges` as lines of `o`: no brightness is drawn with that."""
    lines = [list("".join(segment.text for segment in row)) for row in rows]
    for x, y in edges:
        lines[y // 2][x] = "o"
    return [[Segment("".join(line))] for line in lines]
