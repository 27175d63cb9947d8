"""The plan of a cohort in words: its cells, which are too small, what was merged. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textual.content import Content

from medsynth_tui.words import count, said

REFUSE, BROADEN = "refuse", "broaden"


def cell_rows(plan: Mapping[str, Any]) -> list[tuple[str, list[Any]]]:
    """Rows of the table of cells, those that are too small first, then the widened ones."""
    rows = []
    for index, each in enumerate(plan["cells"]):
        rank = 0 if each["small"] else 1 if each["merged"] else 2
        words = ", ".join(said(value, 40) for value in each["cell"].values())
        rows.append((rank, index, [words, count(each["n"]), _mark(each)]))
    return [(f"cell{index}", values) for _, index, values in sorted(rows, key=lambda row: row[:2])]


def _mark(cell: Mapping[str, Any]) -> Any:
    if cell["small"]:
        return ("small", "bold $error")
    return ("wider", "$warning") if cell["merged"] else ""


def state_of(plan: Mapping[str, Any], key: str) -> str:
    """What the training data have of one cell, as far as it is told."""
    cell = plan["cells"][int(key.removeprefix("cell"))]
    words = ", ".join(f"{said(name, 30)} {said(value, 60)}" for name, value in cell["cell"].items())
    if not cell["small"]:
        merged = f" {', '.join(said(name, 30) for name in cell['merged'])} was widened." if cell["merged"] else ""
        return f"{words}: enough images and patients to draw from.{merged}"
    few = [f"{cell[of]} {of}" for of in ("images", "patients") if cell[of]]
    return f"{words}: {' and '.join(few)} in the training data; 20 images and 10 patients are needed."


def summary(plan: Mapping[str, Any], small_cells: str, given: Mapping[str, str]) -> Content:
    """Two or three lines over the cells."""
    cells = plan["cells"]
    head = f"{count(plan['n'])} records" + (f" in {count(len(cells))} cells" if cells else ", as in the training data")
    lines = [Content.assemble((head, "bold $foreground"))]
    if given:
        only = ", ".join(f"{said(name, 30)}={said(value, 30)}" for name, value in given.items())
        lines.append(Content.assemble(("Only ", "$muted"), (only, "$foreground")))
    if not cells:
        lines.append(Content.assemble(("Space on an attribute asks for it.", "$muted")))
    elif plan["small"]:
        way = "b broadens" if small_cells == REFUSE else "not even widened"
        few = f"{count(plan['small'])} too small: refused ({way})"
        lines.append(Content.assemble((few, "bold $error")))
    elif plan["mergers"]:
        widened = sum(bool(cell["merged"]) for cell in cells)
        lines.append(Content.assemble((f"{count(widened)} widened, none too small", "$warning")))
    else:
        lines.append(Content.assemble(("No cell is too small.", "$success")))
    return Content("\n").join(lines)


def margins_in_words(population: Mapping[str, Any]) -> str:
    """`sex F 80 %, M 20 %; age_band ...` of a population's document, short."""
    parts = []
    for name, axis in population["axis"].items():
        shares = ", ".join(f"{said(value, 20)} {100 * share:.0f} %" for value, share in axis["values"].items())
        parts.append(f"{said(name, 30).replace('_', ' ')}: {shares}")
    return "; ".join(parts)


def merger(document: dict[str, Any]) -> str:
    """One merger of small cells as a sentence."""
    others = ", ".join(said(each, 30) for each in document.get("merged_with") or [])
    rest = {name: value for name, value in (document.get("cell") or {}).items() if name != document.get("attribute")}
    among = ", ".join(f"{said(name, 30)} {said(value, 30)}" for name, value in rest.items())
    return (
        f"{said(document.get('attribute'), 30)} {said(document.get('value'), 30)} was drawn together with {others}"
        f"{f' among {among}' if among else ''} ({count(document.get('n'))} records)."
    )


def absence(document: Mapping[str, Any]) -> str:
    """One attribute with values that the training data hold and the cohort does not."""
    number, named = document["values"], [said(each, 40) for each in document.get("named") or []]
    which = f" ({'among them ' if len(named) < number else ''}{', '.join(named)})" if named else ""
    verb = "is" if number == 1 else "are"
    values = f"{said(document['attribute'], 40)}: {count(number)} value{'' if number == 1 else 's'}{which}"
    if document.get("of") == "images":
        return f"{values} of fewer than 20 training images {verb} not followed by the images"
    return f"{values} of fewer than 11 training patients {verb} not drawn"


def given_as_pairs(text: str) -> str:
    """What is wrong with `attribute=value, ...` as it was typed; nothing when it is right."""
    whole = all("=" in part for part in text.split(",") if part.strip())
    return "" if whole else "Write attribute=value, several apart by commas."
