"""Figures of the report as inline SVG: no script, no font, no address. Each has a title and says its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from medsynth_engine.evidence.gauge import BANDS
from medsynth_engine.kernel.axes import Axis, axis_of
from medsynth_engine.kernel.escape import plain
from medsynth_engine.kernel.measures import in_words
from medsynth_engine.kernel.verdicts import yardstick

WIDTH, LABEL, ROW = 760, 290, 26
MOST_BARS = 30
INK, FAINT, LINE, ACCENT = "#1c2733", "#4d5a67", "#8a97a6", "#0b5c7a"
BAND_COLOURS = {
    "very_low": "#2e7d4f",
    "low": "#5b8c2a",
    "guarded": "#b8860b",
    "high": "#c4571b",
    "critical": "#a61b29",
    "grey": "#6b7785",
}
SCENARIOS = {"data": "the data alone", "generator": "data and generator", "insider": "an insider"}
TITLES = {
    "share": "Numbers from 0 to 1",
    "ratio": "Ratios: 1 is best, each step doubles or halves",
    "difference": "Differences: the dashed line is 0",
}


def band_words(band: str) -> str:
    return "not enough evidence" if band == "grey" else band.replace("_", " ")


def gauge(readings: Mapping[str, Mapping[str, Any]]) -> Markup:
    """A bar per scenario, from the lower to the upper bound, over bands that are equally wide."""
    top, height = 22, ROW * len(readings)
    parts = []
    edges = [0.0, *(edge for _, edge in BANDS), 1.0]
    names = [*(name for name, _ in BANDS), "critical"]
    for name, (start, end) in zip(names, pairwise(edges), strict=True):
        left, right = _risk(start, edges), _risk(end, edges)
        parts.append(
            f'<rect x="{left:.1f}" y="{top}" width="{right - left:.1f}" height="{height}" fill="{BAND_COLOURS[name]}" '
            f'fill-opacity="0.15"/>{_text(left + 3, 15, band_words(name), 11, INK)}'
        )
        parts.append(_text(left, top + height + 15, f"{start:g}", 11, FAINT, middle=True))
    parts.append(_text(_risk(1.0, edges), top + height + 15, "1", 11, FAINT, middle=True))
    said = []
    for number, (scenario, reading) in enumerate(readings.items()):
        y = top + ROW * number + ROW / 2
        words = band_words(str(reading.get("band") or "grey"))
        label = SCENARIOS.get(scenario, scenario)
        parts.append(_text(0, y + 4, f"{label}: {words}", 13, INK))
        if reading.get("high") is None:
            said.append(f"{label}: {words}")
            continue
        low, high = max(0.0, float(reading["low"])), max(0.0, float(reading["high"]))
        said.append(f"{label}: {words}, up to {high:.2f}")
        colour = BAND_COLOURS.get(str(reading["band"]), FAINT)
        left, right = _risk(low, edges), _risk(high, edges)
        parts.append(
            f'<rect x="{left:.1f}" y="{y - 5:.1f}" width="{max(2.0, right - left):.1f}" height="10" fill="{colour}"/>'
        )
        anchored = right > WIDTH - 60
        parts.append(
            _text(right + (-4 if anchored else 4), y - 7 if anchored else y + 4, f"{high:.2f}", 11, INK, anchored)
        )
    return _figure("Privacy gauge", "; ".join(said), parts, top + height + 22)


def _risk(value: float, edges: Sequence[float]) -> float:
    """Where a risk of 0 to 1 stands: every band takes a fifth, so that small risks can be told apart."""
    value = min(1.0, max(0.0, value))
    for index, (start, end) in enumerate(pairwise(edges)):
        if value < end or end == edges[-1]:
            share = (index + (value - start) / (end - start)) / (len(edges) - 1)
            return LABEL + share * (WIDTH - LABEL - 20)
    return float(WIDTH - 20)


def forests(values: Sequence[Mapping[str, Any]]) -> list[Markup]:
    """The numbers of one family with their intervals, one figure for each kind of scale that they need."""
    figures = []
    for kind, title in TITLES.items():
        own = [(each, axis_of(each)) for each in values if each["value"] is not None]
        drawn = [(each, axis) for each, axis in own if axis.kind == kind]
        if not drawn:
            continue
        axis = max((axis for _, axis in drawn), key=lambda axis: axis.high)
        more = f"; the first {MOST_BARS} of {len(drawn)}, all are in the table" if len(drawn) > MOST_BARS else ""
        figures.append(_forest(f"{title}{more}", [each for each, _ in drawn[:MOST_BARS]], axis))
    return figures


def _forest(title: str, values: Sequence[Mapping[str, Any]], axis: Axis) -> Markup:
    """Values with their intervals on one axis; a ring is the control, a dashed line is where they should lie."""
    height = ROW * len(values) + 30
    parts, said = [], []
    if axis.mark is not None:
        x = _x(axis, axis.mark)
        parts.append(
            f'<line x1="{x:.1f}" y1="4" x2="{x:.1f}" y2="{height - 24}" stroke="{FAINT}" stroke-dasharray="4 3"/>'
        )
    for number, each in enumerate(values):
        y = 4 + ROW * number + ROW / 2
        label = in_words(each["name"])
        parts.append(
            f'<line x1="{LABEL}" y1="{y:.1f}" x2="{WIDTH - 20}" y2="{y:.1f}" stroke="{LINE}" stroke-opacity="0.3"/>'
        )
        parts.append(_text(0, y + 4, label if len(label) <= 42 else label[:41] + "…", 13, INK))
        parts += _interval(each, axis, y)
        said.append(f"{label}: {float(each['value']):.2f}")
    for tick in axis.ticks():
        parts.append(_text(_x(axis, tick), height - 6, f"{round(tick, 3):,g}", 11, FAINT, middle=True))
    return _figure(title, "; ".join(said), parts, height)


def _interval(each: Mapping[str, Any], axis: Axis, y: float) -> list[str]:
    """The bar from low to high, the ring of the control, the dot of the value (an arrow where it lies outside)."""
    parts = []
    if each.get("low") is not None and each.get("high") is not None:
        left, right = _x(axis, float(each["low"])), _x(axis, float(each["high"]))
        parts.append(
            f'<line x1="{left:.1f}" y1="{y:.1f}" x2="{right:.1f}" y2="{y:.1f}" stroke="{ACCENT}" stroke-width="4"/>'
        )
    against = yardstick(each)
    if against is not None and axis.mark is None:
        parts.append(
            f'<circle cx="{_x(axis, against):.1f}" cy="{y:.1f}" r="6" fill="none" stroke="{INK}" stroke-width="1.5"/>'
        )
    value = float(each["value"])
    x, outside = _x(axis, value), axis.outside(value)
    if outside:
        tip = x + 7 * outside
        parts.append(f'<path d="M{x:.1f} {y - 6:.1f}L{tip:.1f} {y:.1f}L{x:.1f} {y + 6:.1f}Z" fill="{ACCENT}"/>')
        parts.append(_text(x - 5 * outside, y - 5, f"{value:.3g}", 11, INK, end=outside > 0))
    else:
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{ACCENT}"/>')
    return parts


def groups(table: Mapping[str, Any]) -> Markup:
    """One attribute before rebalancing (ring: training), after it (bar: cohort), and the goal (dashed)."""
    rows = table["rows"]
    parts_of = [row.get(key) for row in rows for key in ("training", "synthetic", "reference")]
    most = max([0.01, *(float(part) for part in parts_of if part is not None)])
    axis = Axis("share", 0.0, most)
    parts, said = [], []
    for number, row in enumerate(rows):
        y = 4 + ROW * number + ROW / 2
        label, before, after = plain(row["value"], 42), row.get("training"), float(row.get("synthetic") or 0.0)
        parts += [_text(0, y + 4, label, 13, INK), *_shares(row, axis, y)]
        told = "hidden" if before is None else f"{100 * float(before):.0f} %"
        said.append(f"{label}: {told} before, {100 * after:.0f} % after")
    height = ROW * len(rows) + 26
    for step in range(5):
        parts.append(
            _text(_x(axis, most * step / 4), height - 6, f"{100 * most * step / 4:.0f} %", 11, FAINT, middle=True)
        )
    name = str(table["attribute"]).replace("_", " ")
    return _figure(
        f"Before and after, by {name}: bar cohort, ring training data, dashes the goal", "; ".join(said), parts, height
    )


def _shares(row: Mapping[str, Any], axis: Axis, y: float) -> list[str]:
    """The bar of the cohort, the dashes of the goal, the ring of the training data."""
    wide = _x(axis, float(row.get("synthetic") or 0.0)) - LABEL
    parts = [f'<rect x="{LABEL}" y="{y - 6:.1f}" width="{wide:.1f}" height="12" fill="{ACCENT}" fill-opacity="0.55"/>']
    if row.get("reference") is not None:
        x = _x(axis, float(row["reference"]))
        ends = f'x1="{x:.1f}" y1="{y - 11:.1f}" x2="{x:.1f}" y2="{y + 11:.1f}"'
        parts.append(f'<line {ends} stroke="{INK}" stroke-width="2" stroke-dasharray="3 2"/>')
    if row.get("training") is not None:
        x = _x(axis, float(row["training"]))
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="#fff" stroke="{INK}" stroke-width="1.5"/>')
    return parts


def _x(axis: Axis, value: float) -> float:
    return LABEL + axis.place(value) * (WIDTH - LABEL - 20)


def _text(x: float, y: float, words: str, size: int, colour: str, end: bool = False, middle: bool = False) -> str:
    anchor = ' text-anchor="end"' if end else ' text-anchor="middle"' if middle else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}"{anchor}>{escape(plain(words))}</text>'


def _figure(title: str, said: str, parts: Sequence[str], height: float) -> Markup:
    """An image to assistive technology: its title and its numbers in words; the title is also written above it."""
    title, said = plain(title), plain(said, 4_000)
    head = f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(title)}. {escape(said)}">'
    caption = f"<figcaption>{escape(title)}</figcaption>"
    return Markup(f"<figure>{caption}{head}<title>{escape(title)}</title>{''.join(parts)}</svg></figure>")
