"""What was measured, turned into what the studio shows: rows of tables, readings, explanations. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from textual.content import Content

from medsynth_engine.kernel.measures import control_words, heading, source
from medsynth_engine.kernel.verdicts import BAD, EVEN, GOOD, GOOD_WORDS, UNKNOWN, group_verdict, verdict
from medsynth_tui.glyphs import Glyphs
from medsynth_tui.theme import Palette
from medsynth_tui.widgets.gauge import BAND_COLOURS, Reading
from medsynth_tui.widgets.interval_bar import interval_bar, risk_bar, share_bar
from medsynth_tui.words import BANDS, NOT_ENOUGH, SCENARIOS, measure, number, rests_on, said, share

Row = tuple[str, list[Any]]
"""Key and cells of one row of a WindowTable."""
MARKS = {GOOD: "✓", BAD: "✗", EVEN: "=", UNKNOWN: "?"}
GAUGE = "gauge:"
ATTACKERS = {"data": "Who holds the data", "generator": "And the generator", "insider": "And inside knowledge"}
HIDDEN = "<11"
"""A real share that rests on too few patients to be shown."""
BEST = {"higher": "high", "lower": "low", "one": "1", "zero": "0"}


@dataclass(frozen=True)
class Look:
    """How a table draws: its glyphs, its colours, the width of its bars, and whether there is room for n and so on."""

    glyphs: Glyphs
    palette: Palette
    bar: int
    wide: bool

    def marked(self, code: str, words: str) -> tuple[str, str]:
        """A verdict as glyph and words; the colour only underlines them."""
        colours = {GOOD: self.palette.success, BAD: self.palette.error, UNKNOWN: self.palette.muted}
        return f"{MARKS.get(code, '·')} {words}", colours.get(code, "")

    def drawn(self, rows: list[Row]) -> list[Row]:
        """The same rows as this terminal can show them."""
        text = self.glyphs.text
        return [
            (key, [(text(cell[0]), cell[1]) if isinstance(cell, tuple) else text(cell) for cell in cells])
            for key, cells in rows
        ]


def family_rows(document: Mapping[str, Any], family: str, look: Look) -> list[Row]:
    """Every evidence of one family under headings of what it is about; of privacy the gauge before it."""
    own = [each for each in document.get("evidence") or [] if each["name"].startswith(f"{family}.")]
    rows = _gauge_rows(document.get("gauge") or {}, look) if family == "privacy" else []
    kinds = list(dict.fromkeys(heading(each["name"]) for each in own))
    for place, kind in enumerate(sorted(kinds, key=lambda kind: (kind != "", kinds.index(kind)))):
        if len(kinds) > 1 or rows:
            rows.append(_heading(f"-{place}", said(kind, 60) if kind else "overall", look))
        rows += [_row(each, look) for each in own if heading(each["name"]) == kind]
    return look.drawn(rows)


def _heading(key: str, words: str, look: Look) -> Row:
    return key, [(words[:1].upper() + words[1:], f"bold {look.palette.primary}"), *[""] * (6 if look.wide else 4)]


def _row(each: Mapping[str, Any], look: Look) -> Row:
    value = (number(each["value"]), "bold") if each["value"] is not None else "–"
    judged = verdict(each)
    control = number(each["control"]) if each.get("control") is not None else "–"
    cells: list[Any] = [f"  {measure(each['name'])}", value, interval_bar(each, look.bar, look.glyphs), control]
    if look.wide:
        cells += [rests_on(each), BEST.get(each["direction"], "")]
    return each["name"], [*cells, look.marked(judged.code, judged.short)]


def _gauge_rows(gauge: Mapping[str, Mapping[str, Any]], look: Look) -> list[Row]:
    if not gauge:
        return []
    rows = [_heading("-gauge", "Privacy gauge", look)]
    for scenario in (name for name in SCENARIOS if name in gauge):
        reading = gauge[scenario]
        band = str(reading.get("band") or "grey")
        upper = (number(reading["reading"], 2), "bold") if reading.get("reading") is not None else "–"
        words = "not enough" if band == "grey" else BANDS.get(band, band)
        code = UNKNOWN if band == "grey" else BAD if band in ("high", "critical") else GOOD if "low" in band else EVEN
        cells: list[Any] = [f"  {ATTACKERS[scenario]}", upper, risk_bar(reading, look.bar, look.glyphs), ""]
        rows.append((GAUGE + scenario, [*cells, *(["", "low"] if look.wide else []), look.marked(code, words)]))
    return rows


def called(document: Mapping[str, Any], key: str) -> str:
    """What a row is called where it is copied: a measure by its name, a bar of the gauge by what it says."""
    scenario = key.removeprefix(GAUGE)
    if scenario == key:
        return key
    reading = (document.get("gauge") or {}).get(scenario) or {}
    upper = "" if reading.get("reading") is None else f", up to {number(reading['reading'], 2)}"
    band = str(reading.get("band") or "grey")
    return f"{SCENARIOS.get(scenario, scenario)}: {BANDS.get(band, band)}{upper}"


def group_rows(document: Mapping[str, Any], look: Look) -> list[Row]:
    """Each group before rebalancing (training), after it (cohort) and its goal."""
    rows: list[Row] = []
    for table in document.get("bias") or []:
        attribute = said(table["attribute"], 30)
        head = (attribute.replace("_", " ").capitalize(), f"bold {look.palette.primary}")
        rows.append((f"-{attribute}", [head, *[""] * 5]))
        parts = [row.get(key) for row in table["rows"] for key in ("training", "synthetic", "reference")]
        most = max([0.01, *(part for part in parts if part is not None)])
        for row in table["rows"]:
            before, after, goal = row.get("training"), row.get("synthetic"), row.get("reference")
            judged = group_verdict(row)
            bar = share_bar(before, after, goal, most, look.bar, look.glyphs)
            shares = [share(part) if part is not None else HIDDEN for part in (before, after, goal)]
            key = f"bias.representation.{table['attribute']}={row['value']}"
            rows.append((key, [f"  {said(row['value'], 40)}", *shares, bar, look.marked(judged.code, judged.short)]))
    return look.drawn(rows)


def to_judge(key: str, under_way: bool) -> str:
    """Where there is no evaluation: what one measures, and by which key somebody who may begins it."""
    how = "It is being evaluated" if under_way else f"Not evaluated yet. {f'Press {key}' if key else 'Its owner can'}"
    return f"{how}: it measures fidelity, privacy, bias and utility against held-out patients."


def reading_lines(each: Mapping[str, Any], glyphs: Glyphs) -> str:
    """The number under the cursor: its name in full, where the table cuts it off, and figures; then its sentence."""
    parts = [measure(each["name"]), figures(each)]
    parts += [f"n {rests_on(each)}", GOOD_WORDS.get(str(each.get("direction")), "")]
    return glyphs.text(" · ".join(part for part in parts if part) + "\n" + said(each.get("reads_as"), 600))


def figures(each: Mapping[str, Any]) -> str:
    """`0.21 (0.10 to 0.30)`, or that there is not enough evidence."""
    if each.get("value") is None:
        return NOT_ENOUGH
    low, high = each.get("low"), each.get("high")
    span = f" ({number(low)} to {number(high)})" if low is not None and high is not None else ""
    return number(each["value"]) + span


def explanation(each: Mapping[str, Any], glyphs: Glyphs) -> list[Content]:
    """One evidence in full: the bar, the sentence, the control, the adversary, the method and its source."""
    judged = verdict(each)
    head = Content.assemble((figures(each), "bold $primary"), ("   value and 95 % interval", "$muted"))
    control = f"{number(each['control'])}: {control_words(each['name'])}" if each.get("control") is not None else "none"
    facts = [
        _fact("What it shows", f"{MARKS.get(judged.code, '·')} {judged.says}"),
        _fact("Control", control),
        _fact("Good is", f"{GOOD_WORDS.get(str(each.get('direction')), '')}; it rests on n = {rests_on(each)}"),
    ]
    if each.get("adversary"):
        facts.append(_fact("Who could do this", said(each["adversary"], 1000)))
    facts.append(_fact("How it is computed", said(each.get("method"), 2000) if each.get("method") else "not said"))
    if source(each["name"]):
        facts.append(_fact("Source", source(each["name"])))
    facts.append(_fact("Its name in files", said(each["name"], 120)))
    parts = [
        Content("\n").join([head, *_drawn(each, glyphs)]),
        Content(said(each.get("reads_as"), 2000)),
        Content("\n").join(facts),
    ]
    return [Content(glyphs.text(part.plain), spans=list(part.spans)) for part in parts]


def _drawn(each: Mapping[str, Any], glyphs: Glyphs) -> list[Content]:
    """The interval on its axis, with the axis' ends in numbers; nothing where there is no number."""
    from medsynth_engine.kernel.axes import axis_of

    if each.get("value") is None:
        return []
    axis = axis_of(each)
    ends = f"{number(axis.low):<30}{number(axis.high):>30}"
    bar = interval_bar(each, 60, glyphs)
    return [Content(""), Content.assemble((bar, "$primary")), Content.assemble((ends, "$muted"))]


