"""Whether there is a terminal that the studio can be shown on."""

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
