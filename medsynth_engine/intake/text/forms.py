"""Whether a line that was read has the form of an identifier: a date, a long number, a name, a label with something.

`tokens.telling` is wide on purpose, because a person looks at what it flags. Where nobody looks, as with synthetic
pictures by the hundred, a texture that is read as four letters must not count as much as a date does.
"""

from __future__ import annotations

import re
import unicodedata

from medsynth_engine.intake.text.tokens import is_marker

WORD = 3
"""Letters of a name's shortest word, where another such word stands beside it."""
ALONE = 6
"""Letters of a word that counts by itself: a surname, or two names whose blank was not read."""
IDEOGRAPHS = 2
_MONTH = "jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"\d{1,4}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{2,4}",  # 12/03/1957
        rf"(?<!\d)\d{{1,2}}\W{{0,2}}(?:{_MONTH})|(?<![^\W\d_])(?:{_MONTH})[^\W\d_]*\W{{0,2}}\d{{1,4}}",  # 16 Sept
        r"\d(?:[ ./-]?\d){4}",  # 88213-04
        r"(?<![^\W\d_])(?:name|patient|dob|born|geb|mrn|nhs|ssn|accession)\W*[^\W_]",  # MRN: 4
    )
)
_LETTERS = re.compile(r"[^\W\d_]+")


def has_form(line: str) -> bool:
    """Whether a line reads like something that names, numbers or dates a person. Markers alone do not."""
    left = " ".join(token for token in line.split() if not is_marker(token))
    return any(form.search(left) for form in _FORMS) or _is_name(left)


def _is_name(line: str) -> bool:
    words = [word for word in _LETTERS.findall(line) if len(word) >= WORD and not is_marker(word)]
    ideographs = sum(unicodedata.category(sign) == "Lo" for sign in line)
    return len(words) > 1 or any(len(word) >= ALONE for word in words) or ideographs >= IDEOGRAPHS
