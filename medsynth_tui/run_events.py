"""What happens to a training beside its curves, in signs and words: they stand on the charts' axes and in a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from medsynth_tui.words import number, said


@dataclass(frozen=True)
class Kind:
    """`sign` is a letter, so that nobody has to tell marks by their colour (`role`); `word` stands beside the cursor.

    Where several happened in one place of an axis, the one that comes later in `KINDS` is seen.
    """

    sign: str
    word: str
    role: str


KINDS = {
    "checkpoint": Kind("c", "checkpoint", "muted"),
    "best": Kind("b", "best so far", "success"),
    "pause": Kind("p", "paused", "foreground"),
    "resume": Kind("r", "resumed", "accent"),
    "finish": Kind("f", "finished", "foreground"),
    "stop": Kind("s", "stopped", "warning"),
    "half_batch": Kind("h", "micro-batch halved", "warning"),
    "roll_back": Kind("u", "rolled back", "error"),
    "early_stop": Kind("e", "stopped early", "error"),
}
WEIGHTS = {what: place for place, what in enumerate(KINDS)}
UNKNOWN = Kind("?", "something else", "foreground")


def kind_of(event: Mapping[str, Any]) -> Kind:
    return KINDS.get(str(event.get("what")), UNKNOWN)


def weight(event: Mapping[str, Any]) -> int:
    """Which of several in one place is seen: the greatest."""
    return WEIGHTS.get(str(event.get("what")), -1)


def sentence(event: Mapping[str, Any]) -> str:
    """What happened, with what the training said of it."""
    what, why = str(event.get("what")), said(event.get("why"), 300) if event.get("why") else ""
    ratio = event.get("fd_ratio_validation")
    if what == "best":
        return f"Best generator so far{'' if ratio is None else f': Fréchet ratio {number(ratio)}'}."
    if what == "half_batch":
        return f"Memory was short: {number(event.get('micro'))} images at a time from here on, the same batch in all."
    if what == "roll_back":
        return "Losses were no longer numbers: back to the last checkpoint, at half the learning rate."
    if what == "early_stop":
        return f"Stopped early. {why}".strip()
    if what == "resume":
        spent = f" Epsilon spent so far: {number(event['epsilon'])}." if event.get("epsilon") is not None else ""
        return f"Taken up again from its checkpoint.{spent}"
    words = {
        "checkpoint": "Checkpoint written.",
        "pause": "Paused.",
        "stop": f"Stopped. {why}",
        "finish": f"Finished. {why}",
    }
    return words.get(what, said(what, 60)).strip()
