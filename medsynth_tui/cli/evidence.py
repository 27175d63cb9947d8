"""How evidence looks on the command line: families, intervals, the gauge. A number never stands alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medsynth_tui.cli import show
from medsynth_tui.cli.face import Document, Face

if TYPE_CHECKING:
    from rich.text import Text

FAMILIES = ("fidelity", "privacy", "utility", "bias")
STYLES = {"very_low": "green", "low": "green", "guarded": "yellow", "high": "red", "critical": "bold red"}
GOOD = {"higher": "high", "lower": "low", "one": "near 1", "zero": "near 0"}
REPRESENTATION, PARITY = "representation.", "parity_amplification."


def show_evaluation(face: Face, document: Document) -> None:
    """Everything that was measured, family by family, then the gauge."""
    for family in FAMILIES:
        values = [one for one in document["evidence"] if one["name"].startswith(f"{family}.")]
        quiet = [one for one in values if _even(one)]
        if values:
            show.title(face, family)
            rows = [_row(one) for one in values if one not in quiet]
            show.table(face, ("measure", "value (95 %)", "control", "n", "good is"), rows, right=(3,))
            if quiet:
                face.out.print(f"[dim]Parity between groups: {len(quiet)} more measures, none clear of 0.[/dim]")
            face.out.print()
    show_gauge(face, document.get("gauge") or {})
    face.out.print("[dim]How to read each number, and its method: the same command with --json.[/dim]")


def _even(evidence: Document) -> bool:
    """A parity measure whose interval holds 0: there are as many as findings times groups, so they are counted only."""
    if PARITY not in evidence["name"] or evidence["value"] is None:
        return False
    low, high = evidence["low"], evidence["high"]
    return low is not None and high is not None and low <= 0 <= high


def _row(evidence: Document) -> tuple[object, ...]:
    control = evidence.get("control")
    return (
        measure(evidence["name"]),
        show.interval(evidence),
        show.number(control) if control is not None else show.ABSENT,
        evidence["n"],
        GOOD.get(evidence["direction"], evidence["direction"]),
    )


def measure(name: str) -> str:
    """A measure's name without its family: `bias.representation.sex=F` as `sex F`."""
    _, _, rest = name.partition(".")
    if rest.startswith(REPRESENTATION):
        return rest.removeprefix(REPRESENTATION).replace("=", " ", 1)
    if rest.startswith(PARITY):
        finding, _, attribute = rest.removeprefix(PARITY).rpartition(".")
        return f"parity: {finding} by {attribute}"
    return rest


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
