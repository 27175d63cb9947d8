"""Pictures from raw pixels: two pixels a character cell as half blocks, or a ramp of ASCII characters."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from medsynth_tui.words import plain, wrapped

if TYPE_CHECKING:
    from medsynth_tui.app import MedSynth

RAMP = " .:-=+*#%@"
MOVE = 4
"""Bytes with which the cursor goes to the next row of a picture."""
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Pixels:
    """An image: `channels` 1 (grey) or 3 (RGB), rows from the top, one byte a value."""

    width: int
    height: int
    channels: int
    data: bytes
    caption: str = ""

    @classmethod
    def from_document(cls, document: dict[str, Any], caption: str = "") -> Pixels:
        """From the engine's document with base64 pixels."""
        size = (int(document["width"]), int(document["height"]), int(document["channels"]))
        return cls(*size, base64.b64decode(document["pixels"]), caption)

    def at(self, x: int, y: int) -> Colour:
        start = (y * self.width + x) * self.channels
        if self.channels == 1:
            grey = self.data[start]
            return grey, grey, grey
        return self.data[start], self.data[start + 1], self.data[start + 2]

    def fitted(self, width: int, height: int) -> Pixels:
        """Shrunk into `width` x `height` pixels, keeping its shape, by the mean of the pixels that fall together."""
        scale = min(width / self.width, height / self.height, 1.0)
        wide, high = max(1, int(self.width * scale)), max(1, int(self.height * scale))
        if (wide, high) == (self.width, self.height):
            return self
        data = bytearray()
        for y in range(high):
            top, bottom = _edges(y, high, self.height)
            for x in range(wide):
                left, right = _edges(x, wide, self.width)
                for channel in range(self.channels):
                    values = [
                        self.data[(row * self.width + column) * self.channels + channel]
                        for row in range(top, bottom)
                        for column in range(left, right)
                    ]
                    data.append(sum(values) // len(values))
        return Pixels(wide, high, self.channels, bytes(data), self.caption)


def _edges(index: int, parts: int, whole: int) -> tuple[int, int]:
    first = index * whole // parts
    return first, max(first + 1, (index + 1) * whole // parts)


def blocks(pixels: Pixels, background: Colour) -> list[list[Segment]]:
    """Rows of segments, an upper half block a cell: its ink is the upper pixel, its ground the lower."""
    rows = []
    for y in range(0, pixels.height, 2):
        row = []
        for x in range(pixels.width):
            upper = pixels.at(x, y)
            lower = pixels.at(x, y + 1) if y + 1 < pixels.height else background
            row.append(Segment("▀", Style(color=_hex(upper), bgcolor=_hex(lower))))
        rows.append(list(Segment.simplify(row)))
    return rows


def ramp(pixels: Pixels) -> list[list[Segment]]:
    """Rows of characters by brightness, two pixel rows a line."""
    rows = []
    for y in range(0, pixels.height, 2):
        line = ""
        for x in range(pixels.width):
            below = pixels.at(x, min(y + 1, pixels.height - 1))
            bright = (sum(pixels.at(x, y)) + sum(below)) / (6 * 255)
            line += RAMP[min(len(RAMP) - 1, int(bright * len(RAMP)))]
        rows.append([Segment(line)])
    return rows


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


class Pictures(Widget):
    """One picture as large as fits, or several side by side with their captions; pictures are never sent twice."""

    can_focus = False

    def __init__(self, id: str | None = None, side: int = 32) -> None:
        super().__init__(id=id)
        self.side = side
        self.pictures: tuple[Pixels, ...] = ()
        self.note = ""
        self.held: tuple[Pixels, ...] = ()
        """What is not drawn before somebody has seen what it costs."""
        self._strips: list[Strip] = []
        self._laid_out_for = Size(0, 0)

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self._in_other_colours())

    def _in_other_colours(self) -> None:
        """Boxes, and the ground beside a picture, are of the theme's colours."""
        self._laid_out_for = Size(0, 0)
        self.refresh()

    def show(self, pictures: Sequence[Pixels], note: str = "") -> None:
        self.held = ()
        if (tuple(pictures), note) != (self.pictures, self.note):
            self.pictures, self.note = tuple(pictures), note
            self._laid_out_for = Size(0, 0)
            self.refresh(layout=True)

    def hold(self, pictures: Sequence[Pixels], note: str) -> None:
        """Show the note in their place until they are shown."""
        self.show((), note)
        self.held = tuple(pictures)

    def weight(self, pictures: Sequence[Pixels]) -> int:
        """Bytes that drawing them sends where pictures are made of characters, a move of the cursor a row with them."""
        drawn = self._sheet(pictures, self.size.width or self.app.size.width, 10_000)
        return sum(len(strip.text.strip()) + MOVE for strip in drawn if strip.text.strip())

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(1, len(self._rows(width, 10_000)))

    def render_line(self, y: int) -> Strip:
        if self._laid_out_for != self.size:
            self._strips = self._rows(self.size.width, self.size.height)
            self._laid_out_for = self.size
        ground = self.rich_style
        if y >= len(self._strips):
            return Strip.blank(self.size.width, ground)
        return self._strips[y].apply_style(ground).adjust_cell_length(self.size.width, ground)

    def _rows(self, width: int, height: int) -> list[Strip]:
        if not self.pictures:
            return [Strip([Segment(line)]) for line in wrapped(self.note, width)] if self.note else []
        return self._sheet(self.pictures, width, height)

    def _sheet(self, pictures: Sequence[Pixels], width: int, height: int) -> list[Strip]:
        if len(pictures) == 1:
            return [Strip(row) for row in self._drawn(pictures[0].fitted(width, 2 * height))]
        across = max(1, (width + 2) // (self.side + 2))
        lines: list[Strip] = []
        for start in range(0, len(pictures), across):
            lines.extend(self._side_by_side(pictures[start : start + across]))
        return lines

    def _side_by_side(self, few: Iterable[Pixels]) -> list[Strip]:
        columns = [(self._drawn(each.fitted(self.side, self.side)), each.caption) for each in few]
        tallest = max(len(rows) for rows, _ in columns)
        lines = []
        for y in range(tallest):
            segments: list[Segment] = []
            for rows, _ in columns:
                row = rows[y] if y < len(rows) else []
                used = sum(segment.cell_length for segment in row)
                segments += [*row, Segment(" " * (self.side - used + 2))]
            lines.append(Strip(segments))
        captions = "".join(f"{plain(caption, self.side):<{self.side + 2}}" for _, caption in columns)
        if captions.strip():
            lines.append(Strip([Segment(captions)]))
        lines.append(Strip([Segment("")]))
        return lines

    @property
    def glyphs_only(self) -> bool:
        """Whether this terminal shows characters alone."""
        app = cast("MedSynth", self.app)
        return app.glyphs.ascii or app.no_color or not app.profile.pictures

    def _drawn(self, pixels: Pixels) -> list[list[Segment]]:
        if self.glyphs_only:
            return ramp(pixels)
        return blocks(pixels, self.background_colors[1].rgb)
