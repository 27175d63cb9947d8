"""The intake document in lines: what came, what must be looked at, what was removed, and how it was split."""

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
    """Every count of the document; those that are nothing are left out where nothing is the good news.

    What a person must look at comes before all that is settled: the first screen of a narrow terminal shows it.
    """
    lines = [heading("Records"), line("submitted", document.get("submitted"))]
    lines.append(line("accepted", document.get("accepted"), "$success"))
    for key, label, style in (
        ("quarantined", "quarantined", "$warning"),
        ("rejected", "rejected", "$error"),
        ("duplicates", "duplicates", "$foreground"),
        ("unmatched_rows", "rows without image", "$foreground"),
    ):
        if document.get(key):
            lines.append(line(label, document[key], style))
    to_look_at = document.get("look_at") or []
    above = {one.get("code") for one in to_look_at}
    lines += _to_look_at(to_look_at, glyphs)
    if document.get("text_check"):
        lines += [Content(""), heading("Burned-in text")]
        lines.append(Content.assemble((glyphs.text(said(document["text_check"], 400)), "$muted")))
    reasons = {code: n for code, n in (document.get("reasons") or {}).items() if code not in above}
    if reasons:
        lines += [Content(""), heading("Not taken")]
        lines += [line(_words(code), n) for code, n in reasons.items()]
    lines += [Content(""), heading("Split by patient"), line("patients", document.get("patients"))]
    lines += [line(label, document.get(label)) for label in ("train", "validation", "holdout")]
    lines += _removed(document)
    warnings = [text for text in document.get("warnings") or [] if _code(text) not in above]
    if warnings:
        lines += [Content(""), heading("Mind")]
        lines += [Content.assemble(("! ", "bold $warning"), glyphs.text(said(text, 400))) for text in warnings]
    return lines


def _to_look_at(things: list[dict[str, Any]], glyphs: Glyphs) -> list[Content]:
    """What only a person can settle, with its count, and a sentence each."""
    if not things:
        return []
    lines = [Content(""), heading("A person must look at")]
    for one in things:
        lines.append(line(_words(str(one.get("code"))), one.get("count"), "$warning"))
        lines.append(Content.assemble((glyphs.text(said(one.get("sentence"), 400)), "$muted")))
    return lines


def _removed(document: dict[str, Any]) -> list[Content]:
    """By category of HIPAA Safe Harbor where the document has them, else by kind; and which table named them."""
    lines = [Content(""), heading("Identifiers removed")]
    found = [one for one in document.get("categories") or [] if one.get("found")]
    if found:
        lines += [line(f"{one.get('safe_harbor')} {one.get('short')}", one["found"]) for one in found]
        lines.append(Content.assemble(("A to R: HIPAA Safe Harbor. -: where any may hide.", "$muted")))
    else:
        removed = document.get("identifiers_removed") or {}
        lines += [line(_words(kind), n) for kind, n in removed.items()]
        lines += [] if removed else [Content.assemble(("none found", "$muted"))]
    rules = document.get("rules") or {}
    if rules:
        table = f"DICOM PS3.15 E.1-1, edition {said(rules.get('edition'), 20)}, {said(rules.get('rows'), 10)} rows"
        lines.append(Content.assemble((table, "$muted")))
    return lines


def _code(warning: Any) -> str:
    """The code of a warning of the form `64 x needs_review: ...`, else empty."""
    parts = str(warning).split(":", 1)[0].split(" x ", 1)
    return parts[1] if len(parts) == 2 and parts[0].isdigit() else ""


def _words(code: str) -> str:
    return plain(code, 60).replace("_", " ")
