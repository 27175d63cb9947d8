"""Which of the words read in a picture tell about a person, and which are a radiographer's markers.

Requirement A-15: any token of at least three characters that is no marker is burned-in text. A token's characters are
its letters and digits, so that 12/03 counts four; ideographs weigh two, because names of two are common.
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
    left = [token for token in TOKEN.findall(line) if not is_marker(token)]
    weights = [_weight(token) for token in left]
    return any(weight >= SHORTEST for weight in weights) or sum(weights) >= SPELLED_OUT


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


def _weight(token: str) -> int:
    return sum(2 if unicodedata.category(sign) == "Lo" else 1 for sign in token if sign.isalnum())
