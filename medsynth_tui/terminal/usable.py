"""Whether there is a terminal that the studio can be shown on, and what it must not be told from outside."""

from __future__ import annotations

import os
import sys


def unusable_terminal() -> str:
    """Why the studio cannot be shown here, with the way out; nothing when it can."""
    if not sys.stdin.isatty() or not (sys.stderr.isatty() or sys.stdout.isatty()):
        return "The studio needs a terminal. Every function is also a command: medsynth --help"
    if os.environ.get("TERM", "") in ("", "dumb", "unknown"):
        return "TERM is unset or dumb: the studio needs more. Every function is also a command: medsynth --help"
    return ""


def scrub() -> None:
    """Call before Textual is imported: its variables log what is typed, write screens to files, type keys, load code.

    A person's own choices (`NO_COLOR`, `TERM`, `COLORTERM`, the locale) stay.
    """
    for name in [name for name in os.environ if name.startswith("TEXTUAL")]:
        del os.environ[name]
