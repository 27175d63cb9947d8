"""Postcodes of the United States cut to three digits, where a person asks for it (45 CFR 164.514(b)(2)(i)(B)).

Three digits that stand for 20,000 people or fewer become 000: the union of the lists for the censuses of 2000 (in HHS's
guidance on de-identification, 26 November 2012) and 2010. Postcodes of other countries have no such rule: they stay
dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from medsynth_engine.intake.tables.words import listed

RESTRICTED = listed("036 059 063 102 203 205 369 556 692 753 772 790 821 823 830 831 878 879 884 890 893")
NAMED = listed("zip zipcode zip5 zip9 zip3")
"""Only a column called so is one of the United States: five digits are a postcode in many countries."""
_ZIP = re.compile(r"(\d{5})([- ]?\d{4})?")
_CUT = re.compile(r"(\d{4})(-\d{4})?")
"""A spreadsheet took the leading 0 away."""
_THREE = re.compile(r"\d{3}")
ENOUGH = 0.9


def is_zip(words: Iterable[str]) -> bool:
    """Whether the words of a column's name say that it holds ZIP codes."""
    given = list(words)
    return bool(NAMED & {*given, "".join(given)})


def zip3(words: Iterable[str]) -> dict[str, str] | None:
    """Cleaned word -> its first three digits, 000 for the restricted; None where the column holds something else."""
    every = list(words)
    read = {}
    for word in every:
        bare = word.removesuffix(".0")
        found = _ZIP.fullmatch(bare)
        cut = _CUT.fullmatch(bare)
        if found:
            first = found[1][:3]
        elif cut:
            first = "0" + cut[1][:2]
        elif _THREE.fullmatch(bare):
            first = bare
        else:
            continue
        read[word] = "000" if first in RESTRICTED else first
    return read if read and len(read) >= ENOUGH * len(every) else None
