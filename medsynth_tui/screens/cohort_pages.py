"""A cohort's documents turned into what the widgets show. Pure functions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from textual.content import Content

from medsynth_tui.widgets.bars import Attribute
from medsynth_tui.widgets.gauge import Reading
from medsynth_tui.widgets.heatmap import Prevalence
from medsynth_tui.words import NOT_ENOUGH, count, measure, number, said

FAMILIES = ("fidelity", "privacy", "bias", "utility")
SCENARIOS = ("data", "generator", "insider")
GOOD = {"higher": "higher is better", "lower": "lower is better", "one": "1 is best", "zero": "0 is best"}


def target_shares(document: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """What the plan aimed for: attribute -> value -> share, summed over the plan's cells."""
    plan = document.get("plan") or document
    cells = plan.get("cells") or []
    total = sum(cell.get("n", 0) for cell in cells)
    shares: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for cell in cells:
        for attribute in plan.get("attributes") or []:
            if attribute in cell and total:
                shares[attribute][str(cell[attribute])] += cell["n"] / total
    return {attribute: dict(values) for attribute, values in shares.items()}


def known_shares(counts: Mapping[str, Any]) -> dict[str, float] | None:
    """Counts as shares; None where a small cell is hidden, because the rest would then mislead."""
    if not counts or any(not isinstance(n, int | float) for n in counts.values()):
        return None
    total = sum(counts.values()) or 1
    return {value: n / total for value, n in counts.items()}


def bars(document: Mapping[str, Any], training: Mapping[str, Any] | None) -> tuple[list[Attribute], str]:
    """The cohort's composition, with the target where there was one, else with the training data."""
    targets = target_shares(document)
    found = []
    for name, counts in (document.get("composition") or {}).items():
        against = targets.get(name) or (None if targets else known_shares((training or {}).get(name) or {}))
        found.append(Attribute(name, counts, against))
    return found, "the target" if targets else "the dataset"


def plan_lines(document: Mapping[str, Any]) -> Content:
    """What was asked for, in two or three lines."""
    plan = document.get("plan") or document
    population = plan.get("population") or {}
    attributes = ", ".join(said(name, 30).replace("_", " ") for name in plan.get("attributes") or [])
    name = said(population.get("name") or "training", 60)
    aimed = {"uniform": f"as many of each {attributes}", "training": "as in training"}.get(
        name, f"{name}: {attributes}"
    )
    lines = [Content.assemble(("Target  ", "$muted"), (aimed, "$foreground"))]
    source = document.get("run") or document.get("weights") or "rows alone"
    lines.append(
        Content.assemble(
            ("Drawn by  ", "$muted"), said(source, 40), ("  from  ", "$muted"), said(document.get("dataset"), 40)
        )
    )
    return Content("\n").join(lines)


def readings(gauge: Mapping[str, Any] | None) -> list[Reading]:
    return [Reading.from_document(name, (gauge or {})[name]) for name in SCENARIOS if name in (gauge or {})]


def evidence_rows(evidence: list[dict[str, Any]], families: tuple[str, ...]) -> list[tuple[str, list[Any]]]:
    """Rows of a table: what, value, interval, control."""
    rows: list[tuple[str, list[Any]]] = []
    for family in families:
        for each in evidence:
            if not each["name"].startswith(family + "."):
                continue
            value = number(each["value"]) if each["value"] is not None else NOT_ENOUGH
            low, high = each.get("low"), each.get("high")
            interval = f"{number(low)} to {number(high)}" if low is not None and high is not None else ""
            control = number(each["control"]) if each.get("control") is not None else ""
            rows.append((each["name"], [measure(each["name"]), (value, "bold"), interval, control]))
    return rows


def explanation(each: dict[str, Any]) -> list[Content]:
    """One evidence in full: the sentence, the interval, the control, the adversary, the method."""
    value = number(each["value"]) if each["value"] is not None else NOT_ENOUGH
    head = [(value, "bold $primary")]
    if each.get("low") is not None and each.get("high") is not None:
        head.append((f"   95 % interval {number(each['low'])} to {number(each['high'])}", "$foreground"))
    facts = [f"rests on {count(each['n'])} records" if each.get("n") else "", GOOD.get(each.get("direction", ""), "")]
    if each.get("control") is not None:
        facts.insert(0, f"control {number(each['control'])}")
    lines = [
        Content.assemble(*head),
        Content.assemble((", ".join(fact for fact in facts if fact), "$muted")),
        Content(said(each.get("reads_as"), 2000)),
    ]
    if each.get("adversary"):
        lines.append(Content.assemble(("Who could do this: ", "$accent"), said(each["adversary"], 1000)))
    if each.get("method"):
        lines.append(Content.assemble(("How it is computed: ", "$accent"), (said(each["method"], 2000), "$muted")))
    lines.append(Content.assemble((said(each["name"], 80), "$muted")))
    return lines


def heatmaps(document: Mapping[str, Any]) -> list[Prevalence]:
    """The evaluation's `heatmap`: how often each finding occurs in each group, synthetic beside training."""
    found = []
    for each in _as_list(document.get("heatmap")):
        rows, columns = (
            [str(row) for row in each.get("rows") or []],
            [str(column) for column in each.get("columns") or []],
        )
        for side in ("training", "synthetic", "values"):
            values = each.get(side)
            if values is None:
                continue
            cells = {
                (row, column): values[i][j]
                for i, row in enumerate(rows)
                for j, column in enumerate(columns)
                if values[i]
            }
            title = f"{said(each.get('finding') or 'finding', 30)} by {said(each.get('attribute') or 'group', 30)}"
            found.append(
                Prevalence(f"Prevalence, {side}: {title}" if side != "values" else title, rows, columns, cells)
            )
    return found


def _as_list(value: Any) -> list[dict[str, Any]]:
    return value if isinstance(value, list) else [value] if isinstance(value, dict) else []
