"""How many of a cohort's images carry text that could identify somebody. Counts in, values out; nothing is read."""

from __future__ import annotations

from dataclasses import dataclass

from medsynth_engine.evidence.intervals import wilson
from medsynth_engine.kernel.evidence import Evidence, not_enough

TEXT = "privacy.image.burned_in_text"
FORMS = "privacy.image.identifying_text"
ADVERSARY = "Anybody who looks at the images"
METHOD = (
    "A random sample, drawn with a seed, read by the intake's reader (PP-OCRv4) under the intake's rule: any word or "
    "number of three characters and more that is no radiographer's marker. Wilson interval; control: held-out real "
    "images at the same size."
)
FORMS_METHOD = (
    "The same sample and reader; of the text that was read only what has the form of a date, of a number of five "
    "digits, of a name (two words, or one of six letters), or of a label such as MRN with something behind it."
)
FIRST = 5
"""So many images are named by their number, for a person to look at."""


@dataclass(frozen=True)
class Looked:
    """What the reader found in one sample.

    there   images that there are to draw from
    read    how many were read; unread: how many could not be
    text    how many of those read carry text that could identify somebody, by the intake's rule
    forms   the number, counted from 1, of each record whose text has the form of an identifier
    """

    there: int
    read: int
    unread: int
    text: int
    forms: tuple[int, ...]


def exempt(side: int) -> list[Evidence]:
    """Of images whose shorter side is under `side` pixels."""
    why = f"images with a shorter side under {side} pixels carry no text that can be read; none was looked for."
    return [not_enough(TEXT, 0, "lower", why, METHOD, ADVERSARY)]


def burned_in_text(made: Looked, real: Looked) -> list[Evidence]:
    """The shares of `made`, a cohort's sample, with those of `real`, held-out images, as control (None without any)."""
    if not made.read:
        return [not_enough(TEXT, 0, "lower", "no image could be read.", METHOD, ADVERSARY)]
    sample = f"{made.read:,} images" + (f", a random sample of {made.there:,}" if made.there > made.read else "")
    lost = f" {made.unread:,} more could not be read." if made.unread else ""
    text = f"Text that could identify somebody was read in {made.text:,} of {sample}{_beside(real, real.text)}.{lost}"
    forms = (
        f"In {len(made.forms):,} of {made.read:,} images the text reads like a date, a number or a name"
        f"{_beside(real, len(real.forms))}. {_what_to_do(made.forms)}"
    )
    return [
        _told(TEXT, made.text, made, real.text, real, text, METHOD),
        _told(FORMS, len(made.forms), made, len(real.forms), real, forms, FORMS_METHOD),
    ]


def _beside(real: Looked, hits: int) -> str:
    return f", and in {hits / real.read:.1%} of {real.read:,} unseen real ones" if real.read else ""


def _what_to_do(forms: tuple[int, ...]) -> str:
    if not forms:
        return "One alone would close the gate for recipient and public."
    which = ", ".join(f"{number:,}" for number in forms[:FIRST])
    more = ", ..." if len(forms) > FIRST else ""
    return f"Look at record {which}{more} of the cohort: one is enough to close the gate for recipient and public."


def _told(name: str, hits: int, made: Looked, control: int, real: Looked, reads_as: str, method: str) -> Evidence:
    found = wilson(hits, made.read)
    beside = control / real.read if real.read else None
    return Evidence(name, found.value, found.low, found.high, beside, made.read, "lower", ADVERSARY, reads_as, method)
