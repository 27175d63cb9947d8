"""Reading a line of a page as a shell and the command line would, without doing what it says."""

from __future__ import annotations

import shlex
from itertools import groupby, takewhile
from typing import Any

BETWEEN = {"&&", "||", ";", "|"}
REDIRECTS = {"<", ">", ">>"}


def taken(line: str, tree: Any) -> int:
    """How many commands of `medsynth` this line of a shell holds; raises what one would complain of, does nothing."""
    words = shlex.shlex(line, posix=True, punctuation_chars=";<>|&")
    words.whitespace_split = True
    count = 0
    for apart, part in groupby(words, BETWEEN.__contains__):
        program, *rest = takewhile(lambda word: word not in REDIRECTS, part)
        if not apart and program == "medsynth":
            _read(rest, tree)
            count += 1
    return count


def _read(words: list[str], command: Any) -> None:
    while words and hasattr(command, "commands"):
        command = command.commands[words[0]]
        words = words[1:]
    if not hasattr(command, "commands"):
        command.make_context(command.name, list(words))
