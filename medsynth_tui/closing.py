"""What an evaluation comes to, in three sentences and the next command: faithful, fair, private. Pure functions.

It repeats the verdicts of the tables (`kernel.verdicts`) and the bands of the gauge; nothing is weighed anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from medsynth_engine.kernel.escape import plain
from medsynth_engine.kernel.measures import in_words
from medsynth_engine.kernel.verdicts import BAD, UNKNOWN, verdict
from medsynth_tui.words import BANDS

ASIDE = re.compile(r" \(.*?\)")
NAMED = 3
"""So many of what is off are named; the tables have all of them."""
UNSAFE = ("high", "critical", "grey")
"""Bands of which the gate has something to say before anybody writes an assessment."""
WHO = {
    "data": "who holds the cohort",
    "generator": "who holds the generator too",
    "insider": "who knows records besides",
}
Evaluation = Mapping[str, Any]


def conclusions(document: Evaluation) -> list[tuple[str, str]]:
    """Label and sentence of each of the three; a family of which nothing was measured says so."""
    return [
        ("Faithful", _family(document, "fidelity", "worse than real data would be", "no gap to real data is shown")),
        ("Fair", _family(document, "bias", "off their goal", "no gap is shown")),
        ("Private", _private(document.get("gauge") or {})),
    ]


def next_step(document: Evaluation) -> str:
    """The command that follows: what stands in the way and helps, or the assessment."""
    bands = _bands(document.get("gauge") or {})
    cohort = plain(document.get("cohort") or "COHORT", 80)
    if not bands or set(bands.values()) & set(UNSAFE):
        return f"medsynth gate show {cohort}"
    return f"medsynth pia draft {cohort}"


def _family(document: Evaluation, family: str, wrong: str, right: str) -> str:
    own = [one for one in document.get("evidence") or () if one["name"].startswith(f"{family}.")]
    codes = [verdict(one).code for one in own]
    bad = [one for one, code in zip(own, codes, strict=True) if code == BAD]
    unknown = codes.count(UNKNOWN)
    known = len(own) - unknown
    unsure = f"; of {unknown} more there is not enough evidence" if unknown else ""
    if not known:
        return "not known: nothing was measured that has enough behind it."
    if not bad:
        return f"{right} in {known} measure{'' if known == 1 else 's'}{unsure}."
    return f"{len(bad)} of {known} measures are {wrong}: {_names(bad)}{unsure}."


def _names(bad: Sequence[Mapping[str, Any]]) -> str:
    names = ", ".join(ASIDE.sub("", in_words(one["name"])) for one in bad[:NAMED])
    return names + (f" and {len(bad) - NAMED} more" if len(bad) > NAMED else "")


def _bands(gauge: Mapping[str, Any]) -> dict[str, str]:
    return {scenario: str(gauge[scenario].get("band") or "grey") for scenario in WHO if scenario in gauge}


def _private(gauge: Mapping[str, Any]) -> str:
    """Attackers of one band share a clause."""
    bands = _bands(gauge)
    if not bands:
        return "not known: the gauge has nothing to read."
    clauses = []
    for band in dict.fromkeys(bands.values()):
        its = [scenario for scenario, each in bands.items() if each == band]
        who = "any of the three attackers" if len(its) == len(WHO) else ", ".join(WHO[scenario] for scenario in its)
        driver = gauge[its[0]].get("driver")
        if band == "grey":
            clauses.append(f"not enough evidence on {who}")
        else:
            clauses.append(f"{BANDS.get(band, band)} risk from {who}" + (f" ({in_words(driver)})" if driver else ""))
    return "; ".join(clauses) + "."
