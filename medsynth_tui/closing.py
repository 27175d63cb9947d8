"""What an evaluation comes to, in three sentences and the next command: faithful, fair, private. Pure functions.

It repeats the verdicts of the tables (`kernel.verdicts`) and the bands of the gauge; nothing is weighed anew. A band
alone hides what the tables show, and a count is the same for a poor and a good generator: so the crosses under privacy,
the Fréchet ratio and what a classifier learns from it are told with their figures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from medsynth_engine.kernel.escape import plain
from medsynth_engine.kernel.measures import in_words
from medsynth_engine.kernel.verdicts import BAD, UNKNOWN, verdict, yardstick
from medsynth_tui.words import BANDS, number

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
RATIO = "fidelity.fd_ratio"
"""Named first, with its figure: how many measures are worse says nothing of how much."""
TAUGHT = {"images": "utility.tstr_auc", "rows": "utility.rows.tstr_auc"}
Evaluation = Mapping[str, Any]


def conclusions(document: Evaluation) -> list[tuple[str, str]]:
    """Label and sentence of each of the three; a family of which nothing was measured says so."""
    return [
        ("Faithful", _faithful(document)),
        ("Fair", _family(document, "bias", "off their goal", "no gap is shown")),
        ("Private", _private(document)),
    ]


def next_step(document: Evaluation) -> str:
    """The command that follows: what stands in the way and helps, or the assessment."""
    bands = _bands(document.get("gauge") or {})
    cohort = plain(document.get("cohort") or "COHORT", 80)
    if not bands or set(bands.values()) & set(UNSAFE):
        return f"medsynth gate show {cohort}"
    return f"medsynth pia draft {cohort}"


def _faithful(document: Evaluation) -> str:
    """Also what a classifier makes of it, which no distance says."""
    alike = _family(document, "fidelity", "worse than real data would be", "no gap to real data is shown")
    found = {one["name"]: one for one in document.get("evidence") or () if one.get("value") is not None}
    taught = [
        f"{number(found[name]['value'])} on {medium}{_against(found[name], ' (real data: ')})"
        for medium, name in TAUGHT.items()
        if name in found and yardstick(found[name]) is not None
    ]
    return f"{alike[:-1]}; a classifier trained on it reaches AUC {', '.join(taught)}." if taught else alike


def _family(document: Evaluation, family: str, wrong: str, right: str) -> str:
    own = _of(document, family)
    codes = [verdict(one).code for one in own]
    bad = [one for one, code in zip(own, codes, strict=True) if code == BAD]
    unknown = codes.count(UNKNOWN)
    known = len(own) - unknown
    unsure = f"; of {unknown} more there is not enough evidence" if unknown else ""
    if not known:
        return "not known: nothing was measured that has enough behind it."
    if not bad:
        ratio = next((f", at a Fréchet ratio of {number(one['value'])}" for one in own if _measured(one, RATIO)), "")
        return f"{right} in {known} measure{'' if known == 1 else 's'}{ratio}{unsure}."
    return f"{len(bad)} of {known} measures are {wrong}: {_names(bad)}{unsure}."


def _of(document: Evaluation, family: str) -> list[Mapping[str, Any]]:
    """The evidence of one family, the Fréchet ratio first."""
    own = [one for one in document.get("evidence") or () if one["name"].startswith(f"{family}.")]
    return sorted(own, key=lambda one: one["name"] != RATIO)


def _measured(one: Mapping[str, Any], name: str) -> bool:
    return bool(one["name"] == name and one.get("value") is not None)


def _names(bad: Sequence[Mapping[str, Any]], figures: bool = False) -> str:
    """The first of them in words; the Fréchet ratio, and with `figures` each, with its number and what it should be."""
    names = []
    for one in bad[:NAMED]:
        told = ASIDE.sub("", in_words(one["name"]))
        shown = figures or one["name"] == RATIO
        names.append(f"{told} {number(one['value'])}{_against(one, ' against ')}" if shown else told)
    return ", ".join(names) + (f" and {len(bad) - NAMED} more" if len(bad) > NAMED else "")


def _against(one: Mapping[str, Any], words: str) -> str:
    held = yardstick(one)
    return "" if held is None else f"{words}{number(held)}"


def _bands(gauge: Mapping[str, Any]) -> dict[str, str]:
    return {scenario: str(gauge[scenario].get("band") or "grey") for scenario in WHO if scenario in gauge}


def _private(document: Evaluation) -> str:
    """Attackers of one band share a clause; then the measures that are worse, which a grey band would hide."""
    gauge = document.get("gauge") or {}
    bands = _bands(gauge)
    clauses = [] if bands else ["not known: the gauge has nothing to read"]
    for band in dict.fromkeys(bands.values()):
        its = [scenario for scenario, each in bands.items() if each == band]
        who = "any of the three attackers" if len(its) == len(WHO) else ", ".join(WHO[scenario] for scenario in its)
        driver = gauge[its[0]].get("driver")
        if band == "grey":
            clauses.append(f"not enough evidence on {who}")
        else:
            clauses.append(f"{BANDS.get(band, band)} risk from {who}" + (f" ({in_words(driver)})" if driver else ""))
    bad = [one for one in _of(document, "privacy") if verdict(one).code == BAD]
    if bad:
        are = "measure is" if len(bad) == 1 else "measures are"
        clauses.append(f"{len(bad)} {are} worse than where nothing leaks: {_names(bad, figures=True)}")
    return "; ".join(clauses) + "."
