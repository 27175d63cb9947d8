"""Pictures in a terminal: two pixels a character with half blocks, or a ramp of characters where there is no colour."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.text import Text

    from medsynth_tui.cli.face import Face

RAMP = " .:-=+*#%@"
UPPER_HALF = "▀"
Pixel = tuple[int, int, int]


@dataclass(frozen=True)
class Picture:
    """`width` by `height` pixels of 0 to 255, row by row."""

    width: int
    height: int
    pixels: Sequence[Pixel]

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Picture:
        """From a gallery's document: base64 of 1 (grey) or 3 (colour) bytes a pixel."""
        data, channels = base64.b64decode(document["pixels"]), document["channels"]
        if channels == 1:
            pixels: list[Pixel] = [(value, value, value) for value in data]
        else:
            pixels = [(data[at], data[at + 1], data[at + 2]) for at in range(0, len(data), 3)]
        return cls(document["width"], document["height"], pixels)

    def at(self, row: int, column: int) -> Pixel:
        """Black outside the picture."""
        inside = 0 <= row < self.height and 0 <= column < self.width
        return self.pixels[row * self.width + column] if inside else (0, 0, 0)


def can_show(face: Face) -> bool:
    """In a terminal only: pictures in a file are noise."""
    return face.out.is_terminal and not face.json


def show_row(face: Face, pictures: Sequence[Picture]) -> None:
    """Pictures side by side, as many as fit into the width."""
    if not pictures:
        return
    fitting = max(1, (face.out.width + 1) // (max(picture.width for picture in pictures) + 1))
    chosen = pictures[:fitting]
    for row in range(0, max(picture.height for picture in chosen), 2):
        face.out.print(_line(chosen, row, colour=_in_colour(face)), no_wrap=True, crop=True)


def _in_colour(face: Face) -> bool:
    utf8 = str(face.out.encoding).lower().startswith("utf")
    return utf8 and face.out.color_system in ("truecolor", "256") and not face.out.no_color  # 16 colours have 4 greys


def _line(pictures: Sequence[Picture], row: int, colour: bool) -> Text:
    from rich.color import Color
    from rich.style import Style
    from rich.text import Text

    line = Text()
    for picture in pictures:
        for column in range(picture.width):
            upper, lower = picture.at(row, column), picture.at(row + 1, column)
            if colour:
                style = Style(color=Color.from_rgb(*upper), bgcolor=Color.from_rgb(*lower))
                line.append(UPPER_HALF, style)
            else:
                light = (sum(upper) + sum(lower)) / 6
                line.append(RAMP[min(len(RAMP) - 1, int(light * len(RAMP) / 256))])
        line.append(" ")
    return line
