"""What `--help` shows below the options: examples that can be copied into a shell, and for the whole program the rest.

Typer would flow an epilog together into one paragraph; a command line has to keep its lines.
"""

from __future__ import annotations

import re
import textwrap
from typing import Any

from typer.core import TyperCommand, TyperGroup

WIDTH = 76
"""Of an example: in a terminal of 80 columns it is indented by two."""
WORD = r"""(?:[^\s"']|"[^"]*"|'[^']*')+"""
TOGETHER = re.compile(rf"-{WORD}\s+(?!-){WORD}|{WORD}")
"""What stays on one line: a word, or an option and its value."""
ENVIRONMENT = (
    ("MEDSYNTH_HOME", "The folder of the store."),
    ("MEDSYNTH_RUNS", "Another folder for trainings, also on a shared file system."),
    ("MEDSYNTH_DATABASE_URL", "The PostgreSQL database that holds the ledger."),
    ("MEDSYNTH_OUTBOX", "Where goes what the gate lets out."),
    ("MEDSYNTH_THREADS", "How many threads computing takes; without it all."),
    ("LOW_RESOURCE_MODE", "true: half the batch, half the default length, 4 GB at most."),
    ("NO_COLOR", "No colours."),
)
EXIT_CODES = (
    ("0", "done"),
    ("1", "unexpected; says where the log lies"),
    ("2", "wrong usage"),
    ("3", "not logged in, or not permitted"),
    ("4", "bad input"),
    ("5", "refused by the gate"),
    ("6", "no such thing"),
    ("7", "busy or locked"),
    ("8", "no room: disk or memory"),
    ("9", "a check failed"),
    ("130", "interrupted"),
)


def folded(example: str) -> list[str]:
    """One example as lines of a shell, none longer than `WIDTH`; one that begins with `#` says what the next does."""
    if example.startswith("#"):
        return textwrap.wrap(example, WIDTH, subsequent_indent="# ")
    lines: list[str] = []
    line = ""
    for word in TOGETHER.findall(example):
        if line and len(line) + 1 + len(word) > WIDTH - 2:  # " \" needs room
            lines.append(f"{line} \\")
            line = f"  {word}"
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line]


def write_examples(epilog: str | None, formatter: Any) -> None:
    """`epilog` holds an example a line."""
    if not epilog:
        return
    with formatter.section("Examples"):
        for example in epilog.splitlines():
            for line in folded(example):
                formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


class Explained(TyperCommand):
    """A command whose help ends with its examples."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        write_examples(self.epilog, formatter)


class ExplainedGroup(TyperGroup):
    """A noun whose help ends with examples of its verbs."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        write_examples(self.epilog, formatter)


def write_whole(epilog: str | None, formatter: Any) -> None:
    """What the program's own help says besides: examples, the environment, exit codes, where more is written."""
    write_examples(epilog, formatter)
    for title, rows in (("Environment", ENVIRONMENT), ("Exit codes", EXIT_CODES)):
        with formatter.section(title):
            formatter.write_dl(rows)
    with formatter.section("More"):
        formatter.write_text(
            "docs/ of the checkout; of an environment into which it was installed: share/doc/medsynth/docs."
        )
