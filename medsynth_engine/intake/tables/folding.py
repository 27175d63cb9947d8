"""One spelling for texts that look alike: what a name is compared by, never what is kept."""

from __future__ import annotations

import unicodedata

_LOOKALIKES = str.maketrans(
    "аеорсухіјѕһԁԛԝвкмнтгпαβεηικμνορτυχωøłđðıþ",
    "aeopcyxijshdqwbkmhtrnabenikmvoptuxwolddip",
) | {ord("æ"): "ae", ord("œ"): "oe"}
"""Letters of other alphabets that are drawn as Latin ones, and those that no normal form parts into base and mark."""
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "æ": "ae"})
_INVISIBLE = ("Cf", "Mn", "Me")


def folded(text: str) -> str:
    """Without case, accents, invisible characters, and the alphabet that a letter was borrowed from."""
    lowered = text.casefold()
    if lowered.isascii():
        return lowered
    plain = "".join(c for c in unicodedata.normalize("NFKD", lowered) if unicodedata.category(c) not in _INVISIBLE)
    return ascii_digits(plain.casefold().translate(_LOOKALIKES))


def spellings(text: str) -> set[str]:
    """`Müller` as `muller` and as `mueller`."""
    composed = unicodedata.normalize("NFC", text.casefold())
    return {folded(text), folded(composed.translate(_UMLAUTS))}


def ascii_digits(text: str) -> str:
    """Digits of all scripts as 0 to 9."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
