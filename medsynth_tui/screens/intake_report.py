"""The intake document in lines: what came, what must be looked at, what was removed, and how it was split."""

from __future__ import annotations

from typing import Any

from textual.content import Content

from medsynth_tui.glyphs import Glyphs
from medsynth_tui.intake_words import dropped, kept, looked_at, readings, unreadable, who_is_known
from medsynth_tui.intake_words import words as in_words
from medsynth_tui.option_words import in_fields
from medsynth_tui.words import count, counted, plain, said

WIDTH = 22
MOST_COLUMNS = 40
FOLDS = (("train", "records for training"), ("validation", "for validation"), ("holdout", "held out"))


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
        ("unmatched_rows", "rows without image", "$foreground"),
    ):
        if document.get(key):
            lines.append(line(label, document[key], style))
    if document.get("duplicates"):
        lines.append(line("duplicates", document["duplicates"]))
        lines.append(Content.assemble(("kept, never split over folds", "$muted")))
    to_look_at = document.get("look_at") or []
    above = {one.get("code") for one in to_look_at}
    lines += _to_look_at(to_look_at, glyphs)
    if document.get("text_check"):
        lines += [Content(""), heading("Burned-in text")]
        lines.append(Content.assemble((glyphs.text(said(document["text_check"], 400)), "$muted")))
    reasons = {code: n for code, n in (document.get("reasons") or {}).items() if code not in above}
    if reasons:
        lines += [Content(""), heading("Not taken")]
        lines += [line(in_words(code), n) for code, n in reasons.items()]
    lines += [Content(""), heading("Split"), line("patients", document.get("patients"))]
    if who_is_known(document):
        lines.append(Content.assemble((glyphs.text(who_is_known(document)), "$muted")))
    lines += [line(label, document.get(key)) for key, label in FOLDS]
    lines += _columns(document, glyphs)
    lines += _removed(document)
    in_above = {in_words(code) for code in above}
    warnings = [_with_words(text) for text in document.get("warnings") or [] if _code(text) not in in_above]
    if warnings:
        lines += [Content(""), heading("Mind")]
        lines += [
            Content.assemble(("! ", "bold $warning"), glyphs.text(said(in_fields(text), 400))) for text in warnings
        ]
    return lines


def _to_look_at(things: list[dict[str, Any]], glyphs: Glyphs) -> list[Content]:
    """What only a person can settle, with its count, and a sentence each."""
    if not things:
        return []
    lines = [Content(""), heading("A person must look at")]
    for one in things:
        lines.append(line(looked_at(one.get("code")), one.get("count"), "$warning"))
        lines.append(Content.assemble((glyphs.text(said(one.get("sentence"), 400)), "$muted")))
    return lines


def _columns(document: dict[str, Any], glyphs: Glyphs) -> list[Content]:
    """Which columns are kept and dropped, and how values were read: a name, and under it what is said of it."""
    said_of = (
        ("Columns kept", [(name, f"{read_as}{f', {how}' if how else ''}") for name, read_as, how in kept(document)]),
        ("Columns dropped", dropped(document)),
        ("How values were read", readings(document)),
        ("Could not be read", unreadable(document)),
    )
    lines: list[Content] = []
    for title, rows in said_of:
        if rows:
            lines += [Content(""), heading(title)]
        for name, words in rows[:MOST_COLUMNS]:
            words = words.removeprefix(f"{name}: ")  # a column that is called like its role
            lines.append(Content.assemble((glyphs.text(f"{name}: "), "$foreground"), (glyphs.text(words), "$muted")))
        if len(rows) > MOST_COLUMNS:
            lines.append(Content.assemble((f"and {counted(len(rows) - MOST_COLUMNS, 'column')} more", "$muted")))
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
        lines += [line(in_words(kind), n) for kind, n in removed.items()]
        lines += [] if removed else [Content.assemble(("none found", "$muted"))]
    rules = document.get("rules") or {}
    if rules:
        table = f"DICOM PS3.15 E.1-1, edition {said(rules.get('edition'), 20)}, {said(rules.get('rows'), 10)} rows"
        lines.append(Content.assemble((table, "$muted")))
    return lines


def _code(warning: Any) -> str:
    """The code of a warning of the form `64 x needs review: ...`, in words, else empty."""
    parts = str(warning).split(":", 1)[0].split(" x ", 1)
    return in_words(parts[1]) if len(parts) == 2 and parts[0].isdigit() else ""


def _with_words(warning: Any) -> str:
    """The code at its beginning, if it has one, in words: earlier versions wrote `needs_review`."""
    code = _code(warning)
    amount, _, rest = str(warning).partition(":")
    return f"{amount.split(' x ', 1)[0]} x {code}:{rest}" if code else str(warning)
