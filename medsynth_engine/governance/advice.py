"""What makes a grey needle speak: by why it is grey, which attack is too wide, and what the audience allows."""

from __future__ import annotations

import re

from medsynth_engine.evidence.gauge import FEWEST_PATIENTS, component
from medsynth_engine.governance.asked import GateInputs
from medsynth_engine.kernel.measures import in_words

BY_RECORDS = ("close_match", "copies", "identical", "store_copies", "store_identical")
"""Attacks whose interval narrows with the cohort's records; that of any other needs held-out patients."""
HELD_OUT = {"recipient": 600, "public": 2_000}
"""So many held-out patients ended in a band that the audience allows (measured: docs/evidence.md)."""
BETTER = "Train shorter or with more patients, or use larger leaves for the rows; then draw and evaluate again"


def what_helps(inputs: GateInputs, limit: float) -> str:
    """A sentence without its full stop. The reason is read from the gauge's note, also of an earlier program's.

    limit  the audience wants the needle under it: of an attack whose value is above it a narrower interval is of no
           use, and of one that only reaches above it more records are not promised to do
    """
    note = inputs.note
    if "cannot speak for the generator" in note:
        return "Evaluate a cohort at least as large as the training data"
    if "is wider than" in note:
        return _narrower(inputs, limit)
    if "could not be measured" in note or "no attack could be measured" in note:
        return "Evaluate a larger cohort, or use more held-out patients, so that every attack can be measured"
    return f"Use more held-out patients: at least {FEWEST_PATIENTS}{_for_the_audience(inputs)}"


def _narrower(inputs: GateInputs, limit: float) -> str:
    measured = [one for one in inputs.evidence if ".white_box." not in one.name]
    attacks = sorted(filter(None, map(component, measured)), key=lambda one: -one.value)
    allows = f"and the audience {inputs.audience} allows less than {limit:.2f}. {BETTER}"
    if attacks and attacks[0].value >= limit:
        worst = attacks[0]
        return f"A narrower interval does not help: “{in_words(worst.name)}” is {worst.value:.2f}, {allows}"
    found = re.search(r"the interval of (\S+) is wider", inputs.note)
    name = found[1] if found else ""
    called = f"“{in_words(name)}”" if name else "the attack"
    if not name.endswith(BY_RECORDS):
        return (
            f"Use {_more(inputs)}{_for_the_audience(inputs)}. "
            f"They make the interval of {called} narrower; a larger cohort does not"
        )
    high = next((one.high for one in attacks if one.name == name), 0.0)
    if high < limit:
        return f"Evaluate a larger cohort: its records make the interval of {called} narrower"
    return f"Do not count on a larger cohort: {called} reaches {high:.2f}, {allows}"


def _more(inputs: GateInputs) -> str:
    held = re.search(r"This holdout \((\d+) patients\)", inputs.note)
    if held and int(held[1]) >= FEWEST_PATIENTS:
        return f"more held-out patients than the {held[1]} of now"
    return f"more held-out patients than now (at least {FEWEST_PATIENTS})"


def _for_the_audience(inputs: GateInputs) -> str:
    enough = HELD_OUT.get(inputs.audience)
    return f"; about {enough:,} were enough for {inputs.audience} where it was measured" if enough else ""
