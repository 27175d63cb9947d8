"""The drawn characters of the studio: UTF-8 where the terminal can, ASCII where it cannot."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

TYPOGRAPHY = str.maketrans(
    {
        **dict.fromkeys("─━╌┄╴╶═", "-"),
        **dict.fromkeys("│┃╎┆║▏▕▎▍", "|"),
        **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯╞╡╪┏┓┗┛┠┨┯┷", "+"),
        **dict.fromkeys("█▉▊▋▌▐▀▄■", "#"),
        **dict.fromkeys("▁▂▃▅▆▇░▒▓", ":"),
        **dict.fromkeys("·•●∙", "*"),
        **dict.fromkeys("‹◀◂←", "<"),
        **dict.fromkeys("›▶▸→⏵", ">"),
        **dict.fromkeys("▲↑", "^"),
        **dict.fromkeys("▼▾↓", "v"),
        "◆": "%",
        **dict.fromkeys("‘’", "'"),
        **dict.fromkeys("“”", '"'),
        "…": ".",
        "–": "-",
        "—": "-",
        "✓": "+",
        "✗": "x",
        "×": "x",
        "≥": ">",
        "≤": "<",
        "⭘": "o",
        "é": "e",
    }
)
"""One column each, so that a translated screen keeps its shape."""


@dataclass(frozen=True)
class Glyphs:
    """What a drawing needs; every value is one column wide but `trail`."""

    ascii: bool
    full: str
    empty: str
    tick: str
    cross: str
    dot: str
    needle: str
    rule: str
    span: str
    left: str
    right: str
    up: str
    ellipsis: str
    trail: str
    marker: str
    """What the charts are drawn with, in plotext's own word."""

    def text(self, words: str) -> str:
        """`words` as this terminal can show them: unchanged, or with every character that is not ASCII replaced."""
        return words if not self.ascii else to_ascii(words)


UNICODE = Glyphs(False, "█", "░", "✓", "✗", "·", "▼", "─", "━", "‹", "›", "↑", "…", " › ", "braille")
ASCII = Glyphs(True, "#", ".", "+", "x", "*", "v", "-", "=", "<", ">", "^", ".", " > ", "dot")


def to_ascii(words: str) -> str:
    """Typography by its likeness, everything else that is not ASCII as `?`; the number of characters stays."""
    if words.isascii():
        return words
    return words.translate(TYPOGRAPHY).encode("ascii", "replace").decode("ascii")


def choose(ascii_wanted: bool) -> Glyphs:
    """ASCII where it was asked for, where the locale cannot carry UTF-8, or on a console without the fonts."""
    encoding = (sys.stderr.encoding or "ascii").lower().replace("-", "") if sys.stderr else "ascii"
    poor = os.environ.get("TERM", "") in ("linux", "vt100", "vt102", "vt220")
    utf8 = encoding.startswith("utf8") and not says_no_utf8(os.environ)
    return UNICODE if utf8 and not (ascii_wanted or poor) else ASCII


def says_no_utf8(environment: Mapping[str, str]) -> bool:
    """Whether the locale names another character set than UTF-8, or `C`. Nothing named: the terminal is believed.

    Python writes UTF-8 under `C` and where a locale is not installed (PEP 538 and 540), and then has put `C.UTF-8` into
    LC_CTYPE itself: there it is LANG that somebody said.
    """
    said = [environment.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG")]
    if said[1] == "C.UTF-8":
        said[1] = "" if said[2] else said[1]
    locale = next((each for each in said if each), "").upper()
    charset = locale.partition(".")[2].partition("@")[0].replace("-", "")
    return locale in ("C", "POSIX") or bool(charset and charset != "UTF8")
