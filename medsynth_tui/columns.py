"""Descriptions of a table's columns turned into what the widgets show. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from textual.content import Content

from medsynth_tui.widgets.bars import Attribute
from medsynth_tui.words import count, number, said, share

KINDS = {"number": "number", "integer": "whole", "category": "words", "multi": "findings", "boolean": "yes/no"}
LEVELS = "▁▂▃▄▅▆▇█"
PLAIN_LEVELS = "_,-:=+*#"
SHAPE = 8
QUANTILES = {"p10": "a tenth lies below", "p50": "half", "p90": "nine tenths"}
BROKEN = "!"
LEFT_OUT = ("not kept:", "not drawn:")
"""Begins the key of a row that stands for a column without one."""


def bin_labels(edges: Sequence[float]) -> list[str]:
    """Names of the bins that round edges make, the outermost ones open."""
    if not edges:
        return ["all"]
    words = [number(edge, 4) for edge in edges]
    to = "-" if edges[0] >= 0 else " to "
    return [f"< {words[0]}", *(f"{low}{to}{high}" for low, high in pairwise(words)), f"{words[-1]} +"]


def counts(column: Mapping[str, Any]) -> dict[str, Any]:
    """What a column holds: counts by value, or by bin."""
    if "bins" in column:
        return dict(zip(bin_labels(column["edges"]), column["bins"], strict=True))
    return dict(column["values"])


def shape(held: Sequence[Any], ascii_only: bool) -> str:
    """Counts as a line of small bars; what is hidden is a dot."""
    few = list(held)[:SHAPE] if len(held) <= SHAPE else _halved(held)
    known = [each for each in few if isinstance(each, int | float)]
    most = max(known, default=0)
    if not most:
        return "." * len(few)
    levels = PLAIN_LEVELS if ascii_only else LEVELS
    return "".join(levels[round((len(levels) - 1) * n / most)] if isinstance(n, int | float) else "." for n in few)


def _halved(held: Sequence[Any]) -> list[Any]:
    """At most as many bars as there is room for: neighbours together; hidden where one of them is."""
    step = -(-len(held) // SHAPE)
    parts = [held[start : start + step] for start in range(0, len(held), step)]
    return [sum(part) if all(isinstance(n, int | float) for n in part) else "<11" for part in parts]


def real_rows(table: Mapping[str, Any], rules: Sequence[Mapping[str, Any]], ascii_only: bool) -> list[tuple[str, Any]]:
    """The list of columns, what was not kept at its end."""
    rows: list[tuple[str, Any]] = []
    broken = {name for rule in rules if rule.get("broken") != 0 for name in rule.get("columns") or []}
    for column in table["columns"]:
        name = f"{BROKEN if column['name'] in broken else ''}{said(column['name'], 40)}"
        style = "$foreground" if column["learned"] else "$muted"
        missing = column["missing"]
        shown = "" if missing == 0 else count(missing)
        kind = KINDS.get(column["kind"], said(column["kind"], 8))
        rows.append((column["name"], [(name, style), kind, shape(list(counts(column).values()), ascii_only), shown]))
    if table.get("not_kept"):
        rows.append(("-not kept", [("NOT KEPT", "bold"), "", "", ""]))
    rows += [(f"not kept:{name}", [(said(name, 40), "$muted"), "", "", ""]) for name in table.get("not_kept") or {}]
    return rows


def real_bars(column: Mapping[str, Any], records: int) -> Attribute:
    return Attribute(column["name"], counts(column), total=records)


def real_lines(column: Mapping[str, Any], rules: Sequence[Mapping[str, Any]]) -> list[Content]:
    """Under the bars: what the rows learn of it, its middle, and the rules that speak about it."""
    facts = [said(column["role"], 20) if column["role"] != "column" else "", f"one value a {said(column['per'], 20)}"]
    lines = [
        Content.assemble((said(column["why"], 200), "$success" if column["learned"] else "bold $warning")),
        Content.assemble((", ".join(fact for fact in facts if fact), "$muted")),
    ]
    missing = column["missing"]
    if missing != 0:
        lines.append(Content.assemble(("Missing in ", "$muted"), (records_of(missing), "$foreground")))
    if column.get("quantiles"):
        lines.append(quantile_line(column["quantiles"]))
    if column.get("more"):
        lines.append(Content.assemble((f"and {count(column['more'])} values more", "$muted")))
    for rule in rules:
        if column["name"] in (rule.get("columns") or []):
            lines.append(rule_line(rule))
    return lines


def quantile_line(quantiles: Mapping[str, float]) -> Content:
    words = [f"{QUANTILES[key]} {number(value, 4)}" for key, value in quantiles.items()]
    return Content.assemble((", ".join(words).capitalize(), "$foreground"))


def rule_line(rule: Mapping[str, Any]) -> Content:
    """A rule and how the real table keeps it."""
    broken = rule.get("broken")
    how = "kept by all" if broken == 0 else f"broken in {records_of(broken)}"
    return Content.assemble(
        (f"{said(rule['sentence'], 200)} ", "$foreground"), (how, "$muted" if broken == 0 else "$warning")
    )


def records_of(n: Any) -> str:
    """A count of real records that may be hidden, in words."""
    if n is None or n == "hidden":
        return "a few records (hidden)"
    return f"{count(n)} record{'' if n == 1 else 's'}"


def beside_rows(table: Mapping[str, Any], ascii_only: bool) -> list[tuple[str, Any]]:
    """The list of a cohort's columns: how far each is from the real one."""
    rows: list[tuple[str, Any]] = []
    for column in table["columns"]:
        held = counts(_drawn(column))
        apart = share(column["difference"]) if column["difference"] is not None else ""
        kind = KINDS.get(column["kind"], said(column["kind"], 8))
        rows.append((column["name"], [said(column["name"], 40), kind, shape(list(held.values()), ascii_only), apart]))
    rows += [
        (f"not drawn:{name}", [(said(name, 40), "$muted"), "", "", "not drawn"]) for name in table["columns_not_drawn"]
    ]
    return rows