def _fact(label: str, words: str) -> Content:
    return Content.assemble((f"{label}: ", "$accent"), (words, "$foreground"))


def gauge_explanation(reading: Mapping[str, Any], glyphs: Glyphs) -> list[Content]:
    """What one needle rests on: every attack on its scale, the strongest first."""
    attacks = [
        Content.assemble(
            (glyphs.text(f"{measure(part['name']):<44.44} "), "$foreground"),
            (f"{number(part['value'], 2)} ({number(part['low'], 2)} to {number(part['high'], 2)})", "$muted"),
        )
        for part in reading.get("components") or ()
    ]
    head = Content.assemble(("Every attack on this scale, net of what happens without a leak", "$accent"))
    return [Content("\n").join([head, *attacks])] if attacks else []


def readings(gauge: Mapping[str, Any] | None) -> Sequence[Reading]:
    """The gauge's needles in the order of the attackers."""
    return [Reading.from_document(name, (gauge or {})[name]) for name in SCENARIOS if name in (gauge or {})]


def band_remark(gauge: Mapping[str, Any] | None) -> tuple[str, str]:
    """What should be seen from every page: the band for the data alone, and its style."""
    band = str(((gauge or {}).get("data") or {}).get("band") or "")
    return (f"privacy: {BANDS.get(band, band)}", f"bold {BAND_COLOURS.get(band, '')}") if band else ("", "")
