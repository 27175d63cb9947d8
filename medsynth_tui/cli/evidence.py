"""How evidence looks on the command line: families, intervals, the gauge. A number never stands alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medsynth_tui.cli import show
from medsynth_tui.cli.face import Document, Face

if TYPE_CHECKING:
    from rich.text import Text

FAMILIES = ("fidelity", "privacy", "utility", "bias")
STYLES = {"very_low": "green", "low": "green", "guarded": "yellow", "high": "red", "critical": "bold red"}
GOOD = {"higher": "more is better", "lower": "less is better", "one": "1 is best", "zero": "0 is best"}


def show_evaluation(face: Face, document: Document) -> None:
    """Everything that was measured, family by family, then the gauge."""
    for family in FAMILIES:
        values = [one for one in document["evidence"] if one["name"].startswith(f"{family}.")]
        if values:
            show.title(face, family)
            show.table(face, ("measure", "value (95 %)", "control", "n", "good is"), map(_row, values), right=(3,))
            face.out.print()
    show_gauge(face, document.get("gauge") or {})
    face.out.print("[dim]How to read each number, and its method: the same command with --json.[/dim]")


def _row(evidence: Document) -> tuple[object, ...]:
    control = evidence.get("control")
    return (
        evidence["name"].partition(".")[2],
        show.interval(evidence),
        show.number(control) if control is not None else show.ABSENT,
        evidence["n"],
        GOOD.get(evidence["direction"], evidence["direction"]),
    )


def show_gauge(face: Face, gauge: Document) -> None:
    """The weakest link of each scenario."""
    show.title(face, "privacy gauge (worst case of the interval; 0 is no leak, 1 is every record)")
    rows = [
        (scenario, band(one["band"]), one.get("reading"), one.get("driver") or show.ABSENT)
        for scenario, one in gauge.items()
    ]
    show.table(face, ("who attacks", "risk", "reading", "driven by"), rows, "Not evaluated.", right=(2,))
    show.sentences(face, "Note", dict.fromkeys(one["note"] for one in gauge.values() if one.get("note")))


def band(name: str) -> Text:
    """A band in its colour and in words; grey where nobody can know."""
    from rich.text import Text

    if name == "grey":
        return Text("not enough evidence", style="dim")
    return Text(name.replace("_", " "), style=STYLES.get(name, ""))
