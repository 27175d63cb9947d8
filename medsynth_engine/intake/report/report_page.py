"""The report of one intake as a page for a data protection officer: one HTML file, no network, no script.

Light: it knows documents only, and no table is loaded for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from medsynth_engine.intake.reasons import outcome, sentence
from medsynth_engine.kernel.escape import plain
from medsynth_engine.kernel.page import WARNINGS, template
from medsynth_engine.kernel.small_cells import SMALLEST

LIMITS = (
    "What is stored are pixels and typed values of allow-listed columns. Files, headers, names and free text are not.",
    "The self-check looks for identifiers in the bytes of what is written. It does not read text that is burned into "
    "pixels: the text check does, it can miss handwriting and small or rotated print, and a person has the last word.",
    "Pictures with a shorter side under 96 pixels carry no readable text and are exempt from that check.",
    "A face, a rare finding, an implant or a body shape can single a person out without any name.",
    "Removing the eighteen categories of Safe Harbor is one way of de-identification under 45 CFR 164.514(b). It does "
    "not make data anonymous under the GDPR: whoever holds the store's key can link a pseudonym to its patient.",
    "The best tools of the field still miss about 7 in 10,000 actions (MIDI-B, 2025): automatic is not enough.",
)
"""What nobody should read into the report."""
LEVELS = f"Levels with at least {SMALLEST} patients"
"""What a stored dataset tells of its levels (work/dataset_row.py): rarer ones are in no document."""
KINDS_SHOWN = 12
SERIES_SHOWN = 30


def html(document: Mapping[str, Any], marks: Sequence[str] = ()) -> str:
    """The whole page as text.

    document  of `datasets scan`, `datasets add` or `datasets show`; keys that are missing are left out. Raw values of
              a table (`value_maps`, `unreadable`) are shown where the document has them, so a page for others is made
              from a document without.
    marks     DEVELOPMENT, SIMULATED
    """
    filters = {"plain": lambda text: plain(str(text), 1_000), "words": _words, "count": _count}
    return template("medsynth_engine.intake.report", "", "report_page.html", **filters).render(
        document=document,
        name=document.get("dataset") or "a scan",
        warnings=[(mark, WARNINGS.get(mark, "")) for mark in marks],
        facts=_facts(document),
        outcomes=[(name, document.get(name, 0)) for name in ("submitted", "accepted", "quarantined", "rejected")],
        reasons=[(code, outcome(code), count, sentence(code)) for code, count in _of(document, "reasons").items()],
        folds=[
            (words, document.get(name))
            for name, words in (("train", "for training"), ("validation", "for validation"), ("holdout", "held out"))
        ],
        columns=[
            {**column, "levels": len(column.get("values") or ()) or ""}
            for column in _of(document, "schema").get("columns") or []
        ],
        levels=LEVELS if "composition" in document else "Levels",
        image=_of(document, "schema").get("image"),
        dropped=_of(document, "dropped_columns"),
        value_maps={role: read for role, read in _of(document, "value_maps").items() if read},
        unreadable={name: values for name, values in _of(document, "unreadable").items() if values},
        rules=document.get("rules") or {},
        series=(document.get("series") or [])[:SERIES_SHOWN],
        series_left=max(0, len(document.get("series") or []) - SERIES_SHOWN),
        limits=LIMITS,
        most=KINDS_SHOWN,
    )


def _of(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    return document.get(key) or {}


def _facts(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    named = (("version", "Version"), ("owner", "Brought in by"), ("created", "Brought in"))
    return [(label, plain(str(document[key]), 80)) for key, label in named if document.get(key) is not None]


def _words(code: Any) -> str:
    return plain(str(code), 200).replace("_", " ")


def _count(number: Any) -> str:
    return "–" if number is None else f"{number:,}".replace(",", "\u202f") if isinstance(number, int) else str(number)
