"""What the x axis of a training's curves counts: thousand images, steps, time, the privacy that was spent."""

from __future__ import annotations

from dataclasses import dataclass

from medsynth_tui.words import number

NAMES = ("kimg", "step", "time", "epsilon")
CLOCK = ((3 * 3600.0, 3600.0, "h"), (180.0, 60.0, "min"), (0.0, 1.0, "s"))
"""From so many seconds on, seconds of the unit, and its word."""


@dataclass(frozen=True)
class Unit:
    """`word` follows a value; `scale` is how much of what is stored makes one of it (time is stored in seconds)."""

    word: str = "kimg"
    scale: float = 1.0

    def said(self, value: float) -> str:
        """A stored value as a person reads it: `1,250 steps`, `12.5 min`."""
        return f"{number(value / self.scale)} {self.word}"


def unit_of(name: str, reach: float) -> Unit:
    """The unit of the axis `name` (one of `NAMES`) that reaches to `reach`."""
    if name == "time":
        return next(Unit(word, scale) for least, scale, word in CLOCK if reach >= least)
    return Unit({"step": "steps"}.get(name, name))


def figure(value: float) -> str:
    """A round value of an axis, without powers of ten where there is room."""
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:g}"
