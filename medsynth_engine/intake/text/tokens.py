"""Which of the words read in a picture tell about a person, and which are a radiographer's markers.

Requirement A-15: any token of at least three characters that is no marker is burned-in text. A token's characters are
its letters and digits, so that 12/03 counts four; ideographs weigh two, because names of two are common. Alone, two
letters are what a texture is often read as; beside a marker or each other they are a name (NG BO), unless known.
"""

from __future__ import annotations

import itertools
import re
import unicodedata

SHORTEST = 3
SPELLED_OUT = 5
"""So many characters in a line's short tokens together are a word that was read in pieces (M U R P H Y)."""
MARKERS = frozenset(
    """
    L R LT RT LEFT RIGHT LI RE LINKS RECHTS LAT LATERAL MED MEDIAL AP PA AXIAL OBL OBLIQUE CC MLO LMLO RMLO LCC RCC
    RAO LAO RPO LPO LLD RLD DECUB DECUBITUS SUP SUPINE PRONE ERECT UPRIGHT STANDING SITTING SEMI SEMIERECT SEMIUPRIGHT
    PORTABLE PORT MOBILE BEDSIDE WB INSP INSPIRATION EXP EXPIRATION CXR CHEST ABD ABDOMEN
    DX SX IZQ DER SUPINO SUPINA PRONO SEDUTO LIEGEND STEHEND SITZEND PORTATIL
    """.split()  # noqa: SIM905  a list of words reads better
)
LOOKS_LIKE = str.maketrans("0158|!", "OISBII")
"""Digits and strokes that are read for letters."""
TOKEN = re.compile(r"[^\s,;]+")


def telling(line: str) -> bool:
    """Whether a line of text holds anything but markers and odd characters."""
    tokens = TOKEN.findall(line)
    left = [token for token in tokens if not is_marker(token)]
    weights = [_weight(token) for token in left]
    words = sum(_is_word(token) for token in left)
    beside = words > 1 or (words == 1 and any(_weight(token) and is_marker(token) for token in tokens))
    return beside or any(weight >= SHORTEST for weight in weights) or sum(weights) >= SPELLED_OUT


def only_markers(line: str) -> bool:
    """Whether every token of a line is a marker."""
    return all(is_marker(token) for token in TOKEN.findall(line))


def is_marker(token: str) -> bool:
    """Whether a token is a marker, or several of them run or hyphened together (APPORTABLE, SEMI-ERECT)."""
    parts = [_letters(part) for part in re.split(r"[^\w|!]+", token)]
    return all(part in MARKERS or _run_together(part) for part in parts if part)


def _letters(part: str) -> str:
    folded = unicodedata.normalize("NFKC", part).upper()
    read = folded.translate(LOOKS_LIKE)
    return read if not folded.isdigit() else folded  # 150 is a number, no ISO


def _run_together(word: str) -> bool:
    """Two or three markers without a blank, one of which has at least four letters: PAL may be somebody's name."""
    for cuts in itertools.chain(
        itertools.combinations(range(1, len(word)), 1), itertools.combinations(range(1, len(word)), 2)
    ):
        parts = [word[start:end] for start, end in itertools.pairwise((0, *cuts, len(word)))]
        if all(part in MARKERS for part in parts) and max(map(len, parts)) >= 4:
            return True
    return False


def _is_word(token: str) -> bool:
    """Whether a token is letters, and more than one."""
    signs = [sign for sign in token if sign.isalnum()]
    return len(signs) > 1 and all(sign.isalpha() for sign in signs)


def _weight(token: str) -> int:
    return sum(2 if unicodedata.category(sign) == "Lo" else 1 for sign in token if sign.isalnum())
