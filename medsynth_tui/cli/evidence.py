"""How evidence looks on the command line: families, intervals, the gauge. A number never stands alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medsynth_engine.kernel.measures import FAMILIES, in_words, spoken
from medsynth_engine.kernel.verdicts import BAD, EVEN, GOOD, UNKNOWN, verdict
from medsynth_tui.cli import show
from medsynth_tui.cli.face import Document, Face
from medsynth_tui.closing import conclusions, next_step
from medsynth_tui.words import rests_on

if TYPE_CHECKING:
    from rich.text import Text

STYLES = {"very_low": "green", "low": "green", "guarded": "yellow", "high": "red", "critical": "bold red"}
MARKS = {GOOD: "+", BAD: "!", EVEN: "=", UNKNOWN: "?"}
PARITY = "parity_amplification."


def show_evaluation(face: Face, document: Document) -> None:
    """Everything that was measured, family by family, then the gauge."""
    show.sentences(face, "Out of date", document.get("outdated") or ())
    for family in FAMILIES:
        values = [one for one in document["evidence"] if one["name"].startswith(f"{family}.")]
        quiet = [one for one in values if _even(one)]
        if values:
            show.title(face, family)
            rows = [_row(one) for one in values if one not in quiet]
            show.table(face, ("measure", "value (95 %)", "control", "n", "reads as"), rows, right=(3,))
            if quiet:
                face.out.print(f"[dim]Parity between groups: {len(quiet)} more measures, none clear of 0.[/dim]")
            face.out.print()
    show_gauge(face, document.get("gauge") or {})
    face.out.print("[dim]How to read each number, and its method: the same command with --json.[/dim]")
    face.out.print()
    show.title(face, "what it comes to")
    for label, sentence in conclusions(document):
        show.line(face, f"{label}: {sentence}")
    show.hint(face, next_step(document))


def _even(evidence: Document) -> bool:
    """A parity measure whose interval holds 0: there are as many as findings times groups, so they are counted only."""
    if PARITY not in evidence["name"] or evidence["value"] is None:
        return False
    low, high = evidence["low"], evidence["high"]
    return low is not None and high is not None and low <= 0 <= high


def _row(evidence: Document) -> tuple[object, ...]:
    control, judged = evidence.get("control"), verdict(evidence)
    return (
        measure(evidence["name"]),
        show.interval(evidence) if evidence["value"] is not None else show.ABSENT,
        show.number(control) if control is not None else show.ABSENT,
        rests_on(evidence),
        _marked(judged.code, judged.short),
    )


def _marked(code: str, words: str) -> Text:
    """A verdict as glyph and words; the colour only underlines them."""
    from rich.text import Text

    return Text(f"{MARKS.get(code, '-')} {words}", style={GOOD: "green", BAD: "red"}.get(code, ""))


def measure(name: str) -> str:
    """A measure in words; its name as programs call it is in the JSON document."""
    return in_words(name)


def show_comparison(face: Face, document: Document) -> None:
    """Cohorts side by side: what is told apart, then the groups. What is not is counted only."""
    names = [one["cohort"] for one in document["cohorts"]]
    show.sentences(face, "Note", document["notes"])
    told = [one for one in document["measures"] if one["worse"]]
    rows = [(measure(one["name"]), *(_compared(one, place) for place in range(len(names)))) for one in told]
    show.title(face, "told apart")
    nothing = "Nothing: wherever both were measured, the intervals overlap."
    show.table(face, ("measure", *names), rows, nothing, right=tuple(range(1, len(names) + 1)))
    others = len(document["measures"]) - len(told)
    face.out.print(f"[dim]{others} more measures: no difference is shown; intervals overlap, or there are none.[/dim]")
    face.out.print()
    show.title(face, "how large each group is, before (training data) and after")
    groups = [
        (f"{one['attribute'].replace('_', ' ')} {one['value']}", *map(_share, (one["training"], *one["shares"])))
        for one in document["groups"]
    ]
    right = tuple(range(1, len(names) + 2))
    show.table(face, ("group", "training", *names), groups, "No groups are known.", right=right)


def _compared(one: Document, place: int) -> Text | str:
    value = one["values"][place]
    if value is None or value["value"] is None:
        return show.ABSENT
    code = BAD if place in one["worse"] else GOOD if place in one["best"] else EVEN
    return _marked(code, show.number(value["value"]))


def _share(share: float | None) -> str:
    return show.ABSENT if share is None else f"{100 * share:.0f} %"


def show_gauge(face: Face, gauge: Document) -> None:
    """The weakest link of each scenario."""
    show.title(face, "privacy gauge (worst case of the interval; 0 is no leak, 1 is every record)")
    rows = [
        (scenario, band(one["band"]), one.get("reading"), measure(one["driver"]) if one.get("driver") else show.ABSENT)
        for scenario, one in gauge.items()
    ]
    show.table(face, ("who attacks", "risk", "reading", "driven by"), rows, "Not evaluated.", right=(2,))
    show.sentences(face, "Note", dict.fromkeys(spoken(one["note"]) for one in gauge.values() if one.get("note")))


def band(name: str) -> Text:
    """A band in its colour and in words; grey where nobody can know."""
    from rich.text import Text

    if name == "grey":
        return Text("not enough evidence", style="dim")
    return Text(name.replace("_", " "), style=STYLES.get(name, ""))
