"""An assessment as one HTML file: no network, no script; each signature stands beside the digest that it is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from db.canonical import digest
from medsynth_engine.governance.rounded import rounded
from medsynth_engine.kernel.escape import plain
from medsynth_engine.kernel.page import WARNINGS, template

SIGNED = {
    "submit": "submitted it",
    "concur": "concurs",
    "dissent": "dissents",
    "approve": "approved it",
    "return": "sent it back",
    "reject": "rejected it",
    "withdraw": "withdrew it",
}


def html(
    shown: Mapping[str, Any], document: Mapping[str, Any], texts: Sequence[str], at: datetime, marks: Sequence[str] = ()
) -> str:
    """The whole page.

    shown     where the assessment stands: the answer of `pia_show`
    document  its text as it is kept, over which `shown["digest"]` was computed
    texts     digests of every text that was submitted; a signature over another one is told as that
    at        when the page was made, aware UTC
    Raises ValueError where the digest is not the text's: a page never shows a signature beside another text.
    """
    if digest(document) != shown["digest"]:
        raise ValueError("the assessment's digest is not that of its text")
    page = template("medsynth_engine.governance", "templates", "assessment.html", plain=_plain)
    return page.render(
        shown=shown,
        evidence=rounded(document["evaluation"])["evidence"],
        signed=[
            {**each, "words": SIGNED.get(each["kind"], each["kind"]), "about": _about(each["digest"], shown, texts)}
            for each in shown["signatures"]
        ],
        warnings=[(mark, WARNINGS.get(mark, "")) for mark in marks],
        at=at,
    )


def _plain(text: object) -> str:
    return plain(str(text), 6_000)


def _about(signed: str, shown: Mapping[str, Any], texts: Sequence[str]) -> str:
    """Which text a signature is over."""
    if signed == shown["digest"]:
        return "this text"
    return "an earlier text of it" if signed in texts else "a text that is not kept"
