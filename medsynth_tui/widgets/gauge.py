"""The privacy gauge: a bar for each scenario with reading, interval, the band in words, and what drives it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from textual.content import Content

from medsynth_engine.kernel.measures import spoken
from medsynth_tui.widgets.drawn import Drawn
from medsynth_tui.words import BANDS, SCENARIOS, measure, number, said, wrapped

if TYPE_CHECKING:
    pass

BAND_COLOURS = {
    "very_low": "$success",
    "low": "$success",
    "guarded": "$warning",
    "high": "$error",
    "critical": "$error",
    "grey": "$muted",
}
SHADES = ("$success", "$success", "$warning", "$error", "$error")
"""Of the track under the needle, band by band; the words stand beside and below."""
EDGES = (0.0, 0.05, 0.09, 0.20, 0.33, 1.0)
"""Where the bands begin and end; on the screen each is equally wide, so that small risks can be told apart."""


@dataclass(frozen=True)
class Reading:
    """One scenario: `reading` (the upper 95 % bound) and `low` on 0..1, the band, the evidence behind it."""

    scenario: str
    reading: float | None
    band: str
    driver: str
    low: float | None = None
    note: str = ""

    @classmethod
    def from_document(cls, scenario: str, document: dict[str, Any]) -> Reading:
        return cls(
            scenario,
            document.get("reading"),
            str(document.get("band") or "grey"),
            str(document.get("driver") or ""),
            document.get("low"),
            spoken(str(document.get("note") or "")),
        )


class Gauge(Drawn):
    """Risk grows to the right. Grey and the words "not enough evidence" where the data cannot carry a reading."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.readings: tuple[Reading, ...] = ()
        self.empty = ""

    def show(self, readings: Sequence[Reading], empty: str = "") -> None:
        if (tuple(readings), empty) != (self.readings, self.empty):
            self.readings, self.empty = tuple(readings), empty
            self.refresh(layout=True)

    def lines(self, width: int) -> list[Content]:
        if not self.readings:
            return [Content.assemble((line, "$muted")) for line in wrapped(self.glyphs.text(self.empty), width)]
        lines: list[Content] = []
        for reading in self.readings:
            lines.extend(self._lines(reading, width))
        return lines

    def _lines(self, reading: Reading, width: int) -> list[Content]:
        text = self.glyphs.text
        colour = BAND_COLOURS.get(reading.band, "$muted")
        word = BANDS.get(reading.band, said(reading.band, 30))
        level = "" if reading.reading is None else f"up to {number(reading.reading, 2)}"
        room = max(10, min(60, width - 24))
        lines = [
            Content.assemble((text(SCENARIOS.get(reading.scenario, said(reading.scenario))), "bold $foreground")),
            Content.assemble(*self._bar(reading, colour, room), (f"  {word}", f"bold {colour}")),
            Content.assemble((_scale(room), "$muted")),
        ]
        if reading.driver:
            cause = f"{level}, because of: {measure(reading.driver)}".removeprefix(", ")
            lines.append(Content.assemble((text(cause), "$foreground")))
        if reading.note:
            lines += [Content.assemble((line, "$muted")) for line in wrapped(text(said(reading.note, 500)), width)]
        return [*lines, Content("")]

    def _bar(self, reading: Reading, colour: str, room: int) -> list[tuple[str, str]]:
        if reading.reading is None:
            return [(self.glyphs.empty * room, "$muted")]
        at = round((room - 1) * position(reading.reading))
        low = at if reading.low is None else min(at, round((room - 1) * position(reading.low)))
        pieces = []
        for cell in range(room):
            ground = "$muted" if reading.band == "grey" else SHADES[min(4, cell * 5 // room)]
            if cell == at:
                pieces.append((self.glyphs.full, f"bold {colour}"))
            else:
                pieces.append((self.glyphs.span if low <= cell < at else self.glyphs.rule, ground))
        return pieces


def _scale(room: int) -> str:
    """The bands' names under the bar, each where it begins, cut where the next one does."""
    line = ""
    for index, word in enumerate(list(BANDS.values())[:5]):
        start, end = index * room // 5, (index + 1) * room // 5
        line = f"{line:<{start}}" + word[: end - start - 1]
    return line


def position(risk: float) -> float:
    """Where a risk of 0..1 stands along the bar, 0..1: every band takes a fifth of it."""
    risk = min(1.0, max(0.0, risk))
    for index, (start, end) in enumerate(pairwise(EDGES)):
        if risk < end or end == 1.0:
            return (index + (risk - start) / (end - start)) / (len(EDGES) - 1)
    return 1.0
