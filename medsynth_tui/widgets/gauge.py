"""The privacy gauge: a bar for each scenario with reading, interval, the band in words, and what drives it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

from textual.content import Content
from textual.widget import Widget

from medsynth_tui.words import BANDS, SCENARIOS, measure, number, said, wrapped

if TYPE_CHECKING:
    from medsynth_tui.app import MedSynth
    from medsynth_tui.glyphs import Glyphs

BAND_COLOURS = {
    "very_low": "$success",
    "low": "$success",
    "guarded": "$warning",
    "high": "$error",
    "critical": "$error",
    "grey": "$muted",
}
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
            str(document.get("note") or ""),
        )


class Gauge(Widget):
    """Risk grows to the right. Grey and the words "not enough evidence" where the data cannot carry a reading."""

    can_focus = False

    def __init__(self, id: str | None = None, compact: bool = False) -> None:
        super().__init__(id=id)
        self.compact = compact
        self.readings: tuple[Reading, ...] = ()
        self.empty = ""

    def show(self, readings: Sequence[Reading], empty: str = "") -> None:
        if (tuple(readings), empty) != (self.readings, self.empty):
            self.readings, self.empty = tuple(readings), empty
            self.refresh(layout=True)

    def render(self) -> Content:
        glyphs = cast("MedSynth", self.app).glyphs
        if not self.readings:
            return Content.assemble((glyphs.text(self.empty), "$muted"))
        lines: list[Content] = []
        for reading in self.readings:
            lines.extend(self._lines(reading, glyphs))
        return Content("\n").join(lines if self.compact else lines[:-1])

    def _lines(self, reading: Reading, glyphs: Glyphs) -> list[Content]:
        colour = BAND_COLOURS.get(reading.band, "$muted")
        word = BANDS.get(reading.band, said(reading.band, 30))
        level = "" if reading.reading is None else f"up to {number(reading.reading, 2)}"
        if self.compact:
            bar = self._bar(reading, glyphs, colour, self.size.width - len(word) - 2)
            return [Content.assemble(*bar, (f"  {word}", f"bold {colour}"))]
        room = min(60, self.size.width - 24)
        lines = [
            Content.assemble(
                (glyphs.text(SCENARIOS.get(reading.scenario, said(reading.scenario))), "bold $foreground")
            ),
            Content.assemble(*self._bar(reading, glyphs, colour, room), (f"  {word}", f"bold {colour}")),
            Content.assemble((self._scale(room), "$muted")),
        ]
        if reading.driver:
            cause = f"{level}, because of: {measure(reading.driver)}".removeprefix(", ")
            lines.append(Content.assemble((glyphs.text(cause), "$foreground")))
        if reading.note:
            for line in wrapped(said(reading.note, 500), self.size.width):
                lines.append(Content.assemble((glyphs.text(line), "$muted")))
        return [*lines, Content("")]

    def _bar(self, reading: Reading, glyphs: Glyphs, colour: str, width: int) -> list[tuple[str, str]]:
        room = max(10, width)
        if reading.reading is None:
            return [(glyphs.empty * room, "$muted")]
        at = round((room - 1) * position(reading.reading))
        low = at if reading.low is None else min(at, round((room - 1) * position(reading.low)))
        return [
            (glyphs.rule * low, "$line"),
            (glyphs.span * (at - low), colour),
            (glyphs.full, f"bold {colour}"),
            (glyphs.rule * (room - at - 1), "$line"),
        ]

    @staticmethod
    def _scale(room: int) -> str:
        """The bands' names under the bar, as many as fit, each where it begins."""
        line = ""
        for index, word in enumerate(list(BANDS.values())[:5]):
            line = f"{line:<{index * room // 5}}"[: index * room // 5] + word[: room // 5 - 1]
        return f"{line:<{room}}"[:room]


def position(risk: float) -> float:
    """Where a risk of 0..1 stands along the bar, 0..1: every band takes a fifth of it."""
    risk = min(1.0, max(0.0, risk))
    for index, (start, end) in enumerate(pairwise(EDGES)):
        if risk < end or end == 1.0:
            return (index + (risk - start) / (end - start)) / (len(EDGES) - 1)
    return 1.0
