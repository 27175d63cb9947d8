"""What the gate says, in lines: open or closed, and for each reason what can be done about it."""

from __future__ import annotations

from typing import Any

from textual.content import Content

from medsynth_tui.words import count, said


def gate_lines(verdict: dict[str, Any]) -> list[Content]:
    """Of a `gate_show` document."""
    reasons = verdict.get("reasons") or []
    if verdict["open"]:
        marks = ", ".join(said(mark) for mark in verdict.get("marks") or [])
        words = [Content.assemble(("The gate is open. ", "bold $success"), "Every export is recorded for ever.")]
        if marks:
            words.append(Content.assemble(("It will bear the mark: ", "$muted"), (marks, "bold $warning")))
    else:
        plural = "reason" if len(reasons) == 1 else "reasons"
        words = [Content.assemble((f"The gate is closed, for {count(len(reasons))} {plural}.", "bold $error"))]
    for each in reasons:
        words += [
            Content(""),
            Content.assemble(("- ", "$error"), said(each["why"], 500)),
            Content.assemble(("  What to do: ", "$accent"), (said(each["what_to_do"], 500), "$foreground")),
        ]
    return words
