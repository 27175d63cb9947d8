"""Figures of the report as inline SVG: no script, no font, no address. Each has a title and says its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from markupsafe import Markup

from medsynth_engine.evidence.gauge import BANDS
from medsynth_engine.kernel.escape import plain

WIDTH, LABEL, ROW = 760, 250, 30
INK, FAINT, ACCENT = "#1c2733", "#8a97a6", "#0b5c7a"
BAND_COLOURS = {
    "very_low": "#2e7d4f",
    "low": "#5b8c2a",
    "guarded": "#b8860b",
    "high": "#c4571b",
    "critical": "#a61b29",
    "grey": "#6b7785",
}
SCENARIOS = {"data": "the data alone", "generator": "data and generator", "insider": "an insider"}


@dataclass(frozen=True)
class Bar:
    """One line of a figure; value, bounds and control may be missing."""

    label: str
    value: float | None
    low: float | None
    high: float | None
    control: float | None = None


def band_words(band: str) -> str:
    return "not enough evidence" if band == "grey" else band.replace("_", " ")


def gauge(readings: Mapping[str, Mapping[str, Any]]) -> Markup:
    """A bar per scenario, from the lower to the upper bound, over the bands."""
    top = 26
    parts = []
    start = 0.0
    for name, edge in (*BANDS, ("critical", 0.5)):
        left, right = _x(start, 0, 0.5), _x(edge, 0, 0.5)
        height = ROW * len(readings)
        parts.append(
            f'<rect x="{left:.1f}" y="{top}" width="{right - left:.1f}" height="{height}" fill="{BAND_COLOURS[name]}" '
            f'fill-opacity="0.16"/>{_text(left + 3, 16, band_words(name), 10, FAINT)}'
        )
        start = edge
    said = []
    for number, (scenario, reading) in enumerate(readings.items()):
        y = top + ROW * number + ROW / 2
        words = band_words(str(reading.get("band") or "grey"))
        label = SCENARIOS.get(scenario, scenario)
        parts.append(_text(0, y + 4, label, 13, INK))
        said.append(f"{label}: {words}")
        if reading.get("high") is None:
            continue
        low, high = max(0.0, float(reading["low"])), max(0.0, float(reading["high"]))
        colour = BAND_COLOURS.get(str(reading["band"]), FAINT)
        left, right = _x(low, 0, 0.5), _x(high, 0, 0.5)
        parts.append(
            f'<rect x="{left:.1f}" y="{y - 6:.1f}" width="{max(2.0, right - left):.1f}" height="12" fill="{colour}"/>'
        )
        anchored = right > WIDTH - 60
        parts.append(
            _text(right + (-4 if anchored else 4), y - 8 if anchored else y + 4, f"{high:.2f}", 11, INK, anchored)
        )
    return _figure("Privacy gauge", "; ".join(said), parts, top + ROW * len(readings) + 8)


def forest(title: str, bars: Sequence[Bar], lowest: float, highest: float, mark: float | None = None) -> Markup:
    """Values with their intervals on one axis; a ring is the control, a dashed line is where good lies."""
    parts, said = [], []
    height = ROW * len(bars) + 30
    if mark is not None:
        x = _x(mark, lowest, highest)
        parts.append(
            f'<line x1="{x:.1f}" y1="4" x2="{x:.1f}" y2="{height - 24}" stroke="{FAINT}" stroke-dasharray="4 3"/>'
        )
    for number, bar in enumerate(bars):
        y = 4 + ROW * number + ROW / 2
        parts.append(_text(0, y + 4, bar.label, 13, INK))
        if bar.value is None:
            parts.append(_text(LABEL, y + 4, "not enough evidence", 12, FAINT))
            said.append(f"{bar.label}: not enough evidence")
            continue
        said.append(f"{bar.label}: {bar.value:.2f}")
        if bar.low is not None and bar.high is not None:
            left, right = _x(bar.low, lowest, highest), _x(bar.high, lowest, highest)
            parts.append(
                f'<line x1="{left:.1f}" y1="{y:.1f}" x2="{right:.1f}" y2="{y:.1f}" stroke="{ACCENT}" stroke-width="3"/>'
            )
        if bar.control is not None:
            x = _x(bar.control, lowest, highest)
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="none" stroke="{INK}" stroke-width="1.5"/>')
        x = _x(bar.value, lowest, highest)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{ACCENT}"/>')
    for tick in range(5):
        at = lowest + (highest - lowest) * tick / 4
        parts.append(_text(_x(at, lowest, highest), height - 6, f"{at:.2g}", 11, FAINT, middle=True))
    return _figure(title, "; ".join(said), parts, height)


def _x(value: float, lowest: float, highest: float) -> float:
    share = (min(highest, max(lowest, value)) - lowest) / (highest - lowest)
    return LABEL + share * (WIDTH - LABEL - 20)


def _text(x: float, y: float, words: str, size: int, colour: str, end: bool = False, middle: bool = False) -> str:
    anchor = ' text-anchor="end"' if end else ' text-anchor="middle"' if middle else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}"{anchor}>{escape(plain(words))}</text>'


def _figure(title: str, said: str, parts: Sequence[str], height: float) -> Markup:
    """An image to assistive technology: its title and its numbers in words."""
    title, said = plain(title), plain(said, 4_000)
    head = f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(title)}. {escape(said)}">'
    return Markup(f"{head}<title>{escape(title)}</title>{''.join(parts)}</svg>")
