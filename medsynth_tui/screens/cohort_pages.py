"""A cohort's documents turned into what the widgets show. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textual.content import Content

from medsynth_tui.closing import conclusions
from medsynth_tui.planned import absence, merger
from medsynth_tui.widgets.bars import Attribute
from medsynth_tui.words import said

TOLD = 6
"""So many mergers are told; the evidence's last page and the command line have all."""
OUT_OF_DATE = "The evaluation is out of date: what follows may not hold any more."


def asked(plan: Mapping[str, Any]) -> list[str]:
    """The attributes that the cohort was planned by."""
    named = dict.fromkeys(key for cell in plan.get("cells") or [] for key in cell if key != "n")
    return list(plan.get("attributes") or named)


def known_shares(counts: Mapping[str, Any]) -> dict[str, float] | None:
    """Counts as shares; None where a small cell is hidden, because the rest would then mislead."""
    if not counts or any(not isinstance(n, int | float) for n in counts.values()):
        return None
    total = sum(counts.values()) or 1
    return {value: n / total for value, n in counts.items()}


def bars(document: Mapping[str, Any], training: Mapping[str, Any] | None) -> tuple[list[Attribute], str]:
    """The cohort's composition, with the target where there was one, else with the training data."""
    targets = document.get("target") or {}
    found = []
    for name, counts in (document.get("composition") or {}).items():
        target = targets.get(name)
        if target:  # what was asked for and not drawn has a bar of nothing
            counts = {**counts, **{value: 0 for value, part in target.items() if part and value not in counts}}
        found.append(Attribute(name, counts, target or known_shares((training or {}).get(name) or {})))
    return found, "the target, else the dataset" if targets else "the dataset"


def plan_lines(document: Mapping[str, Any]) -> Content:
    """What was asked for, in two or three lines."""
    plan = document.get("plan") or document
    population = plan.get("population") or {}
    attributes = ", ".join(said(name, 30).replace("_", " ") for name in asked(plan))
    sizes = {cell.get("n", 0) for cell in plan.get("cells") or []}
    if population.get("name") not in (None, "uniform", "training"):
        aimed = f"{said(population['name'], 60)}: {attributes}"
    elif attributes:
        aimed = f"as many of each {attributes}" if max(sizes) - min(sizes) <= 1 else f"by {attributes}"
    else:
        aimed = "as in training"
    lines = [Content.assemble(("Target  ", "$muted"), (aimed, "$foreground"))]
    source = document.get("run") or document.get("weights") or "rows alone"
    lines.append(
        Content.assemble(
            ("Drawn by  ", "$muted"), said(source, 40), ("  from  ", "$muted"), said(document.get("dataset"), 40)
        )
    )
    if document.get("mergers") or document.get("not_drawn"):
        lines.append(Content.assemble(("! ", "bold $warning"), "Not all of it could be drawn so: see under the bars."))
    return Content("\n").join(lines)


def changed_lines(document: Mapping[str, Any]) -> Content:
    """Where the cohort is not what was asked for: cells that were widened, values that cannot be drawn."""
    merged = [merger(each) for each in document.get("mergers") or []]
    absent = [f"{absence(each)}." for each in document.get("not_drawn") or []]
    lines = [
        Content.assemble((f"{label}  ", "$warning"), (words, "$foreground"))
        for label, sentences in (("Merged", merged), ("Not drawn", absent))
        for words in [*sentences[:TOLD], *([f"and {len(sentences) - TOLD} more"] if len(sentences) > TOLD else [])]
    ]
    return Content("\n").join(lines)


def closing_lines(evaluation: Mapping[str, Any]) -> Content:
    """What its evaluation comes to, and that it is out of date where it is."""
    lines = [Content.assemble((f"{label}  ", "$muted"), said(words, 800)) for label, words in conclusions(evaluation)]
    old = [Content.assemble(("! ", "bold $warning"), OUT_OF_DATE)] if evaluation.get("outdated") else []
    return Content("\n").join([*old, *lines, Content("")])