def _drawn(column: Mapping[str, Any]) -> dict[str, Any]:
    drawn = dict(column["synthetic"])
    return {**drawn, "edges": column["edges"]} if "edges" in column else drawn


def beside_bars(column: Mapping[str, Any]) -> Attribute:
    """Synthetic counts, and on the bars where the real shares stand that may be shown."""
    held = counts(_drawn(column))
    shares = column["real_shares"]
    if "edges" in column:
        shares = {label: shares[str(place)] for place, label in enumerate(held) if str(place) in shares}
    return Attribute(column["name"], held, shares)


def beside_lines(column: Mapping[str, Any], records: int, looked_at: int) -> list[Content]:
    lines = []
    if column["difference"] is not None:
        words = f"{share(column['difference'])} of the records would have to change for the two to be alike."
        lines.append(Content.assemble((words, "$foreground")))
    drawn = column["synthetic"]
    missing = column["missing"]
    there = share(missing / records) if isinstance(missing, int) and records else records_of(missing)
    lines.append(
        Content.assemble(("Missing  ", "$muted"), f"{share(drawn['missing'] / max(1, looked_at))} here, {there} there")
    )
    for key, words in QUANTILES.items():
        here, real = (drawn.get("quantiles") or {}).get(key), (column.get("quantiles") or {}).get(key)
        if here is not None and real is not None:
            lines.append(
                Content.assemble(
                    (f"{words.capitalize()}  ", "$muted"), f"{number(here, 4)} here, {number(real, 4)} there"
                )
            )
    hidden = [value for value, n in counts(column).items() if not isinstance(n, int)]
    if hidden:
        lines.append(
            Content.assemble((f"No real share is shown for {', '.join(said(v, 30) for v in hidden[:6])}.", "$muted"))
        )
    return lines
