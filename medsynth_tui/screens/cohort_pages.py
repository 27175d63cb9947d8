"""A cohort's documents turned into what the widgets show. Pure functions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from textual.content import Content

from medsynth_tui.widgets.bars import Attribute
from medsynth_tui.widgets.gauge import Reading
from medsynth_tui.widgets.heatmap import Prevalence
from medsynth_tui.words import NOT_ENOUGH, count, measure, number, said, share

FAMILIES = ("fidelity", "privacy", "bias", "utility")
SCENARIOS = ("data", "generator", "insider")
HIDDEN = "<11"
"""A real share that rests on too few patients to be shown."""
FLAGS = {
    "red more": ("far too many", "bold"),
    "red less": ("far too few", "bold"),
    "amber more": ("too many", ""),
    "amber less": ("too few", ""),
    "even": "no gap shown",
    "grey": "not enough",
}
GOOD = {"higher": "higher is better", "lower": "lower is better", "one": "1 is best", "zero": "0 is best"}


def target_shares(document: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """What the plan aimed for: attribute -> value -> share, summed over the plan's cells."""
    plan = document.get("plan") or document
    cells = plan.get("cells") or []
    total = sum(cell.get("n", 0) for cell in cells)
    shares: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for cell in cells:
        for attribute in asked(plan):
            if attribute in cell and total:
                shares[attribute][str(cell[attribute])] += cell["n"] / total
    return {attribute: dict(values) for attribute, values in shares.items()}


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
    targets = target_shares(document)
    found = []
    for name, counts in (document.get("composition") or {}).items():
        against = targets.get(name) or known_shares((training or {}).get(name) or {})
        found.append(Attribute(name, counts, against))
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
    return Content("\n").join(lines)


def readings(gauge: Mapping[str, Any] | None) -> list[Reading]:
    return [Reading.from_document(name, (gauge or {})[name]) for name in SCENARIOS if name in (gauge or {})]


def evidence_rows(evidence: list[dict[str, Any]], families: tuple[str, ...]) -> list[tuple[str, list[Any]]]:
    """Rows of a table: what, value, interval, control."""
    rows: list[tuple[str, list[Any]]] = []
    for family in families:
        own = [each for each in evidence if each["name"].startswith(family + ".")]
        if own:
            rows.append((f"-{family}", [(family.upper(), "bold"), "", "", ""]))
        for each in own:
            value = (number(each["value"]), "bold") if each["value"] is not None else "not enough"
            low, high = each.get("low"), each.get("high")
            interval = f"{number(low)} to {number(high)}" if low is not None and high is not None else ""
            control = number(each["control"]) if each.get("control") is not None else ""
            rows.append((each["name"], [measure(each["name"]), value, interval, control]))
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


def bias_rows(document: Mapping[str, Any]) -> list[tuple[str, list[Any]]]:
    """Rows of the bias table: a group's share in the cohort and in the reference, the ratio, and what that means."""
    rows: list[tuple[str, list[Any]]] = []
    for table in document.get("bias") or []:
        attribute = str(table["attribute"])
        for each in table["rows"]:
            label = f"{attribute.replace('_', ' ')} {said(each['value'], 30)}"
            key = f"bias.representation.{attribute}={each['value']}"
            goal = share(each["reference"]) if each["reference"] is not None else HIDDEN
            ratio = number(each["ratio"], 2) if each["ratio"] is not None else ""
            rows.append((key, [label, share(each["synthetic"]), goal, ratio, FLAGS[_meaning(each)]]))
    shown = {key for key, _ in rows}
    others = [each for each in document.get("evidence") or [] if each["name"].startswith("bias.")]
    for each in others:
        if each["name"] not in shown:
            value = (number(each["value"], 2), "bold") if each["value"] is not None else ""
            rows.append((each["name"], [measure(each["name"]), "", "", value, "" if value else "not enough"]))
    return rows


def _meaning(row: Mapping[str, Any]) -> str:
    """`red` and `amber` are above or below what the reference has."""
    flag = str(row.get("flag"))
    if flag in ("red", "amber"):
        return f"{flag} {'more' if (row.get('ratio') or 0) > 1 else 'less'}"
    return flag


def references(document: Mapping[str, Any]) -> str:
    """What the cohort is compared with, in words."""
    found = dict.fromkeys(said(table.get("reference"), 60) for table in document.get("bias") or [])
    return " or ".join(found)


def heatmaps(document: Mapping[str, Any]) -> list[Prevalence]:
    """How common each finding is in each group, synthetic beside training; `!` where they differ beyond chance."""
    found = []
    for each in document.get("heatmap") or []:
        rows, columns = [said(row, 40) for row in each["rows"]], [said(column, 40) for column in each["columns"]]
        places = [(i, j) for i in range(len(rows)) for j in range(len(columns))]
        group = said(each["attribute"], 30).replace("_", " ")
        flags = frozenset((rows[i], columns[j]) for i, j in places if each["flag"][i][j])
        for side in ("synthetic", "training"):
            cells = {(rows[i], columns[j]): each[side][i][j] for i, j in places}
            title = f"Finding by {group}: {side}"
            found.append(Prevalence(title, rows, columns, cells, flags if side == "synthetic" else frozenset()))
    return found
