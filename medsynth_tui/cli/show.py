"""How results look in 80 columns: tables, labelled values, numbers. Everything from outside is made inert here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from medsynth_engine.kernel.escape import markup, plain
from medsynth_tui.intake_words import suppressed

if TYPE_CHECKING:
    from rich.text import Text

    from medsynth_tui.cli.face import Face

ABSENT = "-"


def text(value: Any, limit: int = 200) -> str:
    """Any JSON value on one line without control characters; not yet safe as markup."""
    if value is None or value == "":
        return ABSENT
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, Mapping):
        return plain(", ".join(f"{key} {text(item)}" for key, item in value.items()) or ABSENT, limit)
    if isinstance(value, list | tuple):
        return plain(", ".join(str(item) for item in value) or ABSENT, limit)
    return plain(value, limit)


def number(value: float) -> str:
    """Three digits that say something: 0.0123, 1.23, 123, 12,345."""
    size = abs(value)
    if size >= 1_000:
        return f"{value:,.0f}"
    if size >= 100:
        return f"{value:.0f}"
    if size >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if size >= 0.1 or size == 0 else f"{value:.3g}"


def interval(document: Mapping[str, Any]) -> str:
    """`1.23 (1.10 to 1.40)`; "not enough evidence" where there is no value."""
    if document.get("value") is None:
        return "not enough evidence"
    low, high = document.get("low"), document.get("high")
    span = f" ({number(low)} to {number(high)})" if low is not None and high is not None else ""
    return number(document["value"]) + span


def moment(value: Any) -> str:
    """An ISO time in UTC, to the minute."""
    return plain(str(value or ABSENT)[:16].replace("T", " "))


def cell(value: Any, limit: int = 200) -> Text:
    """A value as a cell: brackets in it are brackets, never markup. A `Text` is taken as it is."""
    from rich.text import Text

    return value if isinstance(value, Text) else Text(text(value, limit))


def title(face: Face, words: str) -> None:
    face.out.print(f"[bold]{markup(words)}[/bold]")


def table(
    face: Face,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    empty: str = "None.",
    right: Sequence[int] = (),
    whole: Sequence[int] = (),
) -> None:
    """A table without lines; `right` names the columns (by place) that hold numbers, `whole` those never broken."""
    from rich.table import Table

    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for place, column in enumerate(columns):
        grid.add_column(column, justify="right" if place in right else "left", overflow="fold", no_wrap=place in whole)
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007 - counts the rows as they go by
        grid.add_row(*(cell(value) for value in row))
    face.out.print(grid if count else f"[dim]{empty}[/dim]")


def pairs(face: Face, values: Iterable[tuple[str, Any]]) -> None:
    """Labelled values, one a line; what has none is left out. A path or a digest is never broken: it gets copied."""
    from rich.table import Table

    shown = [(label, cell(value, 1_000)) for label, value in values if value not in (None, "", [], {})]
    if not shown:
        return
    width = max(len(label) for label, _ in shown)
    for label, value in shown:
        if " " not in value.plain and len(value) + width + 2 > face.out.width:
            face.out.print(f"[dim]{markup(label):{width}}[/dim]  ", end="")
            face.out.print(value, soft_wrap=True)
            continue
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(style="dim", no_wrap=True, min_width=width)
        grid.add_column(overflow="fold")
        grid.add_row(label, value)
        face.out.print(grid)


def sentences(face: Face, label: str, lines: Iterable[Any]) -> None:
    for line in lines:
        face.out.print(f"[dim]{label}:[/dim] {markup(line, 500)}")


def hint(face: Face, command: str) -> None:
    """What a person would do next."""
    face.out.print(f"[dim]Next:[/dim] {markup(command)}")


def line(face: Face, words: str, limit: int = 500, indent: int = 0) -> None:
    """A sentence that may quote what a person typed; a word that is too long for a line (a path) stays whole."""
    from rich.padding import Padding

    sentence = cell(words, limit)
    if max(map(len, sentence.plain.split()), default=0) + indent > face.out.width:
        face.out.print(" " * indent, sentence, sep="", soft_wrap=True)
    else:
        face.out.print(Padding(sentence, (0, 0, 0, indent)))


def words(code: Any) -> str:
    """`near_copy` as `near copy`."""
    return text(str(code).replace("_", " "))


def composition(face: Face, document: Mapping[str, Mapping[str, Any]]) -> None:
    """How many records each value of each attribute has; small counts arrive suppressed ("<11")."""
    rows = [
        (attribute if place == 0 else " ", value, count)
        for attribute, counts in document.items()
        for place, (value, count) in enumerate(counts.items())
    ]
    if rows:
        table(face, ("attribute", "value", "records"), rows, right=(2,))
    note = suppressed(document)
    if note:
        line(face, note)


def removal(face: Face, document: Mapping[str, Any]) -> None:
    """What was removed, and what remains elsewhere."""
    pairs(face, [(words(key), value) for key, value in document.items() if key != "remains"])
    left = {kind: names for kind, names in (document.get("remains") or {}).items() if names}
    told = {kind: [moment(name) if kind.startswith("backups") else text(name) for name in left[kind]] for kind in left}
    sentences(face, "Remains", [f"{words(kind)}: {', '.join(names)}" for kind, names in told.items()])


def merger(document: Mapping[str, Any]) -> str:
    """One value that was merged with its neighbour, because too few patients carry it."""
    where = {key: value for key, value in (document.get("cell") or {}).items() if key != document.get("attribute")}
    among = f" (among {text(where)})" if where else ""
    return f"{document.get('attribute')} {document.get('value')} with {text(document.get('merged_with'))}{among}"
