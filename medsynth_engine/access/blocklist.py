"""Which passwords are guessed first. Offline: the 19,640 most common ones; words people build passwords from; runs.

`common_passwords.txt.gz` is the list that Django ships and keeps (5.2; BSD licence beside it), made by Royce Williams
from Pwned Passwords. From 15 characters on nearly every leaked password is shorter; long weak ones are built from two
of them, or from the same words, runs and repeats. So those are refused too, and whatever little remains of.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

DEVELOPMENT_PASSWORDS = frozenset({"password123", "admin123", "auditor123"})
RUNS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm",
        "azertyuiop", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p")  # fmt: skip
LEAST_REST = 6
"""Different characters that must be left when the guessable parts are gone."""
_LOOKS_LIKE = str.maketrans("0134578@$!|", "oieastbasii")


def guessable(password: str, about_the_user: Iterable[str] = ()) -> bool:
    """True where little remains after everything that is guessed first is taken away.

    `about_the_user`: words such as the user's name and role.
    """
    plain = password.casefold()
    if plain in DEVELOPMENT_PASSWORDS or _repeats(plain) or _one_or_two_common(plain):
        return True
    words = sorted({*_common(), *(word.casefold() for word in about_the_user if len(word) > 2)}, key=len, reverse=True)
    spellings = (plain, plain.translate(_LOOKS_LIKE), re.sub(r"[\d\W_]", "", plain))
    return min(_rest(spelling, words) for spelling in spellings) < LEAST_REST


def _one_or_two_common(plain: str) -> bool:
    """True for a common password, or two in a row, whatever digits and signs stand between and around them."""
    spellings = (plain, re.sub(r"[\W_]", "", plain), re.sub(r"[\d\W_]", "", plain), plain.translate(_LOOKS_LIKE))
    known = common_passwords()
    return any(
        text in known or any(text[:cut] in known and text[cut:] in known for cut in range(3, len(text) - 2))
        for text in spellings
    )


def _rest(text: str, words: list[str]) -> int:
    """How many different characters are left without words, runs, years and punctuation."""
    for word in words:
        text = text.replace(word, " ")
    for piece in _run_pieces():
        text = text.replace(piece, " ")
    text = re.sub(r"(19|20)\d\d", " ", text)
    return len(set(re.sub(r"[\s\W_]", "", text)))


@cache
def common_passwords() -> frozenset[str]:
    """The most common passwords, in small letters; read at first use (10 ms)."""
    packed = Path(__file__).with_name("common_passwords.txt.gz").read_bytes()
    return frozenset(gzip.decompress(packed).decode().split("\n")) - {""}


@cache
def _common() -> frozenset[str]:
    return frozenset(Path(__file__).with_name("common_words.txt").read_text().split())


@cache
def _run_pieces() -> tuple[str, ...]:
    """Every run of three keys or letters and more, in both directions, the longest first."""
    lines = [line for run in RUNS for line in (run, run[::-1])]
    pieces = {line[a:b] for line in lines for a in range(len(line)) for b in range(a + 3, len(line) + 1)}
    return tuple(sorted(pieces, key=lambda piece: (-len(piece), piece)))


def _repeats(text: str) -> bool:
    """True for one short unit said over and over: aaaa, abcabcabc."""
    return any(text == (text[:unit] * len(text))[: len(text)] for unit in range(1, min(6, len(text) // 2) + 1))
