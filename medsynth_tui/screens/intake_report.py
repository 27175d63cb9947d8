"""The intake document in lines: what came, was taken, was removed, and how it was split."""

from __future__ import annotations

from typing import Any

from textual.content import Content

from medsynth_tui.glyphs import Glyphs
from medsynth_tui.words import count, plain, said

WIDTH = 22


def line(label: str, value: Any, style: str = "$foreground") -> Content:
    return Content.assemble((f"{plain(label, WIDTH - 1):<{WIDTH}}", "$muted"), (f"{count(value):>9}", style))


def heading(words: str) -> Content:
    return Content.assemble((words, "bold $primary"))


def report(document: dict[str, Any], glyphs: Glyphs) -> list[Content]:
    """Every count of the document; those that are nothing are left out where nothing is the good news."""
    lines = [heading("Records"), line("submitted", document.get("submitted"))]
    lines.append(line("accepted", document.get("accepted"), "$success"))
    for key, style in (("quarantined", "$warning"), ("rejected", "$error")):
        if document.get(key):
            lines.append(line(key, document[key], style))
    lines += [line(f"  {_words(code)}", n) for code, n in (document.get("reasons") or {}).items()]
    for key, label in (("duplicates", "duplicates"), ("unmatched_rows", "rows without image")):
        if document.get(key):
            lines.append(line(label, document[key]))
    lines += [Content(""), heading("Split by patient"), line("patients", document.get("patients"))]
    lines += [line(label, document.get(label)) for label in ("train", "validation", "holdout")]
    removed = document.get("identifiers_removed") or {}
    lines += [Content(""), heading("Identifiers removed")]
    lines += [line(_words(kind), n) for kind, n in removed.items()] or [Content.assemble(("none found", "$muted"))]
    warnings = document.get("warnings") or []
    if warnings:
        lines += [Content(""), heading("Mind")]
        lines += [Content.assemble(("! ", "bold $warning"), glyphs.text(said(text, 400))) for text in warnings]
    return lines


def _words(code: str) -> str:
    return plain(code, 60).replace("_", " ")
