"""What a number says about itself, in words: decided by its interval, never by its point.

One rule for every family, so that a screen, a report and a table can never say different things about one number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from medsynth_engine.kernel.measures import NET_OF_CONTROL

UNKNOWN, PLAIN, EVEN, GOOD, BAD = "unknown", "plain", "even", "good", "bad"
GOOD_WORDS = {"higher": "higher is better", "lower": "lower is better", "one": "1 is best", "zero": "0 is best"}

ONLY_SAID = "bias.against_"
"""Shares against something that was not the goal: a cohort that was rebalanced is off them on purpose."""

COPYING = -3.0
"""C_T is a z: from here down chance does not put records so near to training (Meehan et al. 2020)."""


@dataclass(frozen=True)
class Verdict:
    """code   one of the five above; short: two or three words for a table; says: a sentence."""

    code: str
    short: str
    says: str


NOT_ENOUGH = Verdict(UNKNOWN, "not enough", "Not enough evidence: too few records or patients stand behind it.")
NO_YARDSTICK = Verdict(PLAIN, "no yardstick", "There is nothing to hold it against: read the sentence.")
NO_INTERVAL = Verdict(PLAIN, "no interval", "It has no interval, so nothing is called on it: read the sentence.")

AS_REAL = Verdict(EVEN, "no gap shown", "It is no farther off than two sets of real data are from each other.")


def yardstick(evidence: Mapping[str, Any]) -> float | None:
    """What the number is held against: 1 or 0 where that is its goal, else its control; None where it has neither."""
    fixed = {"one": 1.0, "zero": 0.0}.get(str(evidence.get("direction")))
    if fixed is None and net_of_control(evidence):
        fixed = 0.0
    control = evidence.get("control")
    return fixed if fixed is not None or control is None else float(control)


def net_of_control(evidence: Mapping[str, Any]) -> bool:
    """Whether its control has been taken off the value already."""
    return str(evidence.get("name")).rpartition(".")[2] in NET_OF_CONTROL


def copies_below_zero(evidence: Mapping[str, Any]) -> bool:
    """Whether only one side of its 0 is bad: C_T, which is high of records that stay away from the data."""
    return str(evidence.get("name")).rpartition(".")[2] == "c_t"


def verdict(evidence: Mapping[str, Any]) -> Verdict:
    """Of a document of `Evidence`. A gap is called only where the whole 95 % interval lies on one side."""
    if evidence.get("value") is None:
        return NOT_ENOUGH
    low, high, against = evidence.get("low"), evidence.get("high"), yardstick(evidence)
    if low is None or high is None:
        return NO_YARDSTICK if against is None else NO_INTERVAL
    if against is None:
        return NO_YARDSTICK
    if copies_below_zero(evidence):
        return _copying(float(low), float(high))
    if evidence.get("direction") in ("one", "zero"):
        if not _beyond_real(evidence, against, float(low), float(high)):
            return AS_REAL
        found = _at(against, float(low), float(high))
        only_said = str(evidence.get("name")).startswith(ONLY_SAID)
        return replace(found, code=PLAIN) if found.code == BAD and only_said else found
    return _against(against, float(low), float(high), higher=evidence.get("direction") == "higher")


def _beyond_real(evidence: Mapping[str, Any], goal: float, low: float, high: float) -> bool:
    """Whether a distance is off its goal by more than real data itself is: two real sets are never at 0 either."""
    control = evidence.get("control")
    distance = str(evidence.get("name")).startswith("fidelity.") and evidence.get("direction") == "zero"
    if control is None or not distance or low <= goal <= high:
        return True
    return low > max(goal, float(control)) or high < min(goal, float(control))


def _at(goal: float, low: float, high: float) -> Verdict:
    if low <= goal <= high:
        return Verdict(EVEN, "no gap shown", f"The interval holds {goal:.0f}: no gap is shown.")
    side = "above" if low > goal else "below"
    return Verdict(BAD, f"{side} {goal:.0f}", f"The whole interval lies {side} {goal:.0f}.")


def _copying(low: float, high: float) -> Verdict:
    """Of C_T. Bad is what lies below 0 for certain and may be copying; above 3 it says nothing against privacy."""
    if low > -COPYING:
        return Verdict(
            PLAIN, "stays away", "The whole interval lies above 3: records stay away from the data, no copies."
        )
    if high >= 0:
        return Verdict(EVEN, "no copying shown", "The interval reaches 0 or more: no copying is shown.")
    if low >= COPYING:
        return Verdict(
            PLAIN, "rather near", "Nearer to training than unseen records, but no more than chance allows (-3)."
        )
    return Verdict(
        BAD, "below 0", "The whole interval lies below 0 and reaches below -3: near to training as copies are."
    )


def _against(control: float, low: float, high: float, higher: bool) -> Verdict:
    if low <= control <= high:
        return Verdict(
            EVEN, "no gap shown", f"The interval holds {control:.2g}, what it is held against: no gap is shown."
        )
    better = (low > control) is higher
    word = "better" if better else "worse"
    return Verdict(
        GOOD if better else BAD, word, f"The whole interval is {word} than {control:.2g}, what it is held against."
    )


def group_verdict(row: Mapping[str, Any]) -> Verdict:
    """Of one group of an evaluation's `bias` table: whether there are too many or too few of it for its goal."""
    ratio, low, high = (row.get(key) for key in ("ratio", "low", "high"))
    if ratio is None or low is None or high is None:
        return NOT_ENOUGH
    many = ratio > 1
    if row.get("flag") in ("amber", "red"):
        far = "far " if row["flag"] == "red" else ""
        words = f"{far}too {'many' if many else 'few'}"
        return Verdict(BAD, words, f"There are {words} of them, beyond chance and beyond what is tolerated.")
    if low <= 1 <= high:
        return Verdict(EVEN, "no gap shown", "The interval holds the goal: no gap is shown.")
    words = f"rather {'more' if many else 'fewer'}"
    return Verdict(
        PLAIN, words, f"There are {words} of them than the goal, beyond chance but within what is tolerated."
    )
