"""CARD.md: what this is, how it was made, how good, how private and how fair it is, and what not to do with it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from medsynth_engine.exchange.records import TYPED
from medsynth_engine.exchange.release import Release
from medsynth_engine.governance.rounded import DRAWN_TOGETHER, STAMP
from medsynth_engine.kernel.escape import plain
from medsynth_engine.kernel.measures import in_words, spoken
from medsynth_engine.kernel.small_cells import SMALLEST

SHOWN = (
    "fidelity.fd_ratio",
    "fidelity.coverage",
    "fidelity.rows.pairwise",
    "fidelity.rows.detection_auc",
    "privacy.image.copies",
    "privacy.image.close_match",
    "privacy.image.membership_auc",
    "privacy.rows.copies",
    "privacy.rows.close_match",
    "privacy.rows.membership_auc",
    "privacy.rows.singling_out",
    "privacy.rows.inference",
    "utility.tstr_auc",
    "utility.trtr_auc",
)
COMPOSED = ("sex", "age_band", "ethnicity", "finding")
MOST_VALUES = 20
MOST_MERGED = 40
WARNINGS = {
    "DEVELOPMENT": "Made in a development store with well-known passwords: for development only.",
    "SIMULATED": "Made in simulated mode: no model was trained. The data means nothing.",
    "OVERRIDDEN": "The release gate was closed and overridden by two administrators.",
}


def card(table: pd.DataFrame, extension: str | None, release: Release, evaluation: Mapping[str, Any]) -> str:
    """Markdown. `table` and `evaluation` as they leave; extension of the images, None where there are none."""
    parts = [f"# {plain(release.title)}", ""]
    parts += [f"> **{mark}.** {WARNINGS.get(mark, '')}\n" for mark in release.marks]
    parts += [f"> **{STAMP}**", ""]
    what = f"{len(table)} synthetic records{', each an image and a row' if extension else ', rows alone'}."
    parts += [what, plain(release.made_by, 1_000), plain(release.learned_from, 1_000), "No record is a person.", ""]
    parts += _files(extension)
    parts += _composition(table)
    parts += _merged(release)
    parts += _evidence(evaluation)
    parts += _gauge(evaluation)
    parts += _bias(evaluation)
    parts += [
        "## Use",
        "",
        "For teaching, testing software and developing methods. Not for decisions about patients, not as a control",
        "group, not for counting how common something is. Do not try to find a person in it.",
        "",
        "## Provenance",
        "",
        *_rows(("what", "value"), [(key, value) for key, value in _facts(release)]),
        "",
    ]
    return "\n".join(parts)


def _files(extension: str | None) -> list[str]:
    files = [
        ("metadata.csv", "one row a record" + (", `file_name` first" if extension else "")),
        (TYPED, "the same, typed"),
        ("evidence.json", "every measurement, with interval, control and how to read it"),
        ("croissant.json", "Croissant 1.1 description"),
        ("SHA256SUMS", "check with `sha256sum --check SHA256SUMS`"),
    ]
    if extension:
        files.insert(0, (f"images/*.{extension}", "one image a record"))
    how = ["", 'Load: `pandas.read_csv("metadata.csv")`']
    if extension == "png":
        how[1] += ', or `datasets.load_dataset("imagefolder", data_dir=".")`'
    return ["## Files", "", *_rows(("file", "what"), files), *how, ""]


def _composition(table: pd.DataFrame) -> list[str]:
    """Counts of synthetic records; 1 to 10 are not told here either, so that cards of several cohorts stay alike."""
    lines = ["## Composition", ""]
    for attribute in COMPOSED:
        if attribute not in table:
            continue
        counts = table[attribute].fillna("unknown").astype(str).value_counts()
        rows = [
            (plain(value), f"<{SMALLEST}" if 0 < count < SMALLEST else int(count)) for value, count in counts.items()
        ]
        shown = _in_order(attribute, rows[:MOST_VALUES], 0)
        lines += [*_rows((attribute.replace("_", " "), "records"), shown), ""]
    return lines if len(lines) > 2 else []


def _in_order(attribute: str, rows: Sequence[Any], key: Any) -> list[Any]:
    """Age bands from the youngest on, by the first number of what `key` finds in a row; others as they come."""
    return sorted(rows, key=lambda row: _years(str(row[key]))) if attribute == "age_band" else list(rows)


def _years(band: str) -> float:
    """Infinite, and so last, where a band has no number: unknown."""
    found = re.search(r"\d+", band)
    return float(found[0]) if found else float("inf")


def _merged(release: Release) -> list[str]:
    """Which of the groups that were asked for are not drawn from themselves alone."""
    if not release.merged:
        return []
    more = len(release.merged) - MOST_MERGED
    lines = [f"- {plain(sentence, 600)}" for sentence in release.merged[:MOST_MERGED]]
    rest = [f"- And {more} more: `merged` in evidence.json."] if more > 0 else []
    return ["### Drawn together", "", DRAWN_TOGETHER, "", *lines, *rest, ""]


def _evidence(evaluation: Mapping[str, Any]) -> list[str]:
    values = {value["name"]: value for value in evaluation.get("evidence") or ()}
    rows = [(name, _number(values[name]), plain(values[name]["reads_as"], 400)) for name in SHOWN if name in values]
    return ["## Evidence", "", *_rows(("measure", "value (95 %)", "how to read it"), rows), ""] if rows else []


def _number(value: Mapping[str, Any]) -> str:
    if value["value"] is None:
        return "not enough evidence"
    if value["low"] is None or value["high"] is None:
        return f"{value['value']}"
    return f"{value['value']} ({value['low']} to {value['high']})"


def _gauge(evaluation: Mapping[str, Any]) -> list[str]:
    gauge = evaluation.get("gauge") or {}
    rows = [
        (
            scenario,
            "not enough evidence" if reading["band"] == "grey" else reading["band"].replace("_", " "),
            in_words(reading["driver"]) if reading["driver"] else "",
            plain(spoken(reading.get("note") or ""), 600),
        )
        for scenario, reading in gauge.items()
    ]
    return ["## Privacy gauge", "", *_rows(("who attacks", "risk", "driven by", "note"), rows), ""] if rows else []


def _bias(evaluation: Mapping[str, Any]) -> list[str]:
    rows = [
        (
            f"{table['attribute']}={plain(row['value'])}",
            plain(table["reference"]),
            "not enough evidence" if row["ratio"] is None else f"{row['ratio']} ({row['low']} to {row['high']})",
        )
        for table in evaluation.get("bias") or ()
        for row in _in_order(table["attribute"], table["rows"][:MOST_VALUES], "value")
    ]
    heads = ("group", "reference", "times as common (95 %)")
    return ["## Bias", "", *_rows(heads, rows), ""] if rows else []


def _facts(release: Release) -> list[tuple[str, str]]:
    shown = [(key.replace("_", " "), value) for key, value in release.binding().items() if key != "marks"]
    return [(key, plain(value)) for key, value in [*shown, ("licence", release.licence)] if value]


def _rows(heads: tuple[str, ...], rows: list[Any]) -> list[str]:
    """A Markdown table; a bar in a cell is escaped."""
    lines = [heads, tuple("---" for _ in heads), *rows]
    return ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines]


def hub_card(body: str, table: pd.DataFrame, extension: str | None, release: Release) -> str:
    """`body` with the YAML header that a Hugging Face repository reads."""
    size = next(
        (name for edge, name in ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K")) if len(table) < edge),
        "100K<n<1M",
    )
    header = [
        "---",
        "license: other",
        f"license_name: {_yaml(release.licence)}",
        f"pretty_name: {_yaml(release.title)}",
        "tags:",
        *(f"- {_yaml(tag)}" for tag in ("synthetic", "medical", *release.marks)),
        "size_categories:",
        f"- {size}",
        "task_categories:",
        f"- {'image-classification' if extension else 'tabular-classification'}",
        "---",
        "",
    ]
    return "\n".join(header) + body


def _yaml(text: str) -> str:
    escaped = plain(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
