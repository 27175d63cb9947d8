"""The report about one cohort: one HTML file, no network, no script; it reads well aloud and on paper."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from medsynth_engine.evidence.gauge import BANDS
from medsynth_engine.governance import figures
from medsynth_engine.governance.rounded import DRAWN_TOGETHER, STAMP, rounded
from medsynth_engine.kernel.escape import plain
from medsynth_engine.kernel.measures import heading, in_words, source, spoken
from medsynth_engine.kernel.page import WARNINGS, template
from medsynth_engine.kernel.verdicts import BAD, EVEN, GOOD, GOOD_WORDS, PLAIN, UNKNOWN, Verdict, group_verdict, verdict

FAMILIES = {
    "fidelity": "Fidelity: is it like real data?",
    "privacy": "Privacy: what does it give away?",
    "bias": "Bias: who is in it?",
    "utility": "Utility: is it of use?",
}
COLUMNS = {
    GOOD: "better",
    EVEN: "no gap shown",
    BAD: "worse, or off its goal",
    UNKNOWN: "not enough evidence",
    PLAIN: "nothing to hold it against",
}
MARKS = {GOOD: "✓", EVEN: "=", BAD: "✗", UNKNOWN: "?", PLAIN: "·"}
MOST_NAMED = 4
HIDDEN = Verdict(PLAIN, "hidden", "It would tell of a few real patients.")
LIMITS = (
    "Attacks that are not listed were not made; somebody who knows more may do better.",
    "Intervals speak of the patients that were held out here, not of other hospitals.",
    "0.09, about 1 in 11, is a custom of regulators for groups of eleven; it is no proof of anonymity.",
    "Small groups are the least faithful and the least measurable; where no number stands there was not enough data.",
)


@dataclass(frozen=True)
class Cover:
    """What the report is about. No path, no name of a patient.

    cohort, records   name and number of synthetic records
    at                when the report was made, aware UTC
    digests           what -> hex digest: cohort, evaluation, generator, dataset, assessment ...
    facts             further lines: label -> words
    marks             DEVELOPMENT, SIMULATED, OVERRIDDEN
    merged            a sentence for each group that was too small and drawn together with others
    outdated          why the evaluation no longer says what a new one would
    """

    cohort: str
    records: int
    at: datetime
    digests: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    marks: Sequence[str] = ()
    merged: Sequence[str] = ()
    outdated: Sequence[str] = ()


def html(
    cover: Cover,
    evaluation: Mapping[str, Any],
    assessment: Mapping[str, Any] | None = None,
    sheet: bytes | None = None,
) -> str:
    """The whole report as text.

    evaluation  the document of `medsynth evaluate`; numbers are rounded and small real counts hidden here
    assessment  the document of `medsynth pia show`, or None
    sheet       a PNG of some synthetic images, or None
    """
    document = _judged(rounded(evaluation), evaluation)
    filters = {"percent": _percent, "number": _number, "plain": lambda text: plain(text, 2_000), "spoken": spoken}
    return template("medsynth_engine.governance", "templates", "report.html", **filters).render(
        cover=cover,
        warnings=[(mark, WARNINGS.get(mark, "")) for mark in cover.marks],
        stamp=STAMP,
        drawn_together=DRAWN_TOGETHER,
        summary=_summary(cover, document),
        gauge=document.get("gauge") or {},
        gauge_figure=figures.gauge(document.get("gauge") or {}),
        bands=_bands(),
        scenarios=figures.SCENARIOS,
        in_words=in_words,
        band_words=figures.band_words,
        families=[_family(document, family, title) for family, title in FAMILIES.items()],
        columns=COLUMNS,
        sign=MARKS,
        methods=_methods(document),
        good=GOOD_WORDS,
        tables=[_table(table) for table in document.get("bias") or ()],
        heatmaps=document.get("heatmap") or [],
        sizes=document.get("sizes") or {},
        assessment=assessment,
        limits=LIMITS,
        sheet=base64.b64encode(sheet).decode() if sheet else None,
    )


def _judged(document: dict[str, Any], exact: Mapping[str, Any]) -> dict[str, Any]:
    """`document` with the verdicts of the numbers before they were rounded, as the studio gives them."""
    evidence = [
        {**value, "verdict": HIDDEN if value.get("hidden") else verdict(whole)}
        for value, whole in zip(document["evidence"], exact.get("evidence") or (), strict=True)
    ]
    tables = [
        {**table, "rows": [{**row, "verdict": group_verdict(whole)} for row, whole in zip(*both, strict=True)]}
        for table, own in zip(document.get("bias") or (), exact.get("bias") or (), strict=True)
        for both in [(table["rows"], own["rows"])]
    ]
    return {**document, "evidence": evidence, "bias": tables}


def _family(document: Mapping[str, Any], family: str, title: str) -> dict[str, Any]:
    """One family, whatever it holds: figures, and its numbers under headings. Groups of the goal have own tables."""
    own = [value for value in document["evidence"] if value["name"].startswith(f"{family}.")]
    told = {f"bias.representation.{table['attribute']}" for table in document.get("bias") or ()}
    listed = [value for value in own if value["name"].partition("=")[0] not in told]
    kinds = list(dict.fromkeys(heading(value["name"]) for value in listed))
    judged = [value["verdict"].code for value in own]
    return {
        "id": family,
        "title": title,
        "figures": figures.forests(listed),
        "counts": {code: judged.count(code) for code in COLUMNS},
        "parts": [
            (kind[:1].upper() + kind[1:], [_shown(value) for value in listed if heading(value["name"]) == kind])
            for kind in sorted(kinds, key=lambda kind: (kind != "", kinds.index(kind)))
        ],
    }


def _table(table: Mapping[str, Any]) -> dict[str, Any]:
    """The groups of one attribute with their figure."""
    return {**table, "figure": figures.groups(table)}


def _shown(value: Mapping[str, Any]) -> dict[str, Any]:
    return {**value, "words": in_words(value["name"]), "hidden": bool(value.get("hidden"))}


def _methods(document: Mapping[str, Any]) -> list[dict[str, str]]:
    """Each method once, with the measures that it is of."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for value in document["evidence"]:
        key = (str(value.get("method") or ""), source(value["name"]), str(value.get("adversary") or ""))
        found.setdefault(key, []).append(in_words(value["name"]))
    return [
        {
            "measures": ", ".join(names[:MOST_NAMED])
            + (f" and {len(names) - MOST_NAMED} more" if names[MOST_NAMED:] else ""),
            "method": method,
            "source": whose,
            "adversary": adversary,
        }
        for (method, whose, adversary), names in found.items()
    ]


