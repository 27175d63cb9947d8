"""How the records of the audit log read on the command line: a line each, broken between columns alone."""

from __future__ import annotations

from collections.abc import Sequence

from medsynth_tui import audit_words
from medsynth_tui.cli import show
from medsynth_tui.cli.face import Document, Face

WIDEST = 32
"""No column is padded to more: one long name shall not move all the others apart."""
GAP = "  "


def show_records(face: Face, document: Document) -> None:
    records = document["records"]
    years = {str(one["at"])[:4] for one in records}
    year = years.pop() if len(years) == 1 else ""  # of one year, it is told once
    rows: list[tuple[tuple[str, ...], str]] = [
        (("no.", f"{year} UTC" if year else "at (UTC)", "who", "what", "to", "outcome"), "")
    ]
    rows += [(_cells(one, 5 if year else 0), _why(one)) for one in records]
    if not records:
        face.out.print("[dim]No records.[/dim]")
    else:
        _show(face, rows)
    for words, near in audit_words.meant(document):
        if near:
            show.sentences(face, words, [near])
        else:
            show.line(face, words)
    if document.get("next"):
        show.hint(face, f"medsynth audit list --before {document['next']}")


def _cells(one: Document, first: int) -> tuple[str, ...]:
    """The columns of a record; `first` is where in its time the part begins that is shown."""
    outcome = audit_words.outcome(one)
    told = [show.text(value) for value in (audit_words.who(one), one["action"], one["object"], outcome)]
    return (show.text(one["seq"]), show.moment(one["at"])[first:], *told)


def _why(one: Document) -> str:
    """For whom something was to leave, and what stood against it."""
    detail = one.get("detail") or {}
    audience = f"for {show.text(detail['audience'])}" if detail.get("audience") else ""
    codes = show.text(detail["codes"]) if detail.get("codes") else ""
    return "; ".join(part for part in (audience, str(one.get("reason") or ""), codes) if part)


def _show(face: Face, rows: Sequence[tuple[tuple[str, ...], str]]) -> None:
    """An id that is broken over two lines cannot be copied: what does not fit begins a line of its own."""
    from rich.cells import cell_len
    from rich.text import Text

    widths = [min(WIDEST, max(cell_len(cells[place]) for cells, _ in rows)) for place in range(6)]
    for number, (cells, why) in enumerate(rows):
        lines = [""]
        for place, (value, width) in enumerate(zip(cells, widths, strict=True)):
            space = " " * max(0, width - cell_len(value))
            part = space + value if place == 0 else value + space
            joined = f"{lines[-1]}{GAP}{part}" if place else part
            if place and cell_len(joined.rstrip()) > face.out.width:
                lines.append(" " * (widths[0] + len(GAP)) + part)
            else:
                lines[-1] = joined
        words = Text("\n".join(line.rstrip() for line in lines), style="bold" if number == 0 else "")
        face.out.print(words, soft_wrap=True)
        if why:
            show.line(face, why, indent=widths[0] + len(GAP))
