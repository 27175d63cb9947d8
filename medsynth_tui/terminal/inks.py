"""From Rich's styles to pens, in as many colours as the terminal and the line carry: 16 million, 256, 16 or none."""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.color import Color, ColorSystem, ColorType
from rich.style import Style
from textual.strip import SGR_STYLES

from medsynth_tui.terminal.pen import REVERSE, UNDERLINE, Pen

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_STYLES = 20_000
"""Pictures bring a style a cell; beyond this many the memory of them is dropped."""
CUBE = (0, 95, 135, 175, 215, 255)
NAMED = 16
GREYS = 232


class Depth(IntEnum):
    """How many colours are used, by the bits of one."""

    none = 0
    sixteen = 4
    many = 8
    all = 24


SYSTEMS = {ColorSystem.TRUECOLOR: Depth.all, ColorSystem.EIGHT_BIT: Depth.many, ColorSystem.STANDARD: Depth.sixteen}
COLOURLESS = ("vt100", "vt102", "vt220")


def depth_for(environment: Mapping[str, str], system: ColorSystem | None) -> Depth:
    """What the terminal carries: Rich's reading of it, none under `NO_COLOR` or on a terminal that has none.

    Apple's Terminal draws 16 million colours as a few wrong ones up to macOS 15, whatever COLORTERM says.
    """
    if "NO_COLOR" in environment or environment.get("TERM", "") in COLOURLESS:
        return Depth.none
    found = SYSTEMS.get(system or ColorSystem.TRUECOLOR, Depth.sixteen)
    return min(found, Depth.many) if environment.get("TERM_PROGRAM") == "Apple_Terminal" else found


class Inks:
    """`of(style)` is the pen of a style; the same object for the same look.

    Without colours a filled ground becomes reverse video, so that a marked row stays marked; `grounds` (`#rrggbb`) are
    the ones that everything lies on and that are not shown. A cell whose ground is `cursor` is underlined too, because
    the field around it is in reverse as well.
    """

    def __init__(self, depth: Depth, grounds: frozenset[str] = frozenset(), cursor: str = "") -> None:
        self.depth = depth
        self.grounds, self.cursor = grounds, cursor
        self._pens: dict[Style | None, Pen] = {}
        self._same: dict[Pen, Pen] = {}

    def of(self, style: Style | None) -> Pen:
        pen = self._pens.get(style)
        if pen is None:
            if len(self._pens) > MOST_STYLES:
                self._pens.clear()
            pen = self._made(style) if style else Pen()
            pen = self._pens[style] = self._same.setdefault(pen, pen)
        return pen

    def _made(self, style: Style) -> Pen:
        bits = style._attributes & style._set_attributes
        marks = {SGR_STYLES[bit] for bit in range(bits.bit_length()) if bits & (1 << bit)}
        if self.depth is Depth.none:
            return Pen(marks=frozenset(marks | self._filled(style)))
        return Pen(self._codes(style.color, True), self._codes(style.bgcolor, False), frozenset(marks))

    def _filled(self, style: Style) -> set[str]:
        ground = style.bgcolor
        if ground is None or ground.triplet is None or ground.triplet.hex in self.grounds:
            return set()
        return {REVERSE, UNDERLINE} if ground.triplet.hex == self.cursor else {REVERSE}

    def _codes(self, colour: Color | None, ink: bool) -> str:
        if colour is None or colour.type is ColorType.DEFAULT:
            return ""
        if self.depth is Depth.many and colour.triplet is not None:
            return f"{38 if ink else 48};5;{nearest(*colour.triplet)}"
        wanted = ColorSystem.STANDARD if self.depth is Depth.sixteen else ColorSystem.TRUECOLOR
        return ";".join(colour.downgrade(wanted).get_ansi_codes(ink))


@lru_cache(4096)
def nearest(red: int, green: int, blue: int) -> int:
    """The nearest of the 240 fixed colours of a 256-colour terminal, 16 to 255.

    By the distance that weighs the channels with the mean of the reds ("redmean"). Rich rounds each channel by itself,
    which makes navy blue of a dark grey panel.
    """
    cube = [min(range(6), key=lambda step: abs(CUBE[step] - value)) for value in (red, green, blue)]
    grey = min(23, max(0, round((0.299 * red + 0.587 * green + 0.114 * blue - 8) / 10)))
    offers = {
        NAMED + 36 * cube[0] + 6 * cube[1] + cube[2]: (CUBE[cube[0]], CUBE[cube[1]], CUBE[cube[2]]),
        GREYS + grey: (8 + 10 * grey,) * 3,
    }

    def distance(number: int) -> float:
        r, g, b = offers[number]
        mean = (r + red) / 2
        return (2 + mean / 256) * (r - red) ** 2 + 4 * (g - green) ** 2 + (2 + (255 - mean) / 256) * (b - blue) ** 2

    return min(offers, key=distance)
