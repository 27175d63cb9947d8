"""The self-test's document in lines of at most eighty characters."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

MOST_PLACES = 12


def lines(document: dict[str, Any]) -> Iterator[str]:
    """What was planted, what came out, and the score; plain ASCII, so that any terminal shows it."""
    yield "Planted identifiers, and where any of them came out again"
    yield f"{'':<32}{'places':>8}{'canaries':>10}{'leaked':>8}"
    for one in document["families"]:
        yield f"  {one['what']:<30}{one['places']:>8}{one['canaries']:>10}{len(one['leaked']):>8}"
        for place in one["leaked"][:MOST_PLACES]:
            yield f"      leaked: {place}"
    searched = document["searched"]
    yield f"Searched: {searched['files']} files, {searched['bytes'] / 1e6:.1f} MB, and all that was said."
    for name in document["astray"]:
        yield f"Not taken in as it should be, so nothing is proved: {name} {document['outcomes'].get(name)}"
    yield ""
    score = document["score"]
    yield f"Score in the manner of MIDI-B: {score['score']:.2%} ({score['passed']} of {score['checks']} checks)"
    yield f"  {'action':<18}{'group':<16}{'passed':>8}{'checks':>8}"
    for one in score["actions"]:
        counts = f"{one['passed']:>8}{one['checks']:>8}" if one["checks"] else f"{'not applicable':>16}"
        yield f"  {one['action']:<18}{one['group']:<16}{counts}"
    yield ""
    yield from textwrap.wrap(document["note"], 80)
    rules = document["rules"]
    yield f"Rules: {rules['standard']}, edition {rules['edition']}, {rules['rows']} rows"
    yield f"       SHA-256 {rules['sha256']}"
    verdict = "De-identification holds" if document["ok"] else "DE-IDENTIFICATION DOES NOT HOLD"
    yield f"{verdict} ({document['seconds']} s)."
