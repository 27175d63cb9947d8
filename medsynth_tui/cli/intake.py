"""How a scan and an intake look on the command line: what came, what is kept and dropped of it, and what comes next."""

from __future__ import annotations

from collections.abc import Sequence

from medsynth_tui import intake_words as said
from medsynth_tui.cli import show
from medsynth_tui.cli.face import Document, Face
from medsynth_tui.words import counted

MOST_SERIES = 12
MOST_COLUMNS = 40
SERIES = ("series", "modality", "body_part", "files", "pictures")


def show_intake(face: Face, document: Document) -> None:
    """The report of a scan or an intake."""
    submitted = f"{show.text(document['submitted'])} submitted"
    counts = ", ".join(f"{show.text(document[key])} {key}" for key in ("accepted", "quarantined", "rejected"))
    show.title(face, f"{submitted}: {counts}")
    if document.get("reasons"):
        rows = sorted(document["reasons"].items(), key=lambda item: -item[1])
        show.table(face, ("why not", "records"), [(show.words(code), count) for code, count in rows], right=(1,))
    show.pairs(
        face,
        [
            ("patients", _patients(document)),
            ("duplicates", said.duplicates(document)),
            ("split", said.split(document)),
            ("removed", None if document.get("categories") else document.get("identifiers_removed")),
            ("unmatched rows", document.get("unmatched_rows") or None),
        ],
    )
    kept = said.kept(document)
    titles = ("column", "read as", "who said so")[: 3 if any(who for *_, who in kept) else 2]
    _columns(face, titles, [row[: len(titles)] for row in kept])
    _columns(face, ("dropped", "why"), said.dropped(document))
    _columns(face, ("role", "how it was read"), said.readings(document))
    _columns(face, ("column", "could not be read, counts as missing"), said.unreadable(document))
    categories = [row for row in document.get("categories") or [] if row["found"]]
    if categories:
        rows = [(row["safe_harbor"], row["category"], row["found"], row["done"]) for row in categories]
        show.table(face, ("", "Safe Harbor category", "found", "done"), rows, right=(2,))
    series = document.get("series") or []
    if len(series) > 1:
        largest = sorted(series, key=lambda one: -one["pictures"])[:MOST_SERIES]
        show.table(face, SERIES, [tuple(one.get(key) for key in SERIES) for one in largest], right=(3, 4))
        if len(series) > MOST_SERIES:
            show.line(face, f"The {MOST_SERIES} largest of {len(series)} series; --json lists more.")
    looked = document.get("look_at") or []
    show.sentences(face, "Look at", [f"{show.text(row['count'])} x {row['sentence']}" for row in looked])
    known = tuple(f"{row['count']} x {show.words(row['code'])}:" for row in looked)
    notes = [warning for warning in document.get("warnings") or [] if not _in_words(warning).startswith(known)]
    show.sentences(face, "Note", map(_in_words, notes))


def _patients(document: Document) -> str | None:
    number, known = document.get("patients"), said.who_is_known(document)
    return f"{show.text(number)} ({known})" if known else None if number is None else show.text(number)


def _columns(face: Face, titles: Sequence[str], rows: Sequence[tuple[str, ...]]) -> None:
    """A table of a table's columns; a wide one is cut."""
    if not rows:
        return
    show.table(face, titles, rows[:MOST_COLUMNS])
    if len(rows) > MOST_COLUMNS:
        show.line(face, f"And {counted(len(rows) - MOST_COLUMNS, 'column')} more; --json lists all.")


def _in_words(warning: str) -> str:
    """`64 x needs_review: ...`, as an intake of an earlier version wrote it, with the code in words."""
    amount, colon, rest = warning.partition(":")
    return amount.replace("_", " ") + colon + rest if " x " in amount else warning


def show_scan(face: Face, document: Document) -> None:
    show_intake(face, document)
    show.hint(face, "medsynth datasets add NAME PATH, with the same options")


def show_added(face: Face, document: Document) -> None:
    show_intake(face, document)
    if said.text_waits(document):
        show.line(face, "The pictures are now read for burned-in text. Wait for it: what learned text may not leave.")
    for step in said.next_steps(document):
        show.hint(face, step)
