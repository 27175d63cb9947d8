"""Where sentences and tables go. Imported only when there is something to show: rich is not needed for --help."""

from __future__ import annotations

import os
import sys

from rich.console import Console


class PatientConsole(Console):
    """A console whose reader may leave early (`medsynth audit list | head`): that is no failure of ours."""

    def on_broken_pipe(self) -> None:
        silence_stdout()


def silence_stdout() -> None:
    """Nobody reads any more: what follows goes nowhere, and the command ends as it would have ended."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def open_console(stderr: bool, plain: bool) -> Console:
    return PatientConsole(stderr=stderr, highlight=False, emoji=False, no_color=True if plain else None)
