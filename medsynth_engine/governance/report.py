"""The report about one cohort: one HTML file, no network, no script; it reads well aloud and on paper."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from medsynth_engine.evidence.gauge import BANDS
from medsynth_engine.governance import figures
from medsynth_engine.governance.figures import Bar
from medsynth_engine.governance.leaving import STAMP, leaving
from medsynth_engine.kernel.escape import plain

WARNINGS = {
    "DEVELOPMENT": "Made in a development store with well-known passwords. For development only.",
    "SIMULATED": "Made in simulated mode: no model was trained. Nothing here means anything.",
    "OVERRIDDEN": "The release gate was closed and overridden by two administrators.",
}
GOOD = {"higher": "higher is better", "lower": "lower is better", "one": "1 is best", "zero": "0 is best"}
FAMILIES = {
    "fidelity": "Fidelity: is it like real data?",
    "privacy": "Privacy: what does it give away?",
    "bias": "Bias: who is in it?",
    "utility": "Utility: is it of use?",
}
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
    """

    cohort: str
    records: int
    at: datetime
    digests: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    marks: Sequence[str] = ()


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
    document = leaving(evaluation)
    environment = Environment(
        loader=PackageLoader("medsynth_engine.governance", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": _percent, "number": _number, "plain": lambda text: plain(text, 2_000)}
    return environment.get_template("report.html").render(
        cover=cover,
        warnings=[(mark, WARNINGS.get(mark, "")) for mark in cover.marks],
        stamp=STAMP,
        summary=_summary(cover, document),
        gauge=document.get("gauge") or {},
        gauge_figure=figures.gauge(document.get("gauge") or {}),
        bands=_bands(),
        band_words=figures.band_words,
        families=[
            {"id": family, "title": title, "values": _family(document, family), "figure": _figure(document, family)}
            for family, title in FAMILIES.items()
        ],
        good=GOOD,
        tables=document.get("bias") or [],
        heatmaps=document.get("heatmap") or [],
        sizes=document.get("sizes") or {},
        assessment=assessment,
        limits=LIMITS,
        sheet=base64.b64encode(sheet).decode() if sheet else None,
    )


def _family(document: Mapping[str, Any], family: str) -> list[Mapping[str, Any]]:
    """The values of a family; single representation ratios have tables of their own."""
    return [
        value
        for value in document["evidence"]
        if value["name"].startswith(f"{family}.") and not value["name"].startswith("bias.representation.")
    ]


def _figure(document: Mapping[str, Any], family: str) -> Any:
    """One figure a family: attacks on the gauge's scale, ratios of groups, AUCs."""
    values = {value["name"]: value for value in document["evidence"]}
    if family == "privacy":
        parts = ((document.get("gauge") or {}).get("data") or {}).get("components") or ()
        bars = [Bar(part["name"].removeprefix("privacy."), part["value"], part["low"], part["high"]) for part in parts]
        return figures.forest("Attacks, net of what happens without a leak", bars, -0.2, 0.5, 0) if bars else None
    if family == "bias":
        bars = [
            Bar(
                name.removeprefix("bias.representation."), value["value"], value["low"], value["high"], value["control"]
            )
            for name, value in values.items()
            if name.startswith("bias.representation.") and value["value"] is not None
        ]
        title = "How many times as common as in the reference; a ring is the real data"
        return figures.forest(title, bars[:24], 0, 2, 1) if bars else None
    wanted = {
        "fidelity": ("fidelity.coverage", "fidelity.rows.pairwise", "fidelity.rows.detection_auc"),
        "utility": ("utility.tstr_auc", "utility.trtr_auc", "utility.rows.tstr_auc", "utility.rows.trtr_auc"),
    }[family]
    bars = [
        Bar(
            name.split(".", 1)[1],
            values[name]["value"],
            values[name]["low"],
            values[name]["high"],
            values[name]["control"],
        )
        for name in wanted
        if name in values
    ]
    return figures.forest("Value, interval, and the control as a ring", bars, 0, 1) if bars else None


def _summary(cover: Cover, document: Mapping[str, Any]) -> list[str]:
    """What somebody should know who reads no further."""
    said = [f"{cover.records} synthetic records."]
    data = (document.get("gauge") or {}).get("data")
    if data:
        driver = f", because of {data['driver']}" if data.get("driver") else ""
        said.append(
            f"Privacy, for the data alone: {figures.band_words(data['band'])}{driver}. {data.get('note') or ''}"
        )
    values = {value["name"]: value for value in document["evidence"]}
    for name in ("fidelity.fd_ratio", "fidelity.rows.pairwise", "utility.tstr_auc"):
        if name in values:
            said.append(str(values[name]["reads_as"]))
    off = [
        f"{row['value']} ({table['attribute'].replace('_', ' ')})"
        for table in document.get("bias") or ()
        for row in table["rows"]
        if row.get("flag") in ("amber", "red")
    ]
    said.append(
        f"Clearly over- or underrepresented: {', '.join(off)}." if off else "No group is clearly off its share."
    )
    return [plain(sentence, 1_000) for sentence in said]


def _bands() -> list[tuple[str, str]]:
    found, start = [], 0.0
    for name, edge in BANDS:
        found.append((figures.band_words(name), f"{start:.2f} to {edge:.2f}"))
        start = edge
    return [*found, ("critical", f"above {start:.2f}"), (figures.band_words("grey"), "cannot be said")]


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) < 1000 else f"{value:.3g}"