def _summary(cover: Cover, document: Mapping[str, Any]) -> list[str]:
    """What somebody should know who reads no further."""
    said = [f"{cover.records} synthetic records."]
    if cover.merged:
        said.append("Some groups were too small and were drawn together with others; they are named under Bias.")
    data = (document.get("gauge") or {}).get("data")
    if data:
        driver = f", because of {in_words(data['driver'])}" if data.get("driver") and data["band"] != "grey" else ""
        note = spoken(str(data.get("note") or ""))
        said.append(f"Privacy, for the data alone: {figures.band_words(data['band'])}{driver}. {note}")
    values = {value["name"]: value for value in document["evidence"]}
    for name in ("fidelity.fd_ratio", "fidelity.rows.pairwise", "utility.tstr_auc"):
        if name in values:
            said.append(str(values[name]["reads_as"]))
    return [plain(sentence, 1_000) for sentence in [*said, *_groups_off(document)]]


def _groups_off(document: Mapping[str, Any]) -> list[str]:
    """Which groups are off their share, by the verdicts that the tables show."""
    off: dict[str, list[str]] = {}
    for table in document.get("bias") or ():
        for row in table["rows"]:
            name = f"{row['value']} ({table['attribute'].replace('_', ' ')})"
            off.setdefault(row["verdict"].code, []).append(name)
    said = []
    if BAD in off:
        said.append(f"Too many or too few, beyond chance and beyond what is tolerated: {', '.join(off[BAD])}.")
    if PLAIN in off:
        said.append(f"Off their share beyond chance, but within what is tolerated: {', '.join(off[PLAIN])}.")
    if not said and EVEN in off:
        said.append("No group is off its share beyond chance.")
    if UNKNOWN in off:
        said.append(f"Of {len(off[UNKNOWN])} groups it cannot be said whether they are off their share.")
    return said


def _bands() -> list[tuple[str, str]]:
    found, start = [], 0.0
    for name, edge in BANDS:
        found.append((figures.band_words(name), f"{start:.2f} to {edge:.2f}"))
        start = edge
    return [*found, ("critical", f"above {start:.2f}"), (figures.band_words("grey"), "cannot be said")]


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) < 1000 else f"{value:,.0f}"
