"""What a number says about itself, in words: decided by its interval, never by its point.

One rule for every family, so that a screen, a report and a table can never say different things about one number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

UNKNOWN, PLAIN, EVEN, GOOD, BAD = "unknown", "plain", "even", "good", "bad"
GOOD_WORDS = {"higher": "higher is better", "lower": "lower is better", "one": "1 is best", "zero": "0 is best"}


@dataclass(frozen=True)
class Verdict:
    """code   one of the five above; short: two or three words for a table; says: a sentence."""

    code: str
    short: str
    says: str


NOT_ENOUGH = Verdict(UNKNOWN, "not enough", "Not enough evidence: too few records or patients stand behind it.")
NO_YARDSTICK = Verdict(PLAIN, "no yardstick", "There is nothing to hold it against: read the sentence.")
NO_INTERVAL = Verdict(PLAIN, "no interval", "It has no interval, so nothing is called on it: read the sentence.")


def verdict(evidence: Mapping[str, Any]) -> Verdict:
    """Of a document of `Evidence`. A gap is called only where the whole 95 % interval lies on one side."""
    if evidence.get("value") is None:
        return NOT_ENOUGH
    low, high, control = (evidence.get(key) for key in ("low", "high", "control"))
    if low is None or high is None:
        return NO_YARDSTICK if control is None else NO_INTERVAL
    direction = evidence.get("direction")
    if direction in ("one", "zero"):
        return _at(1.0 if direction == "one" else 0.0, float(low), float(high))
    if control is None:
        return NO_YARDSTICK
    return _against(float(control), float(low), float(high), higher=direction == "higher")


def _at(goal: float, low: float, high: float) -> Verdict:
    if low <= goal <= high:
        return Verdict(EVEN, "no gap shown", f"The interval holds {goal:.0f}: no gap is shown.")
    side = "above" if low > goal else "below"
    return Verdict(BAD, f"{side} {goal:.0f}", f"The whole interval lies {side} {goal:.0f}.")


def _against(control: float, low: float, high: float, higher: bool) -> Verdict:
    if low <= control <= high:
        return Verdict(EVEN, "no gap shown", "The interval holds the control: no gap to it is shown.")
    better = (low > control) is higher
    word = "better" if better else "worse"
    return Verdict(GOOD if better else BAD, word, f"The whole interval is {word} than the control.")
