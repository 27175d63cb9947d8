"""Whether the terminal may hand on what is put on its clipboard by OSC 52; none says whether it did."""

from __future__ import annotations

from collections.abc import Mapping

WITHOUT = ("linux", "vt", "ansi", "dumb")
"""Beginnings of TERM where nobody takes OSC 52, and some print it."""


def takes_clipboard(environ: Mapping[str, str]) -> bool:
    """False for Apple's Terminal, the console of Linux, real terminals and GNU screen, which keep it to themselves."""
    if environ.get("TERM_PROGRAM") == "Apple_Terminal" or environ.get("STY"):
        return False
    return not environ.get("TERM", "").startswith(WITHOUT)
